import { BLOCK_ORDER_SHIFT, orderOfFlags } from '@mm/memory';

import { freeBlock } from './merge-block.js';
import { MigrateType, NR_PCP_LISTS as NR_LISTS } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { anyBadToTake, isBadToFree } from './page-checks.js';
import { blockTypeOf } from './pageblocks.js';
import { takeBlock } from './take-block.js';
import { modFreeCmaPages, modFreePages } from './zone-counters.js';
import { PcpWord, ZONE_WORDS, ZoneFlag, ZoneWord, pcpAt, pcpSet } from './zone-state.js';

// Local constants: imported ones are read from their module each time.
const COUNT = PcpWord.count;
const THRESHOLD = PcpWord.statThreshold;
const FREE_DIFF = PcpWord.freeDiff;
const ISOLATED = ZoneWord.isolatedBlocks;
const CMA = MigrateType.CMA;
const ISOLATE = MigrateType.ISOLATE;
const NR_PCP_LISTS = NR_LISTS;

/** A batch is doubled at most this often. @see linux 6.1 mm/Kconfig PCP_BATCH_SCALE_MAX */
export const PCP_BATCH_SCALE_MAX = 5;

/**
 * A page on a list of another type than its own has its type here, 0 where they are the same: pages of
 * HIGHATOMIC and CMA blocks lie on the movable lists.
 */
export const oddType = (type: number): number => (type + 1) << BLOCK_ORDER_SHIFT;
const ODD_TYPE_MASK = 15 << BLOCK_ORDER_SHIFT;

function pcpTypeOfFlags(flags: number, index: number): number {
  const odd = orderOfFlags(flags);
  return odd === 0 ? index % 3 : odd - 1;
}

/**
 * The migrate type under which a page on per-cpu list `index` was freed.
 *
 * @example
 * pcpTypeOf(pages, pfn, 1); // 3 when the page lies in a HIGHATOMIC block
 */
export function pcpTypeOf(pages: PageAllocator, pfn: number, index: number): number {
  return pcpTypeOfFlags(pages.frames.flags[pages.frames.peekSlotOf(pfn)]!, index);
}

/** The lock of the lists of (cpu, zone). */
export const pcpLock = (pages: PageAllocator, cpu: number, zone: number): number =>
  pages.pcpLockCell + pcpSet(cpu, zone);

/** The cell of the sizes of (cpu, zone): its high mark and batch. */
export const pcpSizesCellOf = (pages: PageAllocator, cpu: number, zone: number): number =>
  pages.pcpSizesCell + pcpSet(cpu, zone);

/** The head slot of per-cpu list `index` of (cpu, zone). */
export const pcpHead = (pages: PageAllocator, cpu: number, zone: number, index: number): number =>
  pages.pcpBase + (pcpSet(cpu, zone) << 4) + index;

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
    const { next, prev, flags } = pages.frames;
    // Single pages are looked at here: a call each costs more than the look.
    if ((order !== 0 || flags[slot] !== 0) && anyBadToTake(pages, slot, order)) continue;
    const last = prev[head]!;
    next[last] = slot;
    prev[slot] = last;
    next[slot] = head;
    prev[head] = slot;
    arrived++;
    if (pages.takenType === type) continue;
    flags[slot]! |= oddType(pages.takenType);
    if (pages.takenType === CMA) modFreeCmaPages(pages, cpu, zone, -(1 << order));
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
  const { pcpState } = pages;
  const counter = pcpAt(cpu, zone) + COUNT;
  const base = pcpHead(pages, cpu, zone, 0);
  const { next } = pages.frames;
  let left = Math.min(pcpState[counter]!, count);
  let low = 0;
  let high = NR_PCP_LISTS - 1;
  let index = firstIndex - 1;
  while (left > 0) {
    for (;;) {
      if (++index > high) index = low;
      if (next[base + index] !== base + index) break;
      if (index === high) high--;
      if (index === low) low++;
    }
    const given = giveBackList(pages, cpu, zone, base, index, left);
    left -= given;
    pcpState[counter]! -= given;
  }
}

/** Gives back blocks of one list until it is empty or `most` pages are reached; returns the pages. */
function giveBackList(
  pages: PageAllocator,
  cpu: number,
  zone: number,
  base: number,
  index: number,
  most: number,
): number {
  const head = (base + index) | 0;
  const order = (index / 3) | 0;
  const listType = index - 3 * order;
  const { frames, pcpState } = pages;
  const { next, prev, flags, refcount } = frames;
  const isolated = pages.zoneState[zone * ZONE_WORDS + ISOLATED]! > 0;
  const at = pcpAt(cpu, zone);
  const free = zone * ZONE_WORDS;
  const threshold = pcpState[at + THRESHOLD]!;
  let part = pcpState[at + FREE_DIFF]!;
  let given = 0;
  do {
    const slot = prev[head]!;
    const before = prev[slot]!;
    next[before] = head;
    prev[head] = before;
    given += 1 << order;
    let listed = listType;
    if ((flags[slot]! | refcount[slot]!) !== 0) {
      if (isBadToFree(pages, slot)) continue;
      listed = pcpTypeOfFlags(flags[slot]!, index);
      flags[slot]! &= ~ODD_TYPE_MASK;
    }
    const type = isolated ? blockTypeOf(pages, frames.pfnOf(slot)) : listed;
    // Counted block by block, as modFreePages() does: where the sum is folded shows in the counters.
    if (type !== ISOLATE) {
      part += 1 << order;
      if (part > threshold || part < -threshold) {
        pages.zoneState[free]! += part;
        part = 0;
      }
      if (type === CMA) modFreeCmaPages(pages, cpu, zone, 1 << order);
    }
    freeBlock(pages, zone, slot, order, type, false);
  } while (given < most && next[head] !== head);
  pcpState[at + FREE_DIFF] = part;
  return given;
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
