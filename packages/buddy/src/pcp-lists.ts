import { linkAfter, unlink } from './free-area.js';
import { freeBlock } from './merge-block.js';
import { MIGRATE_PCPTYPES, MigrateType, NR_PCP_LISTS } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { anyBadToTake, isBadToFree } from './page-checks.js';
import { blockTypeOf } from './pageblocks.js';
import { takeBlock } from './take-block.js';
import { modFreeCmaPages, modFreePages } from './zone-counters.js';
import { PCP_WORDS, PcpWord, ZONE_WORDS, ZoneFlag, ZoneWord } from './zone-state.js';

/** A batch is doubled at most this often. @see linux 6.1 mm/Kconfig PCP_BATCH_SCALE_MAX */
export const PCP_BATCH_SCALE_MAX = 5;

/** Where the words of (cpu, zone) start in `pcpState`. */
export const pcpAt = (pages: PageAllocator, cpu: number, zone: number): number =>
  (cpu * pages.nrZones + zone) * PCP_WORDS;

/** The lock of the lists of (cpu, zone). */
export const pcpLock = (pages: PageAllocator, cpu: number, zone: number): number =>
  pages.pcpLockCell + cpu * pages.nrZones + zone;

/** The head slot of per-cpu list `index` of (cpu, zone). */
export const pcpHead = (pages: PageAllocator, cpu: number, zone: number, index: number): number =>
  pages.pcpBase + (cpu * pages.nrZones + zone) * NR_PCP_LISTS + index;

/**
 * Takes up to `count` blocks off the free lists to the tail of a per-cpu list; returns how many
 * arrived. Under the zone's lock.
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
  const head = pcpHead(pages, cpu, zone, 3 * order + type);
  let taken = 0;
  let arrived = 0;
  for (; taken < count; taken++) {
    const slot = takeBlock(pages, zone, order, type, allocFlags);
    if (slot < 0) break;
    if (anyBadToTake(pages, slot, order)) continue;
    const { next, prev, migratetype } = pages.frames;
    linkAfter(next, prev, prev[head]!, slot);
    arrived++;
    if (migratetype[slot] === MigrateType.CMA) modFreeCmaPages(pages, cpu, zone, -(1 << order));
  }
  modFreePages(pages, cpu, zone, -(taken << order));
  return arrived;
}

/**
 * Gives up to `count` pages of (cpu, zone) back to the free lists, list after list in turn from
 * `firstIndex`, each list from its tail. Under the zone's lock.
 * @see linux 6.1 mm/page_alloc.c free_pcppages_bulk
 */
export function giveBackLocked(
  pages: PageAllocator,
  cpu: number,
  zone: number,
  count: number,
  firstIndex: number,
): void {
  const { frames, pcpState } = pages;
  const counter = pcpAt(pages, cpu, zone) + PcpWord.count;
  const base = pcpHead(pages, cpu, zone, 0);
  let left = Math.min(pcpState[counter]!, count);
  let low = 0;
  let high = NR_PCP_LISTS - 1;
  let index = firstIndex - 1;
  const isolated = pages.zoneState[zone * ZONE_WORDS + ZoneWord.isolatedBlocks]! > 0;
  while (left > 0) {
    for (;;) {
      if (++index > high) index = low;
      if (frames.next[base + index] !== base + index) break;
      if (index === high) high--;
      if (index === low) low++;
    }
    const head = base + index;
    const order = (index / MIGRATE_PCPTYPES) | 0;
    do {
      const slot = frames.prev[head]!;
      unlink(frames.next, frames.prev, slot);
      left -= 1 << order;
      pcpState[counter]! -= 1 << order;
      if (isBadToFree(pages, slot)) continue;
      const type = isolated ? blockTypeOf(pages, frames.pfnOf(slot)) : frames.migratetype[slot]!;
      freeBlock(pages, cpu, zone, slot, order, type);
    } while (left > 0 && frames.next[head] !== head);
  }
}

/** Pages at which a free gives some back. @see linux 6.1 mm/page_alloc.c nr_pcp_high */
export function pcpHighNow(pages: PageAllocator, at: number, zone: number, freesHigh: boolean): number {
  const high = pages.pcpState[at + PcpWord.high]!;
  if (high === 0 || freesHigh) return 0;
  if ((pages.zoneState[zone * ZONE_WORDS + ZoneWord.flags]! & ZoneFlag.reclaimActive) === 0) return high;
  return Math.min(pages.pcpState[at + PcpWord.batch]! << 2, high);
}

/**
 * How many pages to give back: the batch, twice as much each time in a row.
 * @see linux 6.1 mm/page_alloc.c nr_pcp_free
 */
export function pcpFreeCount(pages: PageAllocator, at: number, high: number, freesHigh: boolean): number {
  const { pcpState } = pages;
  if (freesHigh) return pcpState[at + PcpWord.count]!;
  const batch = pcpState[at + PcpWord.batch]!;
  if (high < batch) return 1;
  const most = high - batch;
  const scaled = batch * 2 ** pcpState[at + PcpWord.freeFactor]!;
  if (scaled < most && pcpState[at + PcpWord.freeFactor]! < PCP_BATCH_SCALE_MAX)
    pcpState[at + PcpWord.freeFactor]!++;
  return Math.max(batch, Math.min(scaled, most));
}
