import { checkInteger } from '@mm/printk';

import { checkAllocator, checkType } from './check-arguments.js';
import type { PageAllocator } from './page-allocator.js';
import { blockTypeOf as typeOf, setBlockType as setType } from './pageblocks.js';

/**
 * The migrate type of the pageblock of `pfn`.
 *
 * @throws OptionError for what is no PageAllocator or no page frame below the end of its memory.
 * @example
 * blockTypeOf(pages, pfn) === MigrateType.MOVABLE;
 * @see linux 6.1 mm/page_alloc.c get_pfnblock_migratetype
 */
export function blockTypeOf(pages: PageAllocator, pfn: number): number {
  return typeOf(pages, checkSpanned(pages, pfn));
}

/**
 * Sets the migrate type of the pageblock of `pfn`. Its free blocks stay on the lists they are on.
 *
 * @throws OptionError for what is no PageAllocator, no page frame below the end of its memory or no migrate type.
 * @example
 * setBlockType(pages, 4096, MigrateType.CMA);
 * @see linux 6.1 mm/page_alloc.c set_pageblock_migratetype
 */
export function setBlockType(pages: PageAllocator, pfn: number, type: number): void {
  setType(pages, checkSpanned(pages, pfn), checkType(type));
}

/** Pageblocks may begin in a hole, so there need not be memory at `pfn`. */
const checkSpanned = (pages: PageAllocator, pfn: number): number =>
  checkInteger('pfn', pfn, 0, checkAllocator(pages).frames.map.endPfn - 1);
