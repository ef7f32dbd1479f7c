import { AllocFlag } from './alloc-flags.js';
import { takeFallback } from './fallback.js';
import { MIGRATE_PCPTYPES, MigrateType } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { takeSmallest } from './split-block.js';
import { ZONE_WORDS, ZoneWord } from './zone-state.js';

// Local constants: imported ones are read from their module each time.
const CMA_FLAG = AllocFlag.cma;
const CMA = MigrateType.CMA;
const FREE_CMA = ZoneWord.freeCma;

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
  const mayCma = (allocFlags & CMA_FLAG) !== 0;
  if (mayCma && pages.zoneState[zone * ZONE_WORDS + FREE_CMA]! > 0 && cmaFirst(pages, zone)) {
    const slot = takeSmallest(pages, zone, order, CMA);
    if (slot >= 0) {
      pages.takenType = CMA;
      return slot;
    }
  }
  pages.takenType = type;
  const slot = takeSmallest(pages, zone, order, type);
  return slot >= 0 ? slot : takeElsewhere(pages, zone, order, type, allocFlags, mayCma);
}

function takeElsewhere(
  pages: PageAllocator,
  zone: number,
  order: number,
  type: number,
  allocFlags: number,
  mayCma: boolean,
): number {
  for (;;) {
    if (mayCma) {
      const slot = takeSmallest(pages, zone, order, CMA);
      if (slot >= 0) {
        pages.takenType = CMA;
        return slot;
      }
    }
    if (type >= MIGRATE_PCPTYPES || !takeFallback(pages, zone, order, type, allocFlags)) return -1;
    const slot = takeSmallest(pages, zone, order, type);
    if (slot >= 0) return slot;
  }
}

/** More than half of what is free lies in CMA blocks. */
function cmaFirst(pages: PageAllocator, zone: number): boolean {
  const state = pages.zoneState;
  const free = Math.max(0, state[zone * ZONE_WORDS + ZoneWord.free]!);
  return state[zone * ZONE_WORDS + ZoneWord.freeCma]! > free >> 1;
}
