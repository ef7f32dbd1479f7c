import { BUDDY_MASK, PageFlag, orderOfFlags } from '@mm/memory';
import { statThresholdOf } from '@mm/zones';

import { checkOrder, checkPfn, checkZone } from './check-arguments.js';
import type { PageAllocator } from './page-allocator.js';
import { pcpAt, PcpWord, ZONE_WORDS, ZoneWord } from './zone-state.js';

/**
 * What can be said of one allocated block without looking further: it is marked allocated with its
 * order, has a reference, is aligned, and none of its other pages is marked free or allocated. Costs as
 * much as the block is long; to be called after each allocation. Empty: all holds.
 *
 * @throws OptionError for what is no page frame or no order.
 * @example
 * expect(checkAllocatedBlock(pages, pfn, 3)).toEqual([]);
 */
export function checkAllocatedBlock(pages: PageAllocator, pfn: number, order: number): string[] {
  checkPfn(pages, pfn);
  checkOrder(order);
  const wrong: string[] = [];
  const { frames } = pages;
  const at = `0x${pfn.toString(16)}`;
  const slot = frames.peekSlotOf(pfn);
  const flags = frames.flags[slot]!;
  if (pfn % (1 << order) !== 0) wrong.push(`${at} is not aligned to order ${order}`);
  if ((flags & PageFlag.allocated) === 0) wrong.push(`${at} is not marked allocated`);
  else if (orderOfFlags(flags) !== order) wrong.push(`${at} is marked with order ${orderOfFlags(flags)}`);
  if (frames.refcount[slot]! < 1) wrong.push(`${at} has no reference`);
  for (let i = 1; i < 1 << order; i++)
    if ((frames.flags[slot + i]! & (BUDDY_MASK | PageFlag.allocated)) !== 0)
      wrong.push(`page ${i} of ${at} is marked free or allocated`);
  return wrong;
}

/**
 * What can be said of a zone's counters without walking lists: none is below what it can be. Costs a few
 * reads a CPU; to be called after each command. Empty: all holds.
 *
 *   0 ≤ free + parts;   free + parts + Σ pcp count ≤ managed;   0 ≤ pcp count;   |part| ≤ threshold with all CPUs online
 *
 * @throws OptionError for what is no zone.
 * @example
 * expect(checkZoneCounters(pages, 0)).toEqual([]);
 */
export function checkZoneCounters(pages: PageAllocator, zone: number): string[] {
  checkZone(pages, zone);
  const wrong: string[] = [];
  const name = pages.zones.names[zone]!;
  let free = pages.zoneState[zone * ZONE_WORDS + ZoneWord.free]!;
  let onPcp = 0;
  // With fewer CPUs online the threshold is lower; a part that was within the higher one waits for its next change.
  const most = pages.online.includes(0) ? statThresholdOf(pages.zones.managed[zone]!, pages.cpus) : 0;
  for (let cpu = 0; cpu < pages.cpus; cpu++) {
    const at = pcpAt(cpu, zone);
    const part = pages.pcpState[at + PcpWord.freeDiff]!;
    const count = pages.pcpState[at + PcpWord.count]!;
    if (Math.abs(part) > Math.max(most, pages.pcpState[at + PcpWord.statThreshold]!))
      wrong.push(`${name} CPU ${cpu}: its part ${part} of the free counter is beyond the threshold`);
    if (count < 0) wrong.push(`${name} CPU ${cpu}: counts ${count} pages on its lists`);
    free += part;
    onPcp += count;
  }
  if (free < 0) wrong.push(`${name}: counts ${free} free pages`);
  if (free + onPcp > pages.zones.managed[zone]!)
    wrong.push(`${name}: ${free} free and ${onPcp} per-cpu pages are more than are managed`);
  return wrong;
}
