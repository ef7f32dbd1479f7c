import { type Context, type Steps, read, write } from '@mm/steps/stepped';

import type { IotlbGather } from '../config.js';
import type { V7sPgtable } from '../pgtable.js';

// The common cases, without the doubles that addresses above 2^31 are: `page` is the number of a 4 KiB page of
// IOVA, below 2^22. They do all or nothing, and answer false where the general code has to look.

/** Maps one small page into a table that is there. `bits` is the whole entry. */
export function* mapOnePage(_ctx: Context, table: V7sPgtable, page: number, bits: number): Steps<boolean> {
  const slot = page >>> 8;
  yield read(table.l1Cell + (slot & 255));
  const entry = table.l1Words()[table.l1Base + slot]!;
  if ((entry & 3) !== 1) return false;
  const { memory } = table;
  const pfn = entry >>> 12;
  const words = memory.wordsOf(pfn);
  const at = memory.wordIndexOf(pfn) + ((entry & 0xc00) >>> 2) + (page & 255);
  yield read(table.l2Cell + (page & 255));
  if (words[at] !== 0) return false;
  yield write(table.l2Cell + (page & 255));
  words[at] = bits;
  return true;
}

/** Unmaps small pages from `page` on, at most `count` and within one table. Returns how many it did. */
export function* unmapSmallPages(
  _ctx: Context,
  table: V7sPgtable,
  page: number,
  count: number,
  gather: IotlbGather | null,
): Steps<number> {
  const slot = page >>> 8;
  yield read(table.l1Cell + (slot & 255));
  const entry = table.l1Words()[table.l1Base + slot]!;
  if ((entry & 3) !== 1) return 0;
  const { memory, tlb } = table;
  const pfn = entry >>> 12;
  const words = memory.wordsOf(pfn);
  const base = memory.wordIndexOf(pfn) + ((entry & 0xc00) >>> 2);
  const first = page & 255;
  const end = Math.min(256, first + count);
  const call = tlb !== null && tlb.addPage !== undefined && !(gather !== null && gather.queued);
  let index = first;
  for (; index < end; index++) {
    yield read(table.l2Cell + index);
    if ((words[base + index]! & 2) === 0) break;
    yield write(table.l2Cell + index);
    words[base + index] = 0;
    if (call) tlb.addPage(gather, (page - first + index) * 0x1000, 0x1000);
  }
  return index - first;
}

/** Maps one section where nothing is. */
export function* mapOneSection(_ctx: Context, table: V7sPgtable, slot: number, bits: number): Steps<boolean> {
  yield read(table.l1Cell + (slot & 255));
  const words = table.l1Words();
  if (words[table.l1Base + slot] !== 0) return false;
  yield write(table.l1Cell + (slot & 255));
  words[table.l1Base + slot] = bits;
  return true;
}

/** Unmaps `count` blocks, 1 or the 16 of a supersection; false unless each is a block of that kind. */
export function* unmapBlocks(
  _ctx: Context,
  table: V7sPgtable,
  slot: number,
  count: number,
  gather: IotlbGather | null,
): Steps<boolean> {
  const words = table.l1Words();
  const at = table.l1Base + slot;
  const kind = count === 1 ? 2 : 0x40002;
  for (let i = 0; i < count; i++) {
    yield read(table.l1Cell + ((slot + i) & 255));
    if ((words[at + i]! & 0x40003) !== kind) return false;
  }
  for (let i = 0; i < count; i++) {
    yield write(table.l1Cell + ((slot + i) & 255));
    words[at + i] = 0;
  }
  const { tlb } = table;
  if (tlb === null || tlb.addPage === undefined || (gather !== null && gather.queued)) return true;
  for (let i = 0; i < count; i++) tlb.addPage(gather, (slot + i) * 0x100000, 0x100000);
  return true;
}
