import { BLOCK_ORDER_SHIFT, orderOfFlags } from '@mm/memory';

import { checkPcpIndex, checkPfn } from './check-arguments.js';
import type { PageAllocator } from './page-allocator.js';
import { PcpWord, ZONE_WORDS, ZoneFlag, ZoneWord, pcpSet } from './zone-state.js';

/** A batch is doubled at most this often. @see linux 6.1 mm/Kconfig PCP_BATCH_SCALE_MAX */
export const PCP_BATCH_SCALE_MAX = 5;

/**
 * A page on a list of another type than its own has its type here, 0 where they are the same: pages of
 * HIGHATOMIC and CMA blocks lie on the movable lists.
 */
export const oddType = (type: number): number => (type + 1) << BLOCK_ORDER_SHIFT;
/** Where that type is. */
export const ODD_TYPE_MASK: number = 15 << BLOCK_ORDER_SHIFT;

/** As {@link pcpTypeOf}, of a page with these flags. */
export function pcpTypeOfFlags(flags: number, index: number): number {
  const odd = orderOfFlags(flags);
  return odd === 0 ? index % 3 : odd - 1;
}

/**
 * The migrate type under which a page on per-cpu list `index` was freed.
 *
 * @throws OptionError for what is no page frame or list.
 * @example
 * pcpTypeOf(pages, pfn, 1); // 3 when the page lies in a HIGHATOMIC block
 */
export function pcpTypeOf(pages: PageAllocator, pfn: number, index: number): number {
  checkPfn(pages, pfn);
  checkPcpIndex(index);
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
  const factor = pcpState[at + PcpWord.freeFactor]!;
  const scaled = batch << factor;
  if (scaled >= most) return most < batch ? batch : most;
  if (factor < PCP_BATCH_SCALE_MAX) pcpState[at + PcpWord.freeFactor] = factor + 1;
  return scaled;
}
