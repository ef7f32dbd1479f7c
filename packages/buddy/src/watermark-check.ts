import { ALLOC_RESERVES, ALLOC_WMARK_MASK, AllocFlag } from './alloc-flags.js';
import { MigrateType } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { ZONE_WORDS, ZoneWord } from './zone-state.js';

/** Free pages that this allocation may not count on. @see linux 6.1 mm/page_alloc.c __zone_watermark_unusable_free */
function unusableFree(pages: PageAllocator, zone: number, order: number, allocFlags: number): number {
  const state = pages.zoneState;
  let unusable = (1 << order) - 1;
  if ((allocFlags & ALLOC_RESERVES) === 0)
    unusable += state[zone * ZONE_WORDS + ZoneWord.reservedHighatomic]!;
  if ((allocFlags & AllocFlag.cma) === 0) {
    const cma = state[zone * ZONE_WORDS + ZoneWord.freeCma]!;
    if (cma > 0) unusable += cma;
  }
  return unusable;
}

/**
 * Whether a block of `order` may be taken from a zone and leave `mark` pages behind, less what the
 * caller may use of the reserve, more what the zone keeps for callers that cannot go higher.
 * @see linux 6.1 mm/page_alloc.c __zone_watermark_ok
 */
export function watermarkOk(
  pages: PageAllocator,
  zone: number,
  order: number,
  mark: number,
  highest: number,
  allocFlags: number,
  freePages: number,
): boolean {
  let min = mark;
  const free = freePages - unusableFree(pages, zone, order, allocFlags);
  if ((allocFlags & AllocFlag.minReserve) !== 0) {
    min -= min >> 1;
    if ((allocFlags & AllocFlag.nonBlock) !== 0) min -= min >> 2;
  }
  if ((allocFlags & AllocFlag.oom) !== 0) min -= min >> 1;
  if (free <= min + pages.zones.lowmemReserve[zone * pages.nrZones + highest]!) return false;
  return order === 0 || hasBlock(pages, zone, order, allocFlags);
}

/** Whether a list that the caller may take from has a block of at least `order`. */
function hasBlock(pages: PageAllocator, zone: number, order: number, allocFlags: number): boolean {
  const { listMask } = pages;
  const set = zone * 6;
  let mask = listMask[set]! | listMask[set + 1]! | listMask[set + 2]!;
  if ((allocFlags & AllocFlag.cma) !== 0) mask |= listMask[set + MigrateType.CMA]!;
  if ((allocFlags & (AllocFlag.highatomic | AllocFlag.oom)) !== 0)
    mask |= listMask[set + MigrateType.HIGHATOMIC]!;
  return mask >> order !== 0;
}

/**
 * {@link watermarkOk} for the watermark that `allocFlags` names plus `extraPages`, with a short cut for
 * single pages.
 * @see linux 6.1 mm/page_alloc.c zone_watermark_fast
 */
export function watermarkFast(
  pages: PageAllocator,
  zone: number,
  order: number,
  highest: number,
  allocFlags: number,
  extraPages: number,
): boolean {
  const { zones, zoneState } = pages;
  const wmark = allocFlags & ALLOC_WMARK_MASK;
  const mark = zones.wmark[zone * 4 + wmark]! + zones.watermarkBoost[zone]! + extraPages;
  const counted = zoneState[zone * ZONE_WORDS + ZoneWord.free]!;
  const free = counted < 0 ? 0 : counted;
  if (order === 0) {
    const reserved = unusableFree(pages, zone, 0, allocFlags);
    const usable = free > reserved ? free - reserved : 0;
    if (usable > mark + zones.lowmemReserve[zone * pages.nrZones + highest]!) return true;
  }
  if (watermarkOk(pages, zone, order, mark, highest, allocFlags, free)) return true;
  // A boost is no reason to fail single pages of callers that cannot wait.
  if (order !== 0 || wmark !== AllocFlag.wmarkMin || (allocFlags & AllocFlag.atomic) === 0) return false;
  if (zones.watermarkBoost[zone] === 0) return false;
  return watermarkOk(pages, zone, 0, zones.wmark[zone * 4]!, highest, allocFlags, free);
}
