import { PageFlag } from '@mm/memory';

import { freeOrderAt, removeFree } from './free-area.js';
import { freeBlock } from './merge-block.js';
import { MigrateType, TOP_ORDER } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { blockTypeOf, moveFreeBlocks, setBlockType } from './pageblocks.js';
import { ZONE_WORDS, ZoneWord } from './zone-state.js';
import { modFreepageState } from './zone-counters.js';

/**
 * Whether a used page of the pageblock of `pfn` cannot be moved.
 * @see linux 6.1 mm/page_isolation.c has_unmovable_pages
 */
export function hasUnmovable(pages: PageAllocator, zone: number, pfn: number, type: number): boolean {
  const { frames } = pages;
  if (blockTypeOf(pages, pfn) === MigrateType.CMA) return type !== MigrateType.CMA;
  const movableZone = pages.zones.names[zone] === 'Movable';
  const blockPages = 1 << pages.pageblockOrder;
  const start = pfn & -blockPages;
  for (let at = start; at < start + blockPages;) {
    const slot = frames.peekSlotOf(at);
    const flags = frames.flags[slot]!;
    if ((flags & PageFlag.reserved) !== 0) return true;
    const order = freeOrderAt(pages, at);
    const mayStay = movableZone || frames.refcount[slot] === 0 || (flags & PageFlag.lru) !== 0;
    if (order < 0 && !mayStay) return true;
    at += order < 0 ? 1 : 1 << order;
  }
  return false;
}

/**
 * Takes a pageblock out of use: its free blocks go to the ISOLATE lists and are not counted as free.
 * Under the zone's lock. False when it is isolated already or has pages that cannot be moved.
 * @see linux 6.1 mm/page_isolation.c set_migratetype_isolate
 */
export function isolateLocked(pages: PageAllocator, cpu: number, zone: number, pfn: number): boolean {
  const type = blockTypeOf(pages, pfn);
  if (type === MigrateType.ISOLATE || hasUnmovable(pages, zone, pfn, MigrateType.MOVABLE)) return false;
  setBlockType(pages, pfn, MigrateType.ISOLATE);
  pages.zoneState[zone * ZONE_WORDS + ZoneWord.isolatedBlocks]!++;
  const moved = moveFreeBlocks(pages, zone, pfn, MigrateType.ISOLATE, null);
  modFreepageState(pages, cpu, zone, -moved, type);
  return true;
}

/**
 * Brings an isolated pageblock back into use as `type`. Under the zone's lock. Without effect on a
 * pageblock that is not isolated.
 * @see linux 6.1 mm/page_isolation.c unset_migratetype_isolate
 */
export function unisolateLocked(
  pages: PageAllocator,
  cpu: number,
  zone: number,
  pfn: number,
  type: number,
): void {
  if (blockTypeOf(pages, pfn) !== MigrateType.ISOLATE) return;
  const order = freeOrderAt(pages, pfn);
  const merges = order >= pages.pageblockOrder && order < TOP_ORDER && hasFreeBuddy(pages, pfn, order);
  if (merges) {
    // A free buddy outside may merge now: take the block off its list and free it again.
    const slot = pages.frames.slotOf(pfn);
    removeFree(pages, zone, slot, order);
    setBlockType(pages, pfn, type);
    modFreepageState(pages, cpu, zone, 1 << order, type);
    freeBlock(pages, zone, slot, order, type, true);
  } else {
    const moved = moveFreeBlocks(pages, zone, pfn, type, null);
    modFreepageState(pages, cpu, zone, moved, type);
    setBlockType(pages, pfn, type);
  }
  pages.zoneState[zone * ZONE_WORDS + ZoneWord.isolatedBlocks]!--;
}

function hasFreeBuddy(pages: PageAllocator, pfn: number, order: number): boolean {
  const buddy = pfn ^ (1 << order);
  return freeOrderAt(pages, buddy) === order && blockTypeOf(pages, buddy) !== MigrateType.ISOLATE;
}
