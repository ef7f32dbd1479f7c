import { AllocFlag } from './alloc-flags.js';
import { GFP_MOVABLE_SHIFT, GfpBit } from './gfp-bits.js';
import { MigrateType } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';

/** The migrate type that an allocation belongs to, 0..3. @see linux 6.1 include/linux/gfp.h gfp_migratetype */
export const typeOfGfp = (pages: PageAllocator, gfp: number): number =>
  pages.groupByMobilityDisabled ? MigrateType.UNMOVABLE : (gfp >> GFP_MOVABLE_SHIFT) & 3;

/** CMA blocks serve movable allocations. @see linux 6.1 mm/page_alloc.c gfp_to_alloc_flags_cma */
const cmaFlag = (pages: PageAllocator, type: number): number =>
  pages.cma && type === MigrateType.MOVABLE ? AllocFlag.cma : 0;

/**
 * Flags of the second attempt: keeps the min watermark, and takes from the reserves what the caller
 * has a right to.
 * @see linux 6.1 mm/page_alloc.c gfp_to_alloc_flags
 */
export function slowAllocFlags(pages: PageAllocator, gfp: number, order: number, type: number): number {
  let flags = AllocFlag.wmarkMin | (gfp & (GfpBit.HIGH | GfpBit.KSWAPD_RECLAIM)) | cmaFlag(pages, type);
  if ((gfp & GfpBit.ATOMIC) !== 0) flags |= AllocFlag.atomic;
  if ((gfp & GfpBit.DIRECT_RECLAIM) === 0 && (gfp & GfpBit.NOMEMALLOC) === 0) {
    flags |= AllocFlag.nonBlock;
    if (order > 0 && (flags & AllocFlag.minReserve) !== 0) flags |= AllocFlag.highatomic;
  }
  return flags;
}

/** Flags for callers that may use all of memory, or 0. @see linux 6.1 mm/page_alloc.c __gfp_pfmemalloc_flags */
export function memallocFlags(pages: PageAllocator, gfp: number, type: number): number {
  if ((gfp & GfpBit.NOMEMALLOC) !== 0 || (gfp & GfpBit.MEMALLOC) === 0) return 0;
  return AllocFlag.noWatermarks | cmaFlag(pages, type) | (gfp & GfpBit.KSWAPD_RECLAIM);
}
