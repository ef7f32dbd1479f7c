import { checkBoolean } from '@mm/printk';

import { checkOrder, checkType, checkZone } from './check-arguments.js';
import { areaOf, listHead, topHead } from './free-area.js';
import { MAX_ORDER, MIGRATE_TYPES, TOP_ORDER } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { blockTypeOf } from './pageblocks.js';

/** The walk of a free list stops here, so that the zone's lock is not held for long. */
export const PAGETYPEINFO_BLOCKS_MAX = 100_000;
/** log2 of the pages of a section of the memory map, 128 MiB: pageblocks of sections with memory count. */
const SECTION_PAGES_SHIFT = 15;

/**
 * Free blocks of each order, 0..10: a line of /proc/buddyinfo.
 *
 * @throws OptionError for what is no zone.
 * @example
 * buddyInfo(pages, zone).join(' ');
 * @see linux 6.1 mm/vmstat.c frag_show_print
 */
export function buddyInfo(pages: PageAllocator, zone: number): number[] {
  checkZone(pages, zone);
  return Array.from({ length: MAX_ORDER }, (_, order) => pages.areaFree[areaOf(zone, order)]!);
}

/**
 * Blocks on a free list, at most {@link PAGETYPEINFO_BLOCKS_MAX}: the first part of /proc/pagetypeinfo. Under the zone's lock.
 *
 * @throws OptionError for what is no zone, order or migrate type.
 * @example
 * countFreeBlocks(pages, zone, 10, MigrateType.MOVABLE);
 * @see linux 6.1 mm/vmstat.c pagetypeinfo_showfree_print
 */
export function countFreeBlocks(pages: PageAllocator, zone: number, order: number, type: number): number {
  checkZone(pages, zone);
  checkOrder(order);
  checkType(type);
  const isTop = order === TOP_ORDER;
  const next = isTop ? pages.topNext : pages.frames.next;
  const head = isTop ? topHead(pages, zone, type) : listHead(pages, zone, order, type);
  let blocks = 0;
  for (let at = next[head]!; at !== head && blocks < PAGETYPEINFO_BLOCKS_MAX; at = next[at]!) blocks++;
  return blocks;
}

/**
 * Pageblocks of each migrate type: the second part of /proc/pagetypeinfo.
 *
 * @param sparse memory is mapped in sections of 128 MiB, and a pageblock counts when its section has
 * memory (x86_64, arm64); otherwise every pageblock of the zone's span counts. Default true.
 * @throws OptionError for what is no zone, and a `sparse` that is not true or false.
 * @example
 * pageblocksByType(pages, zone)[MigrateType.MOVABLE];
 * @see linux 6.1 mm/vmstat.c pagetypeinfo_showblockcount_print
 */
export function pageblocksByType(pages: PageAllocator, zone: number, sparse = true): number[] {
  checkZone(pages, zone);
  checkBoolean('sparse', sparse);
  const counts = Array.from({ length: MIGRATE_TYPES }, () => 0);
  const { zones, frames } = pages;
  const start = zones.startPfn[zone]!;
  const end = start + zones.spanned[zone]!;
  const sections = new Set(
    frames.map.ranges.flatMap((range) => {
      const first = range.startPfn >> SECTION_PAGES_SHIFT;
      const last = (range.endPfn - 1) >> SECTION_PAGES_SHIFT;
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    }),
  );
  for (let pfn = start; pfn < end; pfn += 1 << pages.pageblockOrder) {
    if (sparse && !sections.has(pfn >> SECTION_PAGES_SHIFT)) continue;
    if (frames.map.has(pfn) && zones.zoneOfPfn(pfn) !== zone) continue;
    counts[blockTypeOf(pages, pfn)]!++;
  }
  return counts;
}
