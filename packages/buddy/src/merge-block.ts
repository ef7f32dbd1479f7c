import { PageFlag } from '@mm/memory';

import { addFree, addFreeTail, addTopFree, removeFree } from './free-area.js';
import { MIGRATE_PCPTYPES, MigrateType, TOP_ORDER } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { modFreepageState } from './zone-counters.js';

/** Whether the block of `order` at `buddy` is free as a whole and in the zone. @see linux 6.1 mm/internal.h page_is_buddy */
function isBuddy(pages: PageAllocator, buddy: number, order: number, zone: number): boolean {
  const frames = pages.frames;
  return (
    (frames.flags[buddy]! & PageFlag.buddy) !== 0 &&
    frames.order[buddy] === order &&
    frames.zone[buddy] === zone
  );
}

/**
 * Gives a block back to the free lists, merged with its free buddies. A merge is put at the tail when
 * the next larger block may soon come together as well.
 * @see linux 6.1 mm/page_alloc.c __free_one_page
 */
export function freeBlock(
  pages: PageAllocator,
  cpu: number,
  zone: number,
  pageSlot: number,
  pageOrder: number,
  type: number,
  toTail = false,
): void {
  const frames = pages.frames;
  let slot = pageSlot;
  let order = pageOrder;
  if (type !== MigrateType.ISOLATE) modFreepageState(pages, cpu, zone, 1 << order, type);
  while (order < TOP_ORDER) {
    const buddy = slot ^ (1 << order);
    if (!isBuddy(pages, buddy, order, zone)) break;
    if (order >= pages.pageblockOrder && !mayMerge(pages, buddy, type)) break;
    removeFree(pages, zone, buddy, order);
    slot &= buddy;
    order++;
  }
  if (order === TOP_ORDER) {
    addTopFree(pages, zone, frames.pfnOf(slot) >> TOP_ORDER, type, toTail);
  } else if (toTail || mergesSoon(pages, slot, order, zone)) addFreeTail(pages, zone, slot, order, type);
  else addFree(pages, zone, slot, order, type);
}

/** Whether a block of `type` may merge across pageblocks with `buddy`. @see linux 6.1 migratetype_is_mergeable */
function mayMerge(pages: PageAllocator, buddy: number, type: number): boolean {
  const buddyType = pages.blockType[pages.frames.pfnOf(buddy) >> pages.pageblockOrder]!;
  return buddyType === type || (type < MIGRATE_PCPTYPES && buddyType < MIGRATE_PCPTYPES);
}

/** @see linux 6.1 mm/page_alloc.c buddy_merge_likely */
function mergesSoon(pages: PageAllocator, slot: number, order: number, zone: number): boolean {
  if (order >= TOP_ORDER - 1) return false;
  const higher = slot & ~(1 << order);
  return isBuddy(pages, higher ^ (2 << order), order + 1, zone);
}
