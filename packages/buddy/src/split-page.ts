import { BLOCK_ORDER_SHIFT, PageFlag } from '@mm/memory';
import { KernelBug } from '@mm/printk';

import { checkBlock, slotToFree } from './check-arguments.js';
import type { PageAllocator } from './page-allocator.js';

/**
 * Makes single pages of a block: each gets a reference of its own and is freed by itself.
 *
 * @param pfn the first page of a block that is not compound.
 * @throws OptionError when the arguments name no block; KernelBug when the block is compound or has no
 * reference.
 * @example
 * splitPage(pages, pfn, 2);
 * for (let i = 0; i < 4; i++) freePages(ctx, pages, pfn + i, 0);
 * @see linux 6.1 mm/page_alloc.c split_page
 */
export function splitPage(pages: PageAllocator, pfn: number, order: number): void {
  checkBlock(pages, pfn, order);
  const frames = pages.frames;
  const slot = slotToFree(pages, pfn, order);
  if ((frames.flags[slot]! & (PageFlag.head | PageFlag.tail)) !== 0)
    throw new KernelBug('split_page of a compound page', { pfn });
  if (frames.refcount[slot] === 0) throw new KernelBug('split_page of a page without reference', { pfn });
  frames.flags[slot]! &= ~(15 << BLOCK_ORDER_SHIFT);
  for (let at = slot + 1, end = slot + (1 << order); at < end; at++) {
    frames.refcount[at] = 1;
    frames.flags[at] = PageFlag.allocated;
  }
}
