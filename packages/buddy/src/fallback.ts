import { freeOrderAt, firstFree, isListEmpty, moveFree } from './free-area.js';
import { AllocFlag } from './alloc-flags.js';
import { updateFloors } from './floors.js';
import { FALLBACKS, MAX_ORDER, MigrateType, TOP_ORDER } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { blockTypeOf, moveFreeBlocks, setBlockType, setBlockTypes } from './pageblocks.js';
import { ZONE_WORDS, ZoneFlag, ZoneWord } from './zone-state.js';

/** Used pages of a pageblock that could be moved: [0]. Written and read under one zone lock. */
const movable = new Int32Array(1);

/**
 * Whether an allocation of `type` that takes a block of `order` from another type may claim its
 * whole pageblock.
 * @see linux 6.1 mm/page_alloc.c can_steal_fallback
 */
export function canSteal(pages: PageAllocator, order: number, type: number): boolean {
  return order >= pages.pageblockOrder >> 1 || type !== MigrateType.MOVABLE || pages.groupByMobilityDisabled;
}

/** The first type after `type` that has a block of `order`, or -1. @see linux 6.1 mm/page_alloc.c find_suitable_fallback */
export function suitableFallback(pages: PageAllocator, zone: number, order: number, type: number): number {
  const first = FALLBACKS[2 * type]!;
  if (!isListEmpty(pages, zone, order, first)) return first;
  const second = FALLBACKS[2 * type + 1]!;
  return isListEmpty(pages, zone, order, second) ? -1 : second;
}

/**
 * Makes a block of another type available to `type`: the largest, so that its pageblock mixes types
 * once and not often; false when there is none.
 * @see linux 6.1 mm/page_alloc.c __rmqueue_fallback
 */
export function takeFallback(
  pages: PageAllocator,
  zone: number,
  order: number,
  type: number,
  allocFlags: number,
): boolean {
  const avoidsMixing = order < pages.pageblockOrder && (allocFlags & AllocFlag.noFragment) !== 0;
  const least = avoidsMixing ? pages.pageblockOrder : order;
  for (let at = TOP_ORDER; at >= least; at--) {
    const from = suitableFallback(pages, zone, at, type);
    if (from === -1) continue;
    const whole = canSteal(pages, at, type);
    if (!whole && type === MigrateType.MOVABLE && at > order) {
      takeSmallestFallback(pages, zone, order, type, allocFlags);
      return true;
    }
    steal(pages, zone, firstFree(pages, zone, at, from), allocFlags, type, whole);
    return true;
  }
  return false;
}

function takeSmallestFallback(
  pages: PageAllocator,
  zone: number,
  order: number,
  type: number,
  allocFlags: number,
): void {
  for (let at = order; at < MAX_ORDER; at++) {
    const from = suitableFallback(pages, zone, at, type);
    if (from === -1) continue;
    steal(pages, zone, firstFree(pages, zone, at, from), allocFlags, type, canSteal(pages, at, type));
    return;
  }
}

/**
 * Moves the free block at `pfn`, or its whole pageblock, to the lists of `type`; the pageblock changes
 * type when at least half of it is free or alike.
 * @see linux 6.1 mm/page_alloc.c steal_suitable_fallback
 */
function steal(
  pages: PageAllocator,
  zone: number,
  pfn: number,
  allocFlags: number,
  type: number,
  whole: boolean,
): void {
  const order = freeOrderAt(pages, pfn);
  const oldType = blockTypeOf(pages, pfn);
  if (oldType === MigrateType.HIGHATOMIC) return moveFree(pages, zone, pfn, order, type);
  if (order >= pages.pageblockOrder) {
    setBlockTypes(pages, pfn, order, type);
    return moveFree(pages, zone, pfn, order, type);
  }
  if (boostWatermark(pages, zone)) {
    if ((allocFlags & AllocFlag.kswapd) !== 0)
      pages.zoneState[zone * ZONE_WORDS + ZoneWord.flags]! |= ZoneFlag.boostedWatermark;
    updateFloors(pages);
  }
  if (!whole) return moveFree(pages, zone, pfn, order, type);
  const free = moveFreeBlocks(pages, zone, pfn, type, movable);
  if (free === 0) return moveFree(pages, zone, pfn, order, type);
  const blockPages = 1 << pages.pageblockOrder;
  let alike = 0;
  if (type === MigrateType.MOVABLE) alike = movable[0]!;
  else if (oldType === MigrateType.MOVABLE) alike = blockPages - (free + movable[0]!);
  if (free + alike >= blockPages >> 1 || pages.groupByMobilityDisabled) setBlockType(pages, pfn, type);
}

/**
 * Raises a zone's watermarks for a while, because types were mixed in a pageblock; false when boosts
 * are off or the zone is too small for them.
 *
 *   boost ≤ max(pages of a pageblock, high watermark × factor / 10000)
 * @see linux 6.1 mm/page_alloc.c boost_watermark
 */
export function boostWatermark(pages: PageAllocator, zone: number): boolean {
  const { zones, watermarkBoostFactor: factor } = pages;
  const blockPages = 1 << pages.pageblockOrder;
  if (factor === 0 || blockPages * 4 > zones.managed[zone]!) return false;
  const high = zones.wmark[zone * 4 + 2]!;
  const share = Math.floor((high * factor) / 10_000);
  if (share === 0) return false;
  zones.watermarkBoost[zone] = Math.min(
    zones.watermarkBoost[zone]! + blockPages,
    Math.max(blockPages, share),
  );
  return true;
}
