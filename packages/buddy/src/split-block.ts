import { PageFlag } from '@mm/memory';

import { addFree, listHead, removeFree, removeTopFree, topHead } from './free-area.js';
import { MIGRATE_TYPES, TOP_ORDER } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';

/**
 * Takes the first block of the smallest order that suffices from the lists of one type, gives the
 * halves not needed back to these lists, and returns the slot of the block, or -1.
 * @see linux 6.1 mm/page_alloc.c __rmqueue_smallest, expand
 */
export function takeSmallest(pages: PageAllocator, zone: number, order: number, type: number): number {
  const next = pages.frames.next;
  let head = listHead(pages, zone, order, type);
  for (let at = order; at < TOP_ORDER; at++, head += MIGRATE_TYPES) {
    const slot = next[head]!;
    if (slot === head) continue;
    removeFree(pages, zone, slot, at);
    return split(pages, zone, slot, at, order, type);
  }
  const top = topHead(pages, zone, type);
  const block = pages.topNext[top]!;
  if (block === top) return -1;
  removeTopFree(pages, zone, block);
  return split(pages, zone, pages.frames.slotOf(block << TOP_ORDER), TOP_ORDER, order, type);
}

function split(
  pages: PageAllocator,
  zone: number,
  slot: number,
  from: number,
  order: number,
  type: number,
): number {
  for (let half = from - 1; half >= order; half--) addFree(pages, zone, slot + (1 << half), half, type);
  const frames = pages.frames;
  frames.migratetype[slot] = type;
  frames.flags[slot]! &= ~PageFlag.buddy;
  return slot;
}
