import { KernelBug, checkFlags, checkInteger } from '@mm/printk';

import { checkArch } from './check-arguments.js';
import type { SlabArch } from './slab-arch.js';
import { SLAB_HWCACHE_ALIGN } from './slab-flags.js';

/**
 * `value` rounded up to a multiple of `align`, a power of two. As the kernel's ALIGN where `align` is none.
 *
 * @throws OptionError for what is no integer from 0.
 * @example
 * alignUp(100, 8); // 104
 */
export const alignUp = (value: number, align: number): number => {
  const mask = checkInteger('align', align, 0, Number.MAX_SAFE_INTEGER) - 1;
  checkInteger('value', value, 0, Number.MAX_SAFE_INTEGER);
  // Sizes reach 2^31 and their sum with a mask 2^32; the kernel's type is an unsigned int.
  return ((value + mask) & ~mask) >>> 0;
};

/**
 * The alignment of a cache's objects, bytes: what was asked for, at least a pointer, for SLAB_HWCACHE_ALIGN a cache line
 * or the least power-of-two part of one that holds an object.
 *
 * @param align as asked for; 0 for none. A value that is no power of two is kept as it is.
 * @throws KernelBug for SLAB_HWCACHE_ALIGN with size 0, where the kernel loops for ever.
 * @throws OptionError for what is no architecture, flags, alignment or size.
 * @example
 * calculateAlignment(arch, SLAB_HWCACHE_ALIGN, 0, 24); // 32
 * @see linux 6.1 mm/slab_common.c calculate_alignment
 */
export function calculateAlignment(arch: SlabArch, flags: number, align: number, size: number): number {
  checkArch(arch);
  checkFlags('flags', flags);
  checkInteger('align', align, 0, Number.MAX_SAFE_INTEGER);
  checkInteger('size', size, 0, Number.MAX_SAFE_INTEGER);
  let wanted = align;
  if ((flags & SLAB_HWCACHE_ALIGN) !== 0) {
    if (size === 0) throw new KernelBug('soft lockup: alignment of objects of size 0');
    let line = arch.cacheLineBytes;
    while (size <= line / 2) line /= 2;
    wanted = Math.max(wanted, line);
  }
  wanted = Math.max(wanted, arch.slabMinAlign);
  return alignUp(wanted, arch.pointerBytes);
}
