import { OptionError } from '@mm/printk';

import { MigrateType, PCP_HEADS, TOP_ORDER } from './migrate-types.js';

import {
  checkAllocator,
  checkBlock,
  checkCpu,
  checkPcpIndex,
  checkType,
  checkZone,
} from './check-arguments.js';
import { updateFloors } from './floors.js';
import { ZONE_HEADS, addFree, addTopFree, freeOrderAt, linkAfter } from './free-area.js';
import type { PageAllocator } from './page-allocator.js';
import { oddType, pcpHead } from './pcp-lists.js';
import { PcpWord, ZONES_MAX, pcpAt } from './zone-state.js';

/**
 * Empties all free lists and per-cpu lists and zeroes their counters, as if every page were held by
 * somebody unknown. Pageblocks become MOVABLE.
 *
 * @throws OptionError for what is no PageAllocator.
 * @example
 * resetFreeLists(pages); // then insertFreeTail() and insertPcpTail() set up a state
 */
export function resetFreeLists(pages: PageAllocator): void {
  const { frames } = checkAllocator(pages);
  const heads = pages.nrZones * ZONE_HEADS + pages.cpus * ZONES_MAX * PCP_HEADS;
  for (let slot = 0; slot < frames.slotCount; slot++) {
    frames.flags[slot] = 0;
    frames.refcount[slot] = 0;
  }
  for (let slot = pages.listBase; slot < pages.listBase + heads; slot++) {
    frames.next[slot] = slot;
    frames.prev[slot] = slot;
  }
  for (let head = pages.topHeads; head < pages.topNext.length; head++) {
    pages.topNext[head] = head;
    pages.topPrev[head] = head;
  }
  pages.topFree.fill(0);
  pages.areaFree.fill(0);
  pages.listMask.fill(0);
  for (let block = 0; block < pages.blockInfo.length; block++)
    pages.blockInfo[block] = (pages.blockInfo[block]! & ~7) | MigrateType.MOVABLE;
  pages.zoneState.fill(0);
  for (let cpu = 0; cpu < pages.cpus; cpu++)
    for (let zone = 0; zone < pages.nrZones; zone++) {
      const at = pcpAt(cpu, zone);
      for (const word of [PcpWord.count, PcpWord.freeFactor, PcpWord.freeDiff, PcpWord.freeCmaDiff])
        pages.pcpState[at + word] = 0;
    }
  updateFloors(pages);
}

/**
 * Puts a block at the tail of a free list, to set up a state. No merging, no counters of pages.
 *
 * @throws OptionError when there is no such zone, block or type, or the block is free already;
 * whether the zone spans it and pages of it are in use is not looked at.
 * @example
 * insertFreeTail(pages, zone, 1024, 10, MigrateType.MOVABLE);
 */
export function insertFreeTail(
  pages: PageAllocator,
  zone: number,
  pfn: number,
  order: number,
  type: number,
): void {
  checkZone(pages, zone);
  checkBlock(pages, pfn, order);
  checkType(type);
  if (freeOrderAt(pages, pfn) === order) throw new OptionError('pfn', 'a block that is not free', pfn);
  if (order >= TOP_ORDER) addTopFree(pages, zone, pfn >> TOP_ORDER, type, true);
  else addFree(pages, zone, pages.frames.slotOf(pfn), order, type, true);
}

/**
 * Puts a block at the tail of a per-cpu list, to set up a state. `type` is the type under which it was
 * freed.
 *
 * @throws OptionError when there is no such CPU, zone, block, list or type, or the block heads a free block.
 * @example
 * insertPcpTail(pages, 0, zone, 4711, 1, MigrateType.MOVABLE);
 */
export function insertPcpTail(
  pages: PageAllocator,
  cpu: number,
  zone: number,
  pfn: number,
  index: number,
  type: number,
): void {
  checkCpu(pages, cpu);
  checkZone(pages, zone);
  checkType(type);
  checkBlock(pages, pfn, Math.floor(checkPcpIndex(index) / 3));
  if (freeOrderAt(pages, pfn) !== -1) throw new OptionError('pfn', 'a page frame that is not free', pfn);
  const { frames, pcpState } = pages;
  const slot = frames.slotOf(pfn);
  const head = pcpHead(pages, cpu, zone, index);
  linkAfter(frames.next, frames.prev, frames.prev[head]!, slot);
  if (type !== index % 3) frames.flags[slot]! |= oddType(type);
  pcpState[pcpAt(cpu, zone) + PcpWord.count]! += 1 << ((index / 3) | 0);
}
