import { freeBlock } from './merge-block.js';
import { MigrateType, NR_PCP_LISTS as NR_LISTS } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { isBadToFree } from './page-checks.js';
import { blockTypeOf } from './pageblocks.js';
import { ODD_TYPE_MASK as ODD_MASK, pcpHead, pcpTypeOfFlags } from './pcp-lists.js';
import { modFreepageState } from './zone-counters.js';
import { PcpWord, ZONE_WORDS, ZoneWord, pcpAt } from './zone-state.js';

// Local constants: imported ones are read from their module each time.
const COUNT = PcpWord.count;
const THRESHOLD = PcpWord.statThreshold;
const FREE_DIFF = PcpWord.freeDiff;
const ISOLATED = ZoneWord.isolatedBlocks;
const ISOLATE = MigrateType.ISOLATE;
const ZONE_SHIFT = 3;
const NR_PCP_LISTS = NR_LISTS;
const ODD_TYPE_MASK = ODD_MASK;

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
  const { next, prev } = pages.frames;
  let left = Math.min(pcpState[counter]!, count);
  const first = base + firstIndex;
  // The only block there is, as when larger blocks are freed in a row: no list has to be looked for.
  if (left === pcpState[counter] && left === 1 << ((firstIndex / 3) | 0) && next[first] !== first) {
    const slot = next[first]!;
    next[first] = prev[first] = first;
    pcpState[counter] = 0;
    const order = (firstIndex / 3) | 0;
    return giveBackOne(pages, cpu, zone, slot, order, firstIndex - 3 * order);
  }
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

/**
 * Gives back blocks of one list until it is empty or `most` pages are reached; returns the pages.
 *
 * Blocks that follow one another upwards or downwards are collected and freed as the aligned blocks that they
 * would merge into: what would be put on a list and merged away at once leaves no trace.
 */
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
  const size = 1 << order;
  const listType = index - 3 * order;
  const { pcpState, zoneState } = pages;
  const { next, prev, flags, refcount } = pages.frames;
  const isolated = zoneState[zone * ZONE_WORDS + ISOLATED]! > 0;
  const at = pcpAt(cpu, zone);
  const threshold = pcpState[at + THRESHOLD]!;
  let part = pcpState[at + FREE_DIFF]!;
  let given = 0;
  let start = 0;
  let end = 0;
  let up = 0;
  let slot = prev[head]! | 0;
  do {
    const before = prev[slot]!;
    given = (given + size) | 0;
    if ((flags[slot]! | refcount[slot]!) !== 0 || isolated) {
      if (end !== start) freeRun(pages, zone, start, end, order, listType, up);
      start = end;
      pcpState[at + FREE_DIFF] = part;
      giveBackOne(pages, cpu, zone, slot, order, listType);
      part = pcpState[at + FREE_DIFF]!;
    } else {
      if (slot === end && up >= 0 && end !== start) {
        end = (end + size) | 0;
        up = 1;
      } else if (slot === start - size && up <= 0 && end !== start) {
        start = slot;
        up = -1;
      } else {
        if (end !== start) freeRun(pages, zone, start, end, order, listType, up);
        start = slot;
        end = (slot + size) | 0;
        up = 0;
      }
      // Counted block by block, as modFreePages() does: where the sum is folded shows in the counters.
      part = (part + size) | 0;
      if (part > threshold || part < -threshold) {
        zoneState[zone * ZONE_WORDS]! += part;
        part = 0;
      }
    }
    slot = before;
  } while (given < most && slot !== head);
  next[slot] = head;
  prev[head] = slot;
  if (end !== start) freeRun(pages, zone, start, end, order, listType, up);
  pcpState[at + FREE_DIFF] = part;
  return given;
}

/** Frees the blocks of `order` in the slots [start, end), one after the other upwards or downwards. */
function freeRun(
  pages: PageAllocator,
  zone: number,
  start: number,
  end: number,
  order: number,
  type: number,
  up: number,
): void {
  const size = 1 << order;
  if (end - start === size) return freeBlock(pages, zone, start, order, type, false);
  // Pageblocks merge with one another only where their types allow it.
  const most = 1 << pages.pageblockOrder;
  let from = start | 0;
  let to = end | 0;
  while (from < to) {
    const edge = up > 0 ? from : to;
    const room = Math.min(edge & -edge, most, 1 << (31 - Math.clz32(to - from)));
    const chunk = Math.max(room, size);
    if (up > 0) {
      freeBlock(pages, zone, from, 31 - Math.clz32(chunk), type, false);
      from = (from + chunk) | 0;
    } else {
      to = (to - chunk) | 0;
      freeBlock(pages, zone, to, 31 - Math.clz32(chunk), type, false);
    }
  }
}

/**
 * Gives back a block of the lists of `listType` that is off its list already; it may be marked, or lie in an isolated
 * pageblock.
 */
export function giveBackOne(
  pages: PageAllocator,
  cpu: number,
  zone: number,
  slot: number,
  order: number,
  listType: number,
): void {
  const { flags, refcount } = pages.frames;
  let type = listType;
  if ((flags[slot]! | refcount[slot]!) !== 0) {
    if (isBadToFree(pages, slot)) return;
    type = pcpTypeOfFlags(flags[slot]!, listType);
    flags[slot]! &= ~ODD_TYPE_MASK;
  }
  if (pages.zoneState[(zone << ZONE_SHIFT) | ISOLATED]! > 0)
    type = blockTypeOf(pages, pages.frames.pfnOf(slot));
  if (type !== ISOLATE) modFreepageState(pages, cpu, zone, 1 << order, type);
  freeBlock(pages, zone, slot, order, type, false);
}
