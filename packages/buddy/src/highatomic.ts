import { updateFloors } from './floors.js';
import { firstFree } from './free-area.js';
import { MAX_ORDER, MIGRATE_PCPTYPES, MigrateType } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { blockTypeOf, moveFreeBlocks, setBlockType } from './pageblocks.js';
import { ZONE_WORDS, ZoneWord } from './zone-state.js';

/** Pages of a zone that may be reserved for high-order atomic allocations: one percent and a pageblock. */
export const highatomicMax = (pages: PageAllocator, zone: number): number =>
  Math.trunc(pages.zones.managed[zone]! / 100) + (1 << pages.pageblockOrder);

/** Whether the reserve of a zone is full. Read without the lock first. */
export const isHighatomicFull = (pages: PageAllocator, zone: number): boolean =>
  pages.zoneState[zone * ZONE_WORDS + ZoneWord.reservedHighatomic]! >= highatomicMax(pages, zone);

/**
 * Reserves the pageblock of `pfn` for high-order atomic allocations. Under the zone's lock.
 *
 *   reserved = pages of a pageblock × pageblocks of type HIGHATOMIC
 * @see linux 6.1 mm/page_alloc.c reserve_highatomic_pageblock
 */
export function reserveHighatomicLocked(pages: PageAllocator, zone: number, pfn: number): void {
  if (isHighatomicFull(pages, zone) || blockTypeOf(pages, pfn) >= MIGRATE_PCPTYPES) return;
  pages.zoneState[zone * ZONE_WORDS + ZoneWord.reservedHighatomic]! += 1 << pages.pageblockOrder;
  updateFloors(pages);
  setBlockType(pages, pfn, MigrateType.HIGHATOMIC);
  moveFreeBlocks(pages, zone, pfn, MigrateType.HIGHATOMIC, null);
}

/**
 * Turns one pageblock of the reserve that has free pages to `type`; true when free pages moved. Under
 * the zone's lock.
 * @see linux 6.1 mm/page_alloc.c unreserve_highatomic_pageblock
 */
export function unreserveHighatomicLocked(pages: PageAllocator, zone: number, type: number): boolean {
  const at = zone * ZONE_WORDS + ZoneWord.reservedHighatomic;
  for (let order = 0; order < MAX_ORDER; order++) {
    const pfn = firstFree(pages, zone, order, MigrateType.HIGHATOMIC);
    if (pfn === -1) continue;
    if (blockTypeOf(pages, pfn) === MigrateType.HIGHATOMIC) {
      pages.zoneState[at] = Math.max(0, pages.zoneState[at]! - (1 << pages.pageblockOrder));
      updateFloors(pages);
    }
    setBlockType(pages, pfn, type);
    if (moveFreeBlocks(pages, zone, pfn, type, null) !== 0) return true;
  }
  return false;
}
