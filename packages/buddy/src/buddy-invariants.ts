import { BUDDY_MASK, PageFlag, buddyKey, orderOfFlags } from '@mm/memory';

import { checkAllocator } from './check-arguments.js';
import { floorOf } from './floors.js';
import { areaOf, freeOrderAt, isListEmpty } from './free-area.js';
import {
  MAX_ORDER,
  MIGRATE_PCPTYPES,
  MIGRATE_TYPES,
  MIGRATE_TYPE_NAMES,
  MigrateType,
  NR_PCP_LISTS,
  TOP_ORDER,
} from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { blockTypeOf, zoneSpans } from './pageblocks.js';
import { type ReadList, readFreeList, readPcpList } from './read-lists.js';
import { PcpWord, STATE_FLOORS, ZONE_WORDS, ZoneWord, pcpAt } from './zone-state.js';

/**
 * Looks at everything: every list, every link, every counter. What it finds wrong is returned as text;
 * an empty array means that all holds:
 *
 *   free + Σ per-cpu parts of the counter = Σ lists of length × 2^order, isolated lists left out
 *   blocks counted of an order = Σ types of list length;   a list's bit is set = it is not empty
 *   pcp count = Σ lists of length × 2^order;   who is linked to links back
 *   floors are what watermarks, boosts and reserves make them
 *   no page is in two places;   below pageblock order and outside isolated blocks no two buddies are free
 *
 * Costs as much as there is on the lists. To be called when no allocation is under way.
 *
 * @throws OptionError for what is no PageAllocator.
 * @example
 * expect(checkBuddyInvariants(pages)).toEqual([]);
 */
export function checkBuddyInvariants(pages: PageAllocator): string[] {
  checkAllocator(pages);
  const wrong: string[] = [];
  const taken = new Map<number, string>();
  for (let zone = 0; zone < pages.nrZones; zone++) {
    const free = checkFreeLists(pages, zone, taken, wrong);
    const onPcp = checkPcpLists(pages, zone, taken, wrong);
    checkCounters(pages, zone, free.free, free.isolated, onPcp, wrong);
  }
  checkOverlaps(pages, taken, wrong);
  checkFloors(pages, wrong);
  return wrong;
}

function checkFloors(pages: PageAllocator, wrong: string[]): void {
  for (let bits = 0; bits < 32; bits++) {
    const [is, due] = [pages.state[STATE_FLOORS + bits]!, floorOf(pages, pages.state[bits]!)];
    if (is !== due) wrong.push(`floor of plan ${bits}: holds ${is}, watermarks and reserves make ${due}`);
  }
}

const nameOf = (pages: PageAllocator, zone: number): string => pages.zones.names[zone]!;
const hex = (pfn: number): string => `0x${pfn.toString(16)}`;

/** Blocks are noted by their first pfn and order: pfn * 16 + order. */
function checkFreeLists(
  pages: PageAllocator,
  zone: number,
  taken: Map<number, string>,
  wrong: string[],
): { free: number; isolated: number } {
  let free = 0;
  let isolated = 0;
  for (let order = 0; order < MAX_ORDER; order++) {
    let blocks = 0;
    for (let type = 0; type < MIGRATE_TYPES; type++) {
      const list = readFreeList(pages, zone, order, type);
      const { pfns } = list;
      const said = isListEmpty(pages, zone, order, type);
      if (said && pfns.length === 0 && list.brokenAt === -1) continue;
      const where = `${nameOf(pages, zone)} free list of order ${order}, ${MIGRATE_TYPE_NAMES[type]}`;
      checkLinks(list, where, wrong);
      if (said !== (pfns.length === 0))
        wrong.push(`${where}: its bit says ${pfns.length === 0 ? 'not ' : ''}empty`);
      for (const pfn of pfns) checkFreeBlock(pages, zone, pfn, order, where, taken, wrong);
      blocks += pfns.length;
      free += pfns.length << order;
      if (type === MigrateType.ISOLATE) isolated += pfns.length << order;
    }
    const counted = pages.areaFree[areaOf(zone, order)]!;
    if (counted !== blocks)
      wrong.push(
        `${nameOf(pages, zone)} order ${order}: counts ${counted} free blocks, lists hold ${blocks}`,
      );
  }
  return { free, isolated };
}

function checkLinks({ brokenAt }: ReadList, where: string, wrong: string[]): void {
  if (brokenAt !== -1) wrong.push(`${where}: links behind ${hex(brokenAt)} contradict each other`);
}

function checkFreeBlock(
  pages: PageAllocator,
  zone: number,
  pfn: number,
  order: number,
  where: string,
  taken: Map<number, string>,
  wrong: string[],
): void {
  const { frames } = pages;
  if (pfn % (1 << order) !== 0) wrong.push(`${where}: ${hex(pfn)} is not aligned`);
  if (!zoneSpans(pages, zone, pfn)) wrong.push(`${where}: ${hex(pfn)} is outside the zone`);
  if (freeOrderAt(pages, pfn) !== order)
    wrong.push(`${where}: ${hex(pfn)} is not marked free with that order`);
  const slot = frames.peekSlotOf(pfn);
  if (order < TOP_ORDER && (frames.flags[slot]! & BUDDY_MASK) !== buddyKey(zone, order))
    wrong.push(`${where}: ${hex(pfn)} is marked as of another zone`);
  if (frames.refcount[slot] !== 0) wrong.push(`${where}: ${hex(pfn)} has references`);
  const buddy = pfn ^ (1 << order);
  const mayMerge = order < pages.pageblockOrder && order < TOP_ORDER;
  if (mayMerge && freeOrderAt(pages, buddy) === order && blockTypeOf(pages, pfn) !== MigrateType.ISOLATE)
    if (frames.zone[frames.peekSlotOf(buddy)] === zone && buddy > pfn)
      wrong.push(`${where}: ${hex(pfn)} and its buddy are both free`);
  note(taken, pfn, order, where, wrong);
}

function note(taken: Map<number, string>, pfn: number, order: number, where: string, wrong: string[]): void {
  const key = pfn * 16 + order;
  const other = taken.get(key);
  if (other === undefined) taken.set(key, where);
  else wrong.push(`${where}: ${hex(pfn)} is also on ${other}`);
}

function checkPcpLists(
  pages: PageAllocator,
  zone: number,
  taken: Map<number, string>,
  wrong: string[],
): number {
  let total = 0;
  for (let cpu = 0; cpu < pages.cpus; cpu++) {
    let onCpu = 0;
    for (let index = 0; index < NR_PCP_LISTS; index++) {
      const list = readPcpList(pages, cpu, zone, index);
      const { pfns } = list;
      if (pfns.length === 0 && list.brokenAt === -1) continue;
      const order = Math.floor(index / MIGRATE_PCPTYPES);
      const where = `${nameOf(pages, zone)} list ${index} of CPU ${cpu}`;
      checkLinks(list, where, wrong);
      for (const pfn of pfns) {
        const slot = pages.frames.peekSlotOf(pfn);
        if ((pages.frames.flags[slot]! & (PageFlag.buddy | PageFlag.allocated)) !== 0)
          wrong.push(`${where}: ${hex(pfn)} is marked free or allocated`);
        note(taken, pfn, order, where, wrong);
        onCpu += 1 << order;
      }
    }
    const counted = pages.pcpState[pcpAt(cpu, zone) + PcpWord.count]!;
    if (counted !== onCpu)
      wrong.push(`${nameOf(pages, zone)} CPU ${cpu}: counts ${counted} pages, its lists hold ${onCpu}`);
    total += onCpu;
  }
  return total;
}

function checkCounters(
  pages: PageAllocator,
  zone: number,
  free: number,
  isolated: number,
  onPcp: number,
  wrong: string[],
): void {
  const name = nameOf(pages, zone);
  let counted = pages.zoneState[zone * ZONE_WORDS + ZoneWord.free]!;
  for (let cpu = 0; cpu < pages.cpus; cpu++) counted += pages.pcpState[pcpAt(cpu, zone) + PcpWord.freeDiff]!;
  if (counted !== free - isolated)
    wrong.push(`${name}: counts ${counted} free pages, lists hold ${free - isolated} that are not isolated`);
  const managed = pages.zones.managed[zone]!;
  if (free + onPcp > managed)
    wrong.push(`${name}: ${free} free and ${onPcp} per-cpu pages are more than ${managed} managed`);
}

/** No block lies inside another, and no page of a free block is in use. */
function checkOverlaps(pages: PageAllocator, taken: Map<number, string>, wrong: string[]): void {
  const { frames } = pages;
  const keys = Float64Array.from(taken.keys()).sort();
  let end = 0;
  for (const key of keys) {
    const pfn = Math.floor(key / 16);
    const order = key % 16;
    if (pfn < end) wrong.push(`${taken.get(key)}: ${hex(pfn)} lies inside the block before it`);
    end = pfn + (1 << order);
    if (!frames.isMade(pfn)) continue;
    for (let at = pfn + 1; at < end; at++) {
      const flags = frames.flags[frames.peekSlotOf(at)]!;
      if ((flags & (PageFlag.allocated | PageFlag.buddy)) !== 0)
        wrong.push(`${taken.get(key)}: ${hex(at)} inside ${hex(pfn)} is ${describe(flags)}`);
    }
  }
}

const describe = (flags: number): string =>
  (flags & PageFlag.allocated) !== 0
    ? `allocated with order ${orderOfFlags(flags)}`
    : `free with order ${orderOfFlags(flags)}`;
