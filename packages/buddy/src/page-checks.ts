import { PageFlag } from '@mm/memory';

import { reportBadPage } from './bad-page.js';
import type { PageAllocator } from './page-allocator.js';

/** Flags that no page may have when it is given back. @see linux 6.1 include/linux/page-flags.h PAGE_FLAGS_CHECK_AT_FREE */
export const CHECK_AT_FREE: number =
  PageFlag.lru |
  PageFlag.locked |
  PageFlag.private |
  PageFlag.writeback |
  PageFlag.reserved |
  PageFlag.slab |
  PageFlag.active;

/** Bits that stand for a page's mapcount or page type, which must be unset. */
export const PAGE_TYPE_BITS: number = PageFlag.buddy;

/** Every flag bit that must be unset when a page is taken, but for the page type. */
export const CHECK_AT_PREP = 0x1ffff;

const FREE_BITS = CHECK_AT_FREE | PAGE_TYPE_BITS | PageFlag.pcp;
const PREP_BITS = CHECK_AT_PREP | PAGE_TYPE_BITS | PageFlag.tail;

/**
 * Whether a page is fit to be free; reports it when not.
 * @see linux 6.1 mm/page_alloc.c free_page_is_bad
 */
export function isBadToFree(pages: PageAllocator, slot: number): boolean {
  const frames = pages.frames;
  if ((frames.flags[slot]! & FREE_BITS) === 0 && frames.refcount[slot] === 0) return false;
  reportBadPage(pages, slot, CHECK_AT_FREE, 'PAGE_FLAGS_CHECK_AT_FREE flag(s) set');
  return true;
}

/**
 * Whether any page of a block on its way out is not as a free page should be; reports the first.
 * @see linux 6.1 mm/page_alloc.c check_new_pages
 */
export function anyBadToTake(pages: PageAllocator, slot: number, order: number): boolean {
  if (!pages.checkPages) return false;
  const { flags, refcount } = pages.frames;
  const end = slot + (1 << order);
  let bits = 0;
  for (let at = slot; at < end; at++) bits |= (flags[at]! & PREP_BITS) | refcount[at]!;
  if (bits === 0) return false;
  for (let at = slot; at < end; at++) {
    if ((flags[at]! & PREP_BITS) === 0 && refcount[at] === 0) continue;
    reportBadPage(pages, at, CHECK_AT_PREP, 'PAGE_FLAGS_CHECK_AT_PREP flag set');
    return true;
  }
  return true;
}
