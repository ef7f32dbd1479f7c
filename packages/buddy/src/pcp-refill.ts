import type { PageAllocator } from './page-allocator.js';
import { AllocFlag } from './alloc-flags.js';
import { MigrateType } from './migrate-types.js';
import { anyBadToTake, anyFlags } from './page-checks.js';
import { oddType, pcpHead } from './pcp-lists.js';
import { takeSmallest } from './split-block.js';
import { takeBlock } from './take-block.js';
import { modFreeCmaPages, modFreePages } from './zone-counters.js';
import { ZONE_WORDS, ZoneWord } from './zone-state.js';

// Local constants: imported ones are read from their module each time.
const CMA = MigrateType.CMA;
const CMA_FLAG = AllocFlag.cma;
const FREE_CMA = ZoneWord.freeCma;

/**
 * Takes up to `count` blocks off the free lists to the tail of a per-cpu list; returns how many
 * arrived. Under the zone's lock.
 *
 * Blocks that one after the other would be split off the same larger block are taken as one: the halves that
 * would be put on lists and taken off again at once leave no trace. 7 ns a page and not 30.
 *
 * Too long to be compiled into an allocation, of which one in some needs it: so there is room in here for what it calls.
 * @see linux 6.1 mm/page_alloc.c rmqueue_bulk
 */
export function refillLocked(
  pages: PageAllocator,
  cpu: number,
  zone: number,
  order: number,
  type: number,
  count: number,
  allocFlags: number,
): number {
  const size = 1 << order;
  const head = pcpHead(pages, cpu, zone, 3 * order + type);
  // With free pages in CMA blocks each block is decided on alone.
  const plain = (allocFlags & CMA_FLAG) === 0 || pages.zoneState[zone * ZONE_WORDS + FREE_CMA]! <= 0;
  let taken = 0;
  let arrived = 0;
  while (taken < count) {
    const doublings = plain ? runDoublings(pages, zone, order, type, count - taken) : -1;
    let first: number;
    if (doublings >= 0) {
      pages.takenType = type;
      first = takeSmallest(pages, zone, order + doublings, type);
    } else first = takeBlock(pages, zone, order, type, allocFlags);
    if (first < 0) break;
    // Only now: to take a block of the top order may have made the pool of frames grow, into new arrays.
    const { next, prev, flags } = pages.frames;
    let last = prev[head]!;
    const blocks = doublings > 0 ? 1 << doublings : 1;
    const end = (first + blocks * size) | 0;
    const clean = !pages.checkPages || !anyFlags(pages.frames, first, end);
    const before = arrived;
    for (let slot = first; slot < end; slot = (slot + size) | 0) {
      if (!clean && anyBadToTake(pages, slot, order)) continue;
      next[last] = slot;
      prev[slot] = last;
      last = slot;
      arrived = (arrived + 1) | 0;
    }
    next[last] = head;
    prev[head] = last;
    if (pages.takenType !== type && arrived > before) {
      flags[first]! |= oddType(pages.takenType);
      if (pages.takenType === CMA) modFreeCmaPages(pages, cpu, zone, -size);
    }
    taken += blocks;
  }
  modFreePages(pages, cpu, zone, -(taken << order));
  return arrived;
}

/** log2 of how many blocks of `order`, up to `most`, come next out of one larger block; -1: of this type there is none. */
function runDoublings(pages: PageAllocator, zone: number, order: number, type: number, most: number): number {
  const mask = pages.listMask[zone * 6 + type]! >> order;
  return mask === 0 ? -1 : Math.min(31 - Math.clz32(mask & -mask), 31 - Math.clz32(most));
}
