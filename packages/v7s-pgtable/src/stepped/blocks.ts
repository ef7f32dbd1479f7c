import { type Context, type Steps, read, write } from '@mm/steps/stepped';

import type { IotlbGather } from '../config.js';
import type { MappedBytes } from '../mapped-bytes.js';
import type { V7sPgtable } from '../pgtable.js';

// The short ways for sections and supersections. `page` and `frame` are numbers of 4 KiB pages in range: as integers they
// cost less than the addresses above 2^31 that they stand for, which are doubles.

/** Level 1 entries of a block of `pageSize` bytes that the short way is for; 0 for others. */
function blockEntries(table: V7sPgtable, pageSize: number): number {
  const isBlock = pageSize === 0x100000 || pageSize === 0x1000000;
  return isBlock && table.shortBlocks && (table.pgsizeBitmap & pageSize) !== 0 ? pageSize >>> 20 : 0;
}

/** Maps one block where nothing is; false, and nothing done, elsewhere. */
export function* mapBlock(
  _ctx: Context,
  table: V7sPgtable,
  page: number,
  frame: number,
  pageSize: number,
  prot: number,
  mapped: MappedBytes | null,
): Steps<boolean> {
  const count = blockEntries(table, pageSize);
  const pages = count << 8;
  if (count === 0 || ((page | frame) & (pages - 1)) !== 0) return false;
  if (page + pages > table.iovaPages || frame + pages > table.paPages) return false;
  const words = table.l1Words();
  const at = (table.l1Base + (page >>> 8)) | 0;
  const end = (at + count) | 0;
  // The level 1 table is aligned to its size, and so to the number of cells: an index has the cell of its entry.
  for (let i = at; i < end; i = (i + 1) | 0) {
    yield read(table.l1Cell + (i & 255));
    if (words[i] !== 0) return false;
  }
  const bits = table.leafBits[(count === 1 ? 0 : 64) + (prot & 63)]! | (frame << 12);
  for (let i = at; i < end; i = (i + 1) | 0) {
    yield write(table.l1Cell + (i & 255));
    words[i] = bits;
  }
  if (mapped !== null) mapped.bytes += pageSize;
  return true;
}

/** Unmaps one block that was mapped as one; false, and nothing done, elsewhere. */
export function* unmapBlock(
  _ctx: Context,
  table: V7sPgtable,
  page: number,
  pageSize: number,
  gather: IotlbGather | null,
): Steps<boolean> {
  const count = blockEntries(table, pageSize);
  const pages = count << 8;
  if (count === 0 || (page & (pages - 1)) !== 0 || page + pages > table.iovaPages) return false;
  const words = table.l1Words();
  const at = (table.l1Base + (page >>> 8)) | 0;
  const end = (at + count) | 0;
  const kind = count === 1 ? 2 : 0x40002;
  for (let i = at; i < end; i = (i + 1) | 0) {
    yield read(table.l1Cell + (i & 255));
    if ((words[i]! & 0x40003) !== kind) return false;
  }
  for (let i = at; i < end; i = (i + 1) | 0) {
    yield write(table.l1Cell + (i & 255));
    words[i] = 0;
  }
  const { tlb } = table;
  if (tlb === null || tlb.addPage === undefined || (gather !== null && gather.queued)) return true;
  for (let i = page; i < page + pages; i += 256) tlb.addPage(gather, i * 0x1000, 0x100000);
  return true;
}
