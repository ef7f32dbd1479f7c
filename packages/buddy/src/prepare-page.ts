import { BLOCK_ORDER_SHIFT, PageFlag } from '@mm/memory';

import { GfpBit } from './gfp-bits.js';
import type { PageAllocator } from './page-allocator.js';
import { CHECK_AT_PREP, anyFlags, isBadToFree } from './page-checks.js';

// Local constants: imported ones are read from their module each time.
const ALLOCATED = PageFlag.allocated;
const HEAD = PageFlag.head;
const ORDER_SHIFT = BLOCK_ORDER_SHIFT;
const WIPED = CHECK_AT_PREP | PageFlag.allocated | (15 << BLOCK_ORDER_SHIFT);
const ZERO = GfpBit.ZERO;
const COMP = GfpBit.COMP;

/**
 * Hands a block out: one reference, zeroed if asked, compound if asked.
 * @see linux 6.1 mm/page_alloc.c prep_new_page, post_alloc_hook
 */
export function prepareNew(pages: PageAllocator, slot: number, order: number, gfp: number): void {
  const frames = pages.frames;
  frames.refcount[slot] = 1;
  frames.flags[slot] = ALLOCATED | (order << ORDER_SHIFT);
  if ((gfp & (ZERO | COMP)) !== 0) prepareAsAsked(pages, slot, order, gfp);
}

/** The part of {@link prepareNew} that few need. @see linux 6.1 mm/page_alloc.c kernel_init_pages, prep_compound_page */
export function prepareAsAsked(pages: PageAllocator, slot: number, order: number, gfp: number): void {
  if ((gfp & ZERO) !== 0) pages.memory.zeroPages(pages.frames.pfnOf(slot), 1 << order);
  if (order === 0 || (gfp & COMP) === 0) return;
  const { flags, next } = pages.frames;
  flags[slot]! |= HEAD;
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
  const { flags } = pages.frames;
  const headFlags = flags[slot]!;
  const compound = (headFlags & HEAD) !== 0;
  if (
    order !== 0 &&
    (compound || pages.checkPages) &&
    anyFlags(pages.frames, slot + 1, slot + (1 << order)) &&
    !prepareTails(pages, slot, order, compound)
  )
    return false;
  if (checkHead && isBadToFree(pages, slot)) return false;
  flags[slot] = headFlags & ~WIPED;
  return true;
}

/** @see linux 6.1 mm/page_alloc.c free_tail_pages_check */
function prepareTails(pages: PageAllocator, slot: number, order: number, compound: boolean): boolean {
  const { flags } = pages.frames;
  let bad = 0;
  for (let at = slot + 1, end = slot + (1 << order); at < end; at++) {
    // Whether they are tails of this block only a kernel with DEBUG_VM asks.
    if (compound) flags[at]! &= ~PageFlag.tail;
    if (flags[at] === 0) continue;
    if (isBadToFree(pages, at)) bad++;
    else flags[at]! &= ~WIPED;
  }
  return bad === 0;
}
