import type { PageAllocator } from '@mm/buddy';
import { allocPages, freePages } from '@mm/buddy/stepped';
import { PageFlag, type PhysAddr, compoundOrder } from '@mm/memory';
import { type Context, type Steps, read, rmw, write } from '@mm/steps/stepped';

import {
  PAGE_FRAG_CACHE_MAX_ORDER,
  PAGE_FRAG_CACHE_MAX_SIZE,
  type PageFragCache,
  checkFragment,
  checkFragmentAt,
} from '../page-frag-cache.js';

/** Added for the large block: compound, no warning, no retry, no memory reserves. @see linux 6.1 mm/page_alloc.c __page_frag_cache_refill */
const GFP_LARGE = 0x40000 | 0x2000 | 0x10000 | 0x80000;
/** The cache keeps 16 bits of its offset. */
const OFFSET_MASK = 0xffff;
const BIAS = PAGE_FRAG_CACHE_MAX_SIZE + 1;

/**
 * A fragment of `sizeBytes`, at the end of what is left of the current block; then the end is masked with
 * `alignMask` (-1 for none, -align for a power of two). A block whose fragments are all free again is
 * used again, and is not zeroed then, whatever `gfp` says. What is left is a signed number of 32 bits: a size above 2^31 + 32 KiB is
 * negative there, and gives an address behind the block.
 *
 * @returns the physical address, or `null` without memory, and for a fragment larger than the block.
 * @throws OptionError for sizes that are no integer in 0..2^32 - 1, and what is no flags or no mask.
 * @example
 * const addr = pageFragAllocAlign(ctx, cache, 1024, GFP_KERNEL, -1024);
 * @see linux 6.1 mm/page_alloc.c page_frag_alloc_align
 */
export function* pageFragAllocAlign(
  ctx: Context,
  cache: PageFragCache,
  sizeBytes: number,
  gfp: number,
  alignMask: number,
): Steps<PhysAddr | null> {
  checkFragment(sizeBytes, gfp, alignMask);
  yield read(cache.cell);
  if (cache.pfn < 0 && !(yield* refill(ctx, cache, gfp))) return null;
  let offset = (cache.offset - sizeBytes) | 0;
  while (offset < 0) {
    const { frames } = cache.pages;
    const slot = frames.slotOf(cache.pfn);
    yield rmw(cache.pages.refcountCell + (slot & 255));
    frames.refcount[slot]! -= cache.pagecntBias;
    if (frames.refcount[slot] !== 0) {
      if (!(yield* refill(ctx, cache, gfp))) return null;
      offset = (cache.offset - sizeBytes) | 0;
      continue;
    }
    // Nobody else refers to the block: it is used again.
    frames.refcount[slot] = BIAS;
    yield write(cache.cell);
    cache.pagecntBias = BIAS;
    offset = (cache.size - sizeBytes) | 0;
    if (offset < 0) return null;
  }
  yield write(cache.cell);
  cache.pagecntBias--;
  offset &= alignMask;
  cache.offset = offset & OFFSET_MASK;
  return (cache.pfn * 4096 + offset) as PhysAddr;
}

/**
 * As {@link pageFragAllocAlign} without alignment.
 *
 * @example
 * const addr = pageFragAlloc(ctx, cache, 700, GFP_ATOMIC);
 * @see linux 6.1 include/linux/gfp.h page_frag_alloc
 */
export function* pageFragAlloc(
  ctx: Context,
  cache: PageFragCache,
  sizeBytes: number,
  gfp: number,
): Steps<PhysAddr | null> {
  return yield* pageFragAllocAlign(ctx, cache, sizeBytes, gfp, -1);
}

/** A new block: order 3, or a single page when there is none. @see linux 6.1 mm/page_alloc.c __page_frag_cache_refill */
function* refill(ctx: Context, cache: PageFragCache, gfp: number): Steps<boolean> {
  const { pages } = cache;
  let pfn = yield* allocPages(ctx, pages, gfp | GFP_LARGE, PAGE_FRAG_CACHE_MAX_ORDER);
  const size = pfn === null ? 4096 : PAGE_FRAG_CACHE_MAX_SIZE;
  if (pfn === null) pfn = yield* allocPages(ctx, pages, gfp, 0);
  yield write(cache.cell);
  cache.size = size;
  cache.pfn = pfn ?? -1;
  if (pfn === null) return false;
  const slot = pages.frames.slotOf(pfn);
  yield rmw(pages.refcountCell + (slot & 255));
  pages.frames.refcount[slot]! += PAGE_FRAG_CACHE_MAX_SIZE;
  cache.pagecntBias = BIAS;
  cache.offset = size;
  return true;
}

/**
 * Frees a fragment by its address, which may lie anywhere in it. The block goes back to the page allocator
 * with the last reference.
 *
 * @throws OptionError when there is no memory at `addr`.
 * @example
 * pageFragFree(ctx, pages, addr);
 * @see linux 6.1 mm/page_alloc.c page_frag_free
 */
export function* pageFragFree(ctx: Context, pages: PageAllocator, addr: number): Steps<void> {
  checkFragmentAt(pages, addr);
  const { frames } = pages;
  let slot = frames.slotOf(Math.floor(addr / 4096));
  if ((frames.flags[slot]! & PageFlag.tail) !== 0) slot = frames.next[slot]!;
  yield* freePages(ctx, pages, frames.pfnOf(slot), compoundOrder(frames.flags[slot]!));
}

/**
 * Gives up the references that a cache still holds on a block.
 * @example
 * pageFragCacheDrain(ctx, cache);
 * @see linux 6.1 mm/page_alloc.c __page_frag_cache_drain
 */
export function* pageFragCacheDrain(ctx: Context, cache: PageFragCache): Steps<void> {
  yield read(cache.cell);
  if (cache.pfn < 0) return;
  const { pages, pfn } = cache;
  const { frames } = pages;
  const slot = frames.slotOf(pfn);
  yield rmw(pages.refcountCell + (slot & 255));
  // All but one, which freePages drops.
  frames.refcount[slot]! -= cache.pagecntBias - 1;
  cache.pfn = -1;
  cache.pagecntBias = 0;
  yield* freePages(ctx, pages, pfn, compoundOrder(frames.flags[slot]!));
}
