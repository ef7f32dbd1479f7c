import { BLOCK_ORDER_SHIFT, BUDDY_MASK, BUDDY_ZONE_SHIFT, PageFlag } from '@mm/memory';

import { addTopFree } from './free-area.js';
import type { PageAllocator } from './page-allocator.js';

// Local constants: imported ones are read from their module each time.
const TOP = 10;
const SHIFT = BLOCK_ORDER_SHIFT;
const ZONE_SHIFT = BUDDY_ZONE_SHIFT;
const BUDDY = PageFlag.buddy;
const MASK = BUDDY_MASK;
const PCPTYPES = 3;

/**
 * Gives a block back to the free lists, merged with its free buddies. Does not count it. It goes to
 * the tail of its list when the next larger block may soon come together as well.
 * @see linux 6.1 mm/page_alloc.c __free_one_page
 */
export function freeBlock(
  pages: PageAllocator,
  zone: number,
  pageSlot: number,
  pageOrder: number,
  type: number,
  toTail: boolean,
): void {
  const { next, prev, flags } = pages.frames;
  const { listMask, areaFree } = pages;
  const listBase = pages.listBase | 0;
  const pageblockOrder = pages.pageblockOrder | 0;
  const area = (zone | 0) << 4;
  let slot = pageSlot | 0;
  let order = pageOrder | 0;
  let key = BUDDY | (zone << ZONE_SHIFT) | (order << SHIFT);
  while (order < TOP) {
    const buddy = slot ^ (1 << order);
    if ((flags[buddy]! & MASK) !== key) break;
    if (order >= pageblockOrder && !mayMerge(pages, buddy, type)) break;
    const after = next[buddy]!;
    const before = prev[buddy]!;
    next[before] = after;
    prev[after] = before;
    if (after === before) {
      const head = (after - listBase) | 0;
      listMask[head >> 4]! &= ~(1 << (head & 15));
    }
    flags[buddy]! &= ~MASK;
    areaFree[area | order] = (areaFree[area | order]! - 1) | 0;
    slot &= buddy;
    order = (order + 1) | 0;
    key = (key + (1 << SHIFT)) | 0;
  }
  if (order === TOP) return addTopFree(pages, zone, pages.frames.pfnOf(slot) >> TOP, type, toTail);
  // The buddy of the block that this one and its buddy would make.
  const mergesSoon =
    order < TOP - 1 && (flags[(slot & ~(1 << order)) ^ (2 << order)]! & MASK) === key + (1 << SHIFT);
  const set = ((zone | 0) * 6 + (type | 0)) | 0;
  const head = (listBase + (set << 4) + order) | 0;
  flags[slot] = (flags[slot]! & ~MASK) | key;
  if (toTail || mergesSoon) {
    const last = prev[head]!;
    next[slot] = head;
    prev[slot] = last;
    next[last] = slot;
    prev[head] = slot;
  } else {
    const first = next[head]!;
    next[slot] = first;
    prev[slot] = head;
    prev[first] = slot;
    next[head] = slot;
  }
  listMask[set]! |= 1 << order;
  areaFree[area | order] = (areaFree[area | order]! + 1) | 0;
}

/** Whether a block of `type` may merge across pageblocks with `buddy`. @see linux 6.1 migratetype_is_mergeable */
function mayMerge(pages: PageAllocator, buddy: number, type: number): boolean {
  const buddyType = pages.blockInfo[pages.frames.pfnOf(buddy) >> pages.pageblockOrder]! & 7;
  return buddyType === type || (type < PCPTYPES && buddyType < PCPTYPES);
}
