import { PageFlag } from '@mm/memory';

import { freeOrderAt, moveFree } from './free-area.js';
import { MIGRATE_PCPTYPES, MigrateType } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';

/** The zone number of a pageblock that lies in several zones. */
export const SEVERAL_ZONES = 7;

/**
 * The migrate type of the pageblock of `pfn`, which must be memory.
 * @see linux 6.1 mm/page_alloc.c get_pfnblock_migratetype
 */
export function blockTypeOf(pages: PageAllocator, pfn: number): number {
  const info = pages.blockInfo[pfn >> pages.pageblockOrder]!;
  const zone = sharingZone(pages, pfn, info);
  return zone >= 0 ? pages.sharedBlockTypes[zone]! : info & 7;
}

/** The zone of `pfn`, where with FLATMEM its pageblock begins in the zone below; -1: it does not. */
function sharingZone(
  { zones, pageblockOrder, flatMemory }: PageAllocator,
  pfn: number,
  info: number,
): number {
  if (info >> 3 !== SEVERAL_ZONES || !flatMemory) return -1;
  const zone = zones.zoneOfPfn(pfn);
  return zone >= 0 && zones.startPfn[zone]! > (pfn >> pageblockOrder) << pageblockOrder ? zone : -1;
}

/**
 * Sets the migrate type of the pageblock of `pfn`. Its free blocks stay on the lists they are on.
 * @see linux 6.1 mm/page_alloc.c set_pageblock_migratetype
 */
export function setBlockType(pages: PageAllocator, pfn: number, type: number): void {
  const kept = pages.groupByMobilityDisabled && type < MIGRATE_PCPTYPES ? MigrateType.UNMOVABLE : type;
  const block = pfn >> pages.pageblockOrder;
  const info = pages.blockInfo[block]!;
  const zone = sharingZone(pages, pfn, info);
  if (zone >= 0) pages.sharedBlockTypes[zone] = kept;
  else pages.blockInfo[block] = (info & ~7) | kept;
}

/** Sets the type of every pageblock of a block. @see linux 6.1 mm/page_alloc.c change_pageblock_range */
export function setBlockTypes(pages: PageAllocator, pfn: number, order: number, type: number): void {
  const count = 1 << (order - pages.pageblockOrder);
  for (let i = 0; i < count; i++) setBlockType(pages, pfn + (i << pages.pageblockOrder), type);
}

/** Whether a zone spans `pfn`. */
export function zoneSpans(pages: PageAllocator, zone: number, pfn: number): boolean {
  const start = pages.zones.startPfn[zone]!;
  return pfn >= start && pfn < start + pages.zones.spanned[zone]!;
}

/**
 * Moves every free block of the pageblock of `pfn` to the tail of the lists of `type`, and returns the
 * pages moved: 0 when the pageblock reaches beyond the zone's end. `counted`, where given, receives in
 * [0] the used pages that could be moved.
 * @see linux 6.1 mm/page_alloc.c move_freepages_block, move_freepages
 */
export function moveFreeBlocks(
  pages: PageAllocator,
  zone: number,
  pfn: number,
  type: number,
  counted: Int32Array | null,
): number {
  if (counted !== null) counted[0] = 0;
  const blockPages = 1 << pages.pageblockOrder;
  let start = pfn & -blockPages;
  const end = start + blockPages;
  if (!zoneSpans(pages, zone, start)) start = pfn;
  if (!zoneSpans(pages, zone, end - 1)) return 0;
  const frames = pages.frames;
  let moved = 0;
  for (let at = start; at < end;) {
    const order = freeOrderAt(pages, at);
    if (order < 0) {
      if (counted !== null && (frames.flags[frames.peekSlotOf(at)]! & PageFlag.lru) !== 0) counted[0]!++;
      at++;
      continue;
    }
    moveFree(pages, zone, at, order, type);
    at += 1 << order;
    moved += 1 << order;
  }
  return moved;
}
