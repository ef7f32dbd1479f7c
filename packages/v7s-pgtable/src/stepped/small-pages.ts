import { type Context, type Steps, read, write } from '@mm/steps/stepped';

import type { IotlbGather } from '../config.js';
import type { V7sPgtable } from '../pgtable.js';

// The common cases, without the doubles that addresses above 2^31 are: `page` is the number of a 4 KiB page of
// IOVA, below 2^22. They do all or nothing, and answer false where the general code has to look.

/** Maps one small page to page frame `frame`, into a table that is there. */
export function* mapOnePage(
  _ctx: Context,
  table: V7sPgtable,
  page: number,
  frame: number,
  prot: number,
): Steps<boolean> {
  if (page >= table.iovaPages || frame >= table.paPages) return false;
  const slot = page >>> 8;
  yield read(table.l1Cell + (slot & 255));
  const entry = table.l1Words()[table.l1Base + slot]!;
  const { memory } = table;
  const chunk = memory.directory[entry >>> 16]!;
  if ((entry & 3) !== 1 || !(chunk > 0)) return false;
  const words = memory.chunks[chunk]!;
  const at = ((entry & 0xfc00) >>> 2) + (page & 255);
  yield read(table.l2Cell + (page & 255));
  if (words[at] !== 0) return false;
  yield write(table.l2Cell + (page & 255));
  words[at] = table.leafBits[128 + (prot & 63)]! | (frame << 12);
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
