import { AllocFlag } from './alloc-flags.js';
import { takeFallback } from './fallback.js';
import { MigrateType } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { takeSmallest } from './split-block.js';
import { ZONE_WORDS, ZoneWord } from './zone-state.js';

/**
 * Takes a block off the free lists of a zone: from the lists of its type, then CMA, then from other
 * types. Returns its slot, or -1. Under the zone's lock.
 * @see linux 6.1 mm/page_alloc.c __rmqueue
 */
export function takeBlock(
  pages: PageAllocator,
  zone: number,
  order: number,
  type: number,
  allocFlags: number,
): number {
  const mayCma = (allocFlags & AllocFlag.cma) !== 0;
  if (mayCma && cmaFirst(pages, zone)) {
    const slot = takeSmallest(pages, zone, order, MigrateType.CMA);
    if (slot >= 0) return slot;
  }
  for (;;) {
    let slot = takeSmallest(pages, zone, order, type);
    if (slot >= 0) return slot;
    if (mayCma) {
      slot = takeSmallest(pages, zone, order, MigrateType.CMA);
      if (slot >= 0) return slot;
    }
    if (!takeFallback(pages, zone, order, type, allocFlags)) return -1;
  }
}

/** More than half of what is free lies in CMA blocks. */
function cmaFirst(pages: PageAllocator, zone: number): boolean {
  const state = pages.zoneState;
  const free = Math.max(0, state[zone * ZONE_WORDS + ZoneWord.free]!);
  return state[zone * ZONE_WORDS + ZoneWord.freeCma]! > free >> 1;
}
