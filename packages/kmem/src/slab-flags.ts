import { checkFlags } from '@mm/printk';

// The kernel's values. @see linux 6.1 include/linux/slab.h

/** Check objects at every allocation and free. */
export const SLAB_CONSISTENCY_CHECKS = 0x100;
/** Guard bytes around each object. */
export const SLAB_RED_ZONE = 0x400;
/** Fill free objects with a pattern. */
export const SLAB_POISON = 0x800;
/** A cache of kmalloc. */
export const SLAB_KMALLOC = 0x1000;
/** Align objects to cache lines. */
export const SLAB_HWCACHE_ALIGN = 0x2000;
/** Objects lie in ZONE_DMA. */
export const SLAB_CACHE_DMA = 0x4000;
/** Objects lie in ZONE_DMA32 or below. */
export const SLAB_CACHE_DMA32 = 0x8000;
/** Keep who allocated and who freed each object. */
export const SLAB_STORE_USER = 0x10000;
/** Objects can be reclaimed; their pages count so. */
export const SLAB_RECLAIM_ACCOUNT = 0x20000;
/** Panic when the cache cannot be made. */
export const SLAB_PANIC = 0x40000;
/** Pages go back after a grace period, so that readers may still look at freed objects. */
export const SLAB_TYPESAFE_BY_RCU = 0x80000;
/** Spread pages over memory nodes. */
export const SLAB_MEM_SPREAD = 0x100000;
/** Report every allocation and free. */
export const SLAB_TRACE = 0x200000;
/** Not to be searched for leaks. */
export const SLAB_NOLEAKTRACE = 0x800000;
/** Allocations may be made to fail. Nobody may ask for it: `slub_debug=A` sets it. */
export const SLAB_FAILSLAB = 0x2000000;
/** Boot parameters do not add flags. */
export const SLAB_NO_USER_FLAGS = 0x10000000;

/** Of SLUB's own: free objects are poisoned. */
export const OBJECT_POISON = 0x80000000;
/** Of SLUB's own: free list and counters of a slab change in one compare-exchange. */
export const CMPXCHG_DOUBLE = 0x40000000;
/** Of SLAB's own: the index list of free objects lies in another cache. */
export const CFLGS_OFF_SLAB = 0x80000000;
/** Of SLAB's own: the index list of free objects lies in a free object. */
export const CFLGS_OBJFREELIST_SLAB = 0x40000000;

/** Flags of debugging that keep metadata beside objects. @see linux 6.1 mm/slub.c DEBUG_METADATA_FLAGS */
export const DEBUG_METADATA_FLAGS = 0x10c00;
/** All flags of debugging: consistency, red zone, poison, tracking, tracing. */
export const SLAB_DEBUG_FLAGS = 0x210d00;
/** A cache with one of these is never merged with another. @see linux 6.1 mm/slab_common.c SLAB_NEVER_MERGE */
export const SLAB_NEVER_MERGE = 0x2a90c00;
/** Caches that differ in one of these are never merged. @see linux 6.1 mm/slab_common.c SLAB_MERGE_SAME */
export const SLAB_MERGE_SAME = 0x2c000;

const NAMES: ReadonlyArray<readonly [number, string]> = [
  [SLAB_CONSISTENCY_CHECKS, 'SLAB_CONSISTENCY_CHECKS'],
  [SLAB_RED_ZONE, 'SLAB_RED_ZONE'],
  [SLAB_POISON, 'SLAB_POISON'],
  [SLAB_KMALLOC, 'SLAB_KMALLOC'],
  [SLAB_HWCACHE_ALIGN, 'SLAB_HWCACHE_ALIGN'],
  [SLAB_CACHE_DMA, 'SLAB_CACHE_DMA'],
  [SLAB_CACHE_DMA32, 'SLAB_CACHE_DMA32'],
  [SLAB_STORE_USER, 'SLAB_STORE_USER'],
  [SLAB_RECLAIM_ACCOUNT, 'SLAB_RECLAIM_ACCOUNT'],
  [SLAB_PANIC, 'SLAB_PANIC'],
  [SLAB_TYPESAFE_BY_RCU, 'SLAB_TYPESAFE_BY_RCU'],
  [SLAB_MEM_SPREAD, 'SLAB_MEM_SPREAD'],
  [SLAB_TRACE, 'SLAB_TRACE'],
  [SLAB_NOLEAKTRACE, 'SLAB_NOLEAKTRACE'],
  [SLAB_FAILSLAB, 'SLAB_FAILSLAB'],
  [SLAB_NO_USER_FLAGS, 'SLAB_NO_USER_FLAGS'],
];

/**
 * SLAB_* flags in words; bits without a name as one hexadecimal number.
 *
 * @throws OptionError for what is no integer of 32 bits.
 * @example
 * formatSlabFlags(SLAB_CACHE_DMA32 | SLAB_PANIC); // 'SLAB_CACHE_DMA32|SLAB_PANIC'
 */
export function formatSlabFlags(flags: number): string {
  let rest = checkFlags('flags', flags) >>> 0;
  const words: string[] = [];
  for (const [bit, name] of NAMES)
    if ((rest & bit) !== 0) {
      words.push(name);
      rest = (rest & ~bit) >>> 0;
    }
  if (rest !== 0) words.push(`0x${rest.toString(16)}`);
  return words.length === 0 ? '0' : words.join('|');
}
