import { OptionError, checkBoolean } from '@mm/printk';
import { __GFP_DMA, __GFP_RECLAIMABLE } from '@mm/zones';

import { checkArch, checkGfp } from './check-arguments.js';
import type { SlabArch } from './slab-arch.js';
import { SLAB_CACHE_DMA, SLAB_KMALLOC, SLAB_RECLAIM_ACCOUNT } from './slab-flags.js';

/** The kinds of kmalloc caches. @see linux 6.1 include/linux/slab.h enum kmalloc_cache_type */
export const KmallocType = { normal: 0, reclaim: 1, dma: 2 } as const;
/** The kinds of kmalloc caches. */
export type KmallocType = (typeof KmallocType)[keyof typeof KmallocType];

/** Largest size that a cache serves; above it kmalloc takes whole pages. Bytes. */
export const KMALLOC_MAX_CACHE_SIZE = 8192;
/** Largest size of all: a block of the top order. Bytes. */
export const KMALLOC_MAX_SIZE: number = 4 * 2 ** 20;
/** Classes of a kind, by index: 1 is 96 bytes, 2 is 192, n is 2^n. Index 0 is none. */
export const KMALLOC_CLASSES = 14;
/** What `kmalloc(0)` answers. It is no memory. */
export const ZERO_SIZE_PTR = 16;

/** Bytes of the class. */
export const kmallocClassSize = (index: number): number =>
  index === 1 ? 96 : index === 2 ? 192 : 1 << index;

/**
 * The class that serves `size`, 1..8192 bytes.
 *
 * @throws OptionError for what is no architecture, no such size, and neither true nor false.
 * @example
 * kmallocIndex(arch, 100); // 7: kmalloc-128
 * @see linux 6.1 mm/slab_common.c kmalloc_slab
 */
export function kmallocIndex(arch: SlabArch, size: number, isSlab = false): number {
  const least = kmallocMinSize(arch, isSlab);
  // On the way of every kmalloc: by a mask, where a test of its type would be a call.
  if (typeof size !== 'number' || (size & 0x3fff) !== size || size === 0 || size > KMALLOC_MAX_CACHE_SIZE)
    throw new OptionError('size', `an integer of 1 to ${KMALLOC_MAX_CACHE_SIZE}`, size);
  if (size <= least) return Math.log2(least);
  if (size > 64 && size <= 96 && least <= 32) return 1;
  if (size > 128 && size <= 192 && least <= 64) return 2;
  return 32 - Math.clz32(size - 1);
}

/**
 * Bytes of the smallest class: SLAB has none below 32.
 *
 * @throws OptionError for what is no architecture, and what is neither true nor false.
 * @example
 * kmallocMinSize(SLAB_ARCH_X86_64, true); // 32
 */
export function kmallocMinSize(arch: SlabArch, isSlab = false): number {
  checkBoolean('isSlab', isSlab);
  // The one field that counts, as it is read on the way of every kmalloc.
  const align = (arch as SlabArch | null | undefined)?.kmallocMinAlign;
  if (typeof align !== 'number')
    throw new OptionError('arch', 'an architecture, as slabArchOf() returns it', arch);
  return Math.max(isSlab ? 32 : 8, align);
}

/**
 * Which kind of cache serves these flags. `hasZoneDma`: ZONE_DMA is configured; else GFP_DMA changes nothing.
 *
 * @throws OptionError for what is no flags, and neither true nor false.
 * @example
 * kmallocType(__GFP_DMA, true) === KmallocType.dma;
 * @see linux 6.1 include/linux/slab.h kmalloc_type
 */
export function kmallocType(gfp: number, hasZoneDma: boolean): KmallocType {
  checkGfp(gfp);
  checkBoolean('hasZoneDma', hasZoneDma);
  if ((gfp & __GFP_DMA) !== 0 && hasZoneDma) return KmallocType.dma;
  return (gfp & __GFP_RECLAIMABLE) === 0 ? KmallocType.normal : KmallocType.reclaim;
}

const PREFIX = ['kmalloc', 'kmalloc-rcl', 'dma-kmalloc'] as const;
const FLAGS = [0, SLAB_RECLAIM_ACCOUNT, SLAB_CACHE_DMA] as const;

/** A kmalloc cache as the boot makes it. */
export interface KmallocClass {
  readonly type: KmallocType;
  readonly index: number;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** SLAB_* flags. */
  readonly flags: number;
}

/**
 * The kmalloc caches in the order in which the boot makes them.
 *
 * @throws OptionError for what is no architecture, and neither true nor false.
 * @example
 * kmallocClasses(arch, true).map(({ name }) => name);
 * @see linux 6.1 mm/slab_common.c create_kmalloc_caches
 */
export function kmallocClasses(arch: SlabArch, hasZoneDma: boolean, isSlab = false): KmallocClass[] {
  checkArch(arch);
  checkBoolean('hasZoneDma', hasZoneDma);
  const low = Math.log2(kmallocMinSize(arch, isSlab));
  const classes: KmallocClass[] = [];
  const add = (type: KmallocType, index: number): void => {
    const size = kmallocClassSize(index);
    const label = size >= 1024 ? `${size / 1024}k` : `${size}`;
    classes.push({ type, index, name: `${PREFIX[type]}-${label}`, size, flags: FLAGS[type] | SLAB_KMALLOC });
  };
  for (const type of hasZoneDma ? ([0, 1, 2] as const) : ([0, 1] as const))
    for (let index = low; index < KMALLOC_CLASSES; index++) {
      add(type, index);
      if (index === 6 && low <= 5) add(type, 1);
      if (index === 7 && low <= 6) add(type, 2);
    }
  return classes;
}
