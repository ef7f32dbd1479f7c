import { BUDDY_MASK, BUDDY_ORDER_SHIFT, buddyKey } from '@mm/memory';

import { listHead, removeTopFree, topHead } from './free-area.js';
import type { PageAllocator } from './page-allocator.js';

// Local constants: imported ones are read from their module each time.
const TOP = 10;
const SHIFT = BUDDY_ORDER_SHIFT;
const MASK = BUDDY_MASK;

/**
 * Takes the first block of the smallest order that suffices from the lists of one type, gives the
 * halves not needed back to these lists, and returns the slot of the block, or -1.
 * @see linux 6.1 mm/page_alloc.c __rmqueue_smallest, expand
 */
export function takeSmallest(pages: PageAllocator, zone: number, order: number, type: number): number {
  const { listMask, areaFree } = pages;
  const set = zone * 6 + type;
  const mask = listMask[set]! >> order;
  if (mask === 0) return -1;
  const from = order + 31 - Math.clz32(mask & -mask);
  const slot = from === TOP ? takeTop(pages, zone, type) : takeFirst(pages, zone, from, type);
  const { next, prev, flags, migratetype } = pages.frames;
  migratetype[slot] = type;
  if (from === order) return slot;
  // Halves go to lists that are empty: there was no smaller block.
  let head = listHead(pages, zone, from, type);
  let key = buddyKey(zone, from);
  let area = (zone << 4) + from;
  for (let half = from - 1; half >= order; half--) {
    const rest = slot + (1 << half);
    head--;
    area--;
    key -= 1 << SHIFT;
    next[head] = rest;
    prev[head] = rest;
    next[rest] = head;
    prev[rest] = head;
    flags[rest] = (flags[rest]! & ~MASK) | key;
    areaFree[area]!++;
  }
  listMask[set]! |= (1 << from) - (1 << order);
  return slot;
}

function takeFirst(pages: PageAllocator, zone: number, order: number, type: number): number {
  const { next, prev, flags } = pages.frames;
  const head = listHead(pages, zone, order, type);
  const slot = next[head]!;
  const after = next[slot]!;
  next[head] = after;
  prev[after] = head;
  if (after === head) pages.listMask[zone * 6 + type]! &= ~(1 << order);
  flags[slot]! &= ~MASK;
  pages.areaFree[(zone << 4) + order]!--;
  return slot;
}

function takeTop(pages: PageAllocator, zone: number, type: number): number {
  const block = pages.topNext[topHead(pages, zone, type)]!;
  removeTopFree(pages, zone, block);
  return pages.frames.slotOf(block << TOP);
}
