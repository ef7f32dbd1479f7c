import { type PhysAddr, pfnToAddr } from '@mm/memory';
import type { Context, Steps } from '@mm/steps/stepped';

import { checkGfp, pfnOfAddr } from '../check-arguments.js';
import { GfpBit } from '../gfp-bits.js';
import type { PageAllocator } from '../page-allocator.js';
import { allocPages } from './alloc-pages.js';
import { freePages } from './free-pages.js';

/**
 * Allocates a block of 2^order pages by address. Never from high memory.
 *
 * @returns the physical address of the block (the kernel's own, virtual one is this plus PAGE_OFFSET),
 * or `null`.
 * @throws OptionError as `allocPages`.
 * @example
 * const addr = getFreePages(ctx, pages, GFP_KERNEL, 0);
 * @see linux 6.1 mm/page_alloc.c __get_free_pages
 */
export function* getFreePages(
  ctx: Context,
  pages: PageAllocator,
  gfp: number,
  order: number,
): Steps<PhysAddr | null> {
  checkGfp(gfp);
  const pfn = yield* allocPages(ctx, pages, gfp & ~GfpBit.HIGHMEM, order);
  return pfn === null ? null : pfnToAddr(pfn);
}

/**
 * Allocates one page of zeroes by address.
 *
 * @throws OptionError as `allocPages`.
 * @example
 * const addr = getZeroedPage(ctx, pages, GFP_KERNEL);
 * @see linux 6.1 mm/page_alloc.c get_zeroed_page
 */
export function* getZeroedPage(ctx: Context, pages: PageAllocator, gfp: number): Steps<PhysAddr | null> {
  checkGfp(gfp);
  return yield* getFreePages(ctx, pages, gfp | GfpBit.ZERO, 0);
}

/**
 * Frees a block by address; `null` is nothing to free.
 *
 * @throws OptionError when `addr` is not the address of a page; as `freePages` otherwise.
 * @example
 * freePagesAt(ctx, pages, addr, 0);
 * @see linux 6.1 mm/page_alloc.c free_pages
 */
export function* freePagesAt(
  ctx: Context,
  pages: PageAllocator,
  addr: PhysAddr | null,
  order: number,
): Steps<void> {
  if (addr === null) return;
  yield* freePages(ctx, pages, pfnOfAddr(pages, addr), order);
}
