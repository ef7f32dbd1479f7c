import { PAGE_SHIFT, PAGE_SIZE, type PhysAddr, pfnToAddr } from '@mm/memory';
import type { Context, Steps } from '@mm/steps/stepped';

import { checkGfp, checkPages, checkSize, pfnOfAddr } from '../check-arguments.js';
import { GfpBit } from '../gfp-bits.js';
import type { PageAllocator } from '../page-allocator.js';
import { splitPage } from '../split-page.js';
import { warnOnce } from '../warn-once.js';
import { allocPages } from './alloc-pages.js';
import { freePages, freeSlotToTail } from './free-pages.js';

/**
 * Allocates just the pages that `sizeBytes` needs, contiguous: a block of the next power of two whose
 * pages beyond the size are given back at once.
 *
 * @param sizeBytes from 1; more than 4 MiB is answered with a warning in the log and `null`.
 * @returns the physical address of the first page, or `null`.
 * @throws OptionError when `sizeBytes` is not a positive integer, or `gfp` no flags.
 * @example
 * const addr = allocPagesExact(ctx, pages, 5 * 4096, GFP_KERNEL);
 * @see linux 6.1 mm/page_alloc.c alloc_pages_exact, make_alloc_exact
 */
export function* allocPagesExact(
  ctx: Context,
  pages: PageAllocator,
  sizeBytes: number,
  gfp: number,
): Steps<PhysAddr | null> {
  checkSize(sizeBytes);
  checkGfp(gfp);
  const count = Math.ceil(sizeBytes / PAGE_SIZE);
  const order = Math.ceil(Math.log2(count));
  const odd = gfp & (GfpBit.COMP | GfpBit.HIGHMEM);
  if (odd !== 0) warnOnce(pages, 'mm/page_alloc.c:5930 alloc_pages_exact');
  const pfn = yield* allocPages(ctx, pages, gfp & ~odd, order);
  if (pfn === null) return null;
  const slot = pages.frames.slotOf(pfn);
  splitPage(pages, pfn, order);
  for (let i = count; i < 1 << order; i++) {
    pages.frames.refcount[slot + i] = 0;
    yield* freeSlotToTail(ctx, pages, slot + i);
  }
  return pfnToAddr(pfn);
}

/**
 * Frees what {@link allocPagesExact} returned, page by page.
 *
 * @throws OptionError when `addr` is not the address of a page or `sizeBytes` is not a positive integer that ends in memory.
 * @example
 * freePagesExact(ctx, pages, addr, 5 * 4096);
 * @see linux 6.1 mm/page_alloc.c free_pages_exact
 */
export function* freePagesExact(
  ctx: Context,
  pages: PageAllocator,
  addr: PhysAddr,
  sizeBytes: number,
): Steps<void> {
  checkSize(sizeBytes);
  const first = pfnOfAddr(pages, addr);
  const count = Math.ceil(sizeBytes / 2 ** PAGE_SHIFT);
  checkPages(pages, first, count);
  for (let i = 0; i < count; i++) yield* freePages(ctx, pages, first + i, 0);
}
