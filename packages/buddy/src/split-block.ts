import { BLOCK_ORDER_SHIFT, BUDDY_MASK, BUDDY_ZONE_SHIFT, PageFlag } from '@mm/memory';

import { removeTopFree, topHead } from './free-area.js';
import type { PageAllocator } from './page-allocator.js';

// Local constants: imported ones are read from their module each time.
const TOP = 10;
const SHIFT = BLOCK_ORDER_SHIFT;
const ZONE_SHIFT = BUDDY_ZONE_SHIFT;
const BUDDY = PageFlag.buddy;
const MASK = BUDDY_MASK;

/**
 * Takes the first block of the smallest order that suffices from the lists of one type, gives the
 * halves not needed back to these lists, and returns the slot of the block, or -1.
 * @see linux 6.1 mm/page_alloc.c __rmqueue_smallest, expand
 */
export function takeSmallest(pages: PageAllocator, zone: number, leastOrder: number, type: number): number {
  // `| 0` tells the compiler that these are int32: it then need not check each sum.
  const { listMask, areaFree, frames } = pages;
  const order = leastOrder | 0;
  const set = ((zone | 0) * 6 + (type | 0)) | 0;
  const mask = listMask[set]! >> order;
  if (mask === 0) return -1;
  const from = (order + 31 - Math.clz32(mask & -mask)) | 0;
  if (from === TOP) return split(pages, zone, takeTop(pages, zone, type), TOP, order, type);
  const { next, prev } = frames;
  const head = ((pages.listBase | 0) + (set << 4) + from) | 0;
  const slot = next[head]!;
  const after = next[slot]!;
  next[head] = after;
  prev[after] = head;
  if (after === head) listMask[set]! &= ~(1 << from);
  frames.flags[slot]! &= ~MASK;
  const area = ((zone << 4) + from) | 0;
  areaFree[area] = (areaFree[area]! - 1) | 0;
  return from === order ? slot : split(pages, zone, slot, from, order, type);
}

/** Puts the upper halves of a block on lists that are empty: there was no smaller block. */
function split(
  pages: PageAllocator,
  zone: number,
  pageSlot: number,
  from: number,
  order: number,
  type: number,
): number {
  const { listMask, areaFree } = pages;
  const { next, prev, flags } = pages.frames;
  const slot = pageSlot | 0;
  const set = ((zone | 0) * 6 + (type | 0)) | 0;
  let head = ((pages.listBase | 0) + (set << 4) + from) | 0;
  let key = BUDDY | (zone << ZONE_SHIFT) | (from << SHIFT);
  let area = ((zone << 4) + from) | 0;
  for (let half = from - 1; half >= order; half--) {
    const rest = (slot + (1 << half)) | 0;
    head = (head - 1) | 0;
    area = (area - 1) | 0;
    key = (key - (1 << SHIFT)) | 0;
    next[head] = rest;
    prev[head] = rest;
    next[rest] = head;
    prev[rest] = head;
    flags[rest] = (flags[rest]! & ~MASK) | key;
    areaFree[area] = (areaFree[area]! + 1) | 0;
  }
  listMask[set]! |= (1 << from) - (1 << order);
  return slot;
}

function takeTop(pages: PageAllocator, zone: number, type: number): number {
  const block = pages.topNext[topHead(pages, zone, type)]!;
  removeTopFree(pages, zone, block);
  return pages.frames.slotOf(block << TOP);
}
