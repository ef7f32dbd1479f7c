import { PageFlag, type PageFrames } from '@mm/memory';

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

/** Every flag of the kernel's that must be unset when a page is taken. */
export const CHECK_AT_PREP = 0x1ffff;

// A page that heads a free block has a page type, which is its mapcount; one that is the tail of a block has a mapping.
const FREE_BITS = CHECK_AT_FREE | PageFlag.buddy | PageFlag.tail;

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
 * Whether a frame in [from, end) has flags: none has when all are as free pages should be.
 * Eight at a time, two in a number: 0.2 ns a page and not 0.6.
 */
export function anyFlags({ flags, flagPairs }: PageFrames, from: number, end: number): boolean {
  let bits = (from & 1) === 0 ? 0 : flags[from]!;
  if ((end & 1) !== 0) bits |= flags[end - 1]!;
  let at = ((from + 1) >> 1) | 0;
  const last = end >> 1;
  let sum = 0;
  for (const stop = last - 3; at < stop; at = (at + 4) | 0)
    sum += flagPairs[at]! + flagPairs[at + 1]! + (flagPairs[at + 2]! + flagPairs[at + 3]!);
  for (; at < last; at = (at + 1) | 0) sum += flagPairs[at]!;
  return bits !== 0 || sum !== 0;
}

/** As {@link anyFlags}, of all frames but the first of a block of order 1..3, in one piece. */
export function anyTailFlags({ flags, flagPairs }: PageFrames, slot: number, order: number): boolean {
  const at = slot >> 1;
  let sum = flags[slot | 1]!;
  if (order > 1) sum += flagPairs[at | 1]!;
  if (order > 2) sum += flagPairs[at | 2]! + flagPairs[at | 3]!;
  return sum !== 0;
}

/**
 * Whether any page of a block on its way out is not as a free page should be; reports the first.
 * @see linux 6.1 mm/page_alloc.c check_new_pages
 */
export function anyBadToTake(pages: PageAllocator, slot: number, order: number): boolean {
  if (!pages.checkPages) return false;
  const { flags } = pages.frames;
  const end = slot + (1 << order);
  if (!anyFlags(pages.frames, slot, end)) return false;
  for (let at = slot; at < end; at++) {
    if (flags[at] === 0) continue;
    reportBadPage(pages, at, CHECK_AT_PREP, 'PAGE_FLAGS_CHECK_AT_PREP flag(s) set');
    return true;
  }
  return false;
}
