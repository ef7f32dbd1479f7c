import { PageFlag } from '@mm/memory';

import { reportBadPage } from './bad-page.js';
import { GfpBit } from './gfp-bits.js';
import type { PageAllocator } from './page-allocator.js';
import { CHECK_AT_FREE, CHECK_AT_PREP, isBadToFree } from './page-checks.js';

/**
 * Hands a block out: one reference, zeroed if asked, compound if asked.
 * @see linux 6.1 mm/page_alloc.c prep_new_page, post_alloc_hook
 */
export function prepareNew(pages: PageAllocator, slot: number, order: number, gfp: number): void {
  const frames = pages.frames;
  frames.refcount[slot] = 1;
  frames.order[slot] = order;
  frames.flags[slot] = PageFlag.allocated;
  if ((gfp & GfpBit.ZERO) !== 0) pages.memory.zeroPages(frames.pfnOf(slot), 1 << order);
  if (order !== 0 && (gfp & GfpBit.COMP) !== 0) prepareCompound(pages, slot, order);
}

/** @see linux 6.1 mm/page_alloc.c prep_compound_page */
function prepareCompound(pages: PageAllocator, slot: number, order: number): void {
  const { flags, next } = pages.frames;
  flags[slot]! |= PageFlag.head;
  for (let tail = slot + 1, end = slot + (1 << order); tail < end; tail++) {
    flags[tail]! |= PageFlag.tail;
    next[tail] = slot;
  }
}

/**
 * Readies a block to be free: checks its pages and wipes what its owner left in their flags. False
 * when a page is not fit to be free: the block is then lost.
 * @see linux 6.1 mm/page_alloc.c free_pages_prepare
 */
export function prepareFree(pages: PageAllocator, slot: number, order: number, checkHead: boolean): boolean {
  const frames = pages.frames;
  const flags = frames.flags;
  const headFlags = flags[slot]!;
  if (order !== 0 && (pages.checkPages || (headFlags & PageFlag.head) !== 0)) {
    const refcount = frames.refcount;
    let bits = 0;
    for (let at = slot + 1, end = slot + (1 << order); at < end; at++) bits |= flags[at]! | refcount[at]!;
    if (bits !== 0 && !prepareTails(pages, slot, order, (headFlags & PageFlag.head) !== 0)) return false;
  }
  if (checkHead && isBadToFree(pages, slot)) return false;
  flags[slot] = headFlags & ~(CHECK_AT_PREP | PageFlag.allocated | PageFlag.held);
  return true;
}

/** @see linux 6.1 mm/page_alloc.c free_tail_pages_check */
function prepareTails(pages: PageAllocator, slot: number, order: number, compound: boolean): boolean {
  const { flags, next, refcount } = pages.frames;
  let bad = 0;
  for (let at = slot + 1, end = slot + (1 << order); at < end; at++) {
    if (compound) {
      if ((flags[at]! & PageFlag.tail) === 0 || next[at] !== slot) {
        bad++;
        reportBadPage(pages, at, CHECK_AT_FREE, 'PageTail not set');
      }
      flags[at]! &= ~PageFlag.tail;
    }
    if ((flags[at]! | refcount[at]!) === 0) continue;
    if (isBadToFree(pages, at)) bad++;
    else flags[at]! &= ~(CHECK_AT_PREP | PageFlag.allocated | PageFlag.held);
  }
  return bad === 0;
}
