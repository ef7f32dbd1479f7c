import { type Context, type Steps, read, write } from '@mm/steps/stepped';

import type { IotlbGather } from '../config.js';
import type { MappedBytes } from '../mapped-bytes.js';
import type { V7sPgtable } from '../pgtable.js';

// The short ways for sections and supersections. `page` and `frame` are numbers of 4 KiB pages in range: as integers they
// cost less than the addresses above 2^31 that they stand for, which are doubles.

/** Level 1 entries of a supersection. */
const ENTRIES = 16;

/** Maps one section where nothing is; false, and nothing done, elsewhere. */
function* mapSection(
  _ctx: Context,
  table: V7sPgtable,
  page: number,
  frame: number,
  prot: number,
): Steps<boolean> {
  if (((page | frame) & 255) !== 0 || (table.blockSizes & 0x100000) === 0) return false;
  const words = table.l1Words();
  const at = (table.l1Base + (page >>> 8)) | 0;
  yield read(table.l1Cell + (at & 255));
  if (words[at] !== 0) return false;
  yield write(table.l1Cell + (at & 255));
  words[at] = table.leafBits[prot & 63]! | (frame << 12);
  return true;
}

/** Maps one section or supersection where nothing is; false, and nothing done, elsewhere. */
export function* mapBlock(
  ctx: Context,
  table: V7sPgtable,
  page: number,
  frame: number,
  pageSize: number,
  prot: number,
  mapped: MappedBytes | null,
): Steps<boolean> {
  let done = false;
  if (pageSize === 0x100000) done = yield* mapSection(ctx, table, page, frame, prot);
  else if (pageSize === 0x1000000) done = yield* mapSupersection(ctx, table, page, frame, prot);
  if (done && mapped !== null) mapped.bytes += pageSize;
  return done;
}

/** As {@link mapSection}. All entries are read before one is written: no branch for each. */
function* mapSupersection(
  _ctx: Context,
  table: V7sPgtable,
  page: number,
  frame: number,
  prot: number,
): Steps<boolean> {
  if (((page | frame) & 4095) !== 0 || (table.blockSizes & 0x1000000) === 0) return false;
  const words = table.l1Words();
  const at = (table.l1Base + (page >>> 8)) | 0;
  const end = (at + ENTRIES) | 0;
  // The level 1 table is aligned to its size, and so to the number of cells: an index has the cell of its entry.
  let there = 0;
  for (let i = at; i < end; i = (i + 1) | 0) {
    yield read(table.l1Cell + (i & 255));
    there |= words[i]!;
  }
  if (there !== 0) return false;
  const bits = table.leafBits[64 + (prot & 63)]! | (frame << 12);
  for (let i = at; i < end; i = (i + 1) | 0) {
    yield write(table.l1Cell + (i & 255));
    words[i] = bits;
  }
  return true;
}

/** Unmaps one section or supersection that was mapped as one; false, and nothing done, elsewhere. */
export function* unmapBlock(
  ctx: Context,
  table: V7sPgtable,
  page: number,
  pageSize: number,
  gather: IotlbGather | null,
): Steps<boolean> {
  if (pageSize === 0x100000) return yield* unmapSection(ctx, table, page, gather);
  if (pageSize === 0x1000000) return yield* unmapSupersection(ctx, table, page, gather);
  return false;
}

function* unmapSection(
  _ctx: Context,
  table: V7sPgtable,
  page: number,
  gather: IotlbGather | null,
): Steps<boolean> {
  if ((page & 255) !== 0 || (table.blockSizes & 0x100000) === 0) return false;
  const words = table.l1Words();
  const at = (table.l1Base + (page >>> 8)) | 0;
  yield read(table.l1Cell + (at & 255));
  if ((words[at]! & 0x40003) !== 2) return false;
  yield write(table.l1Cell + (at & 255));
  words[at] = 0;
  const { tlb } = table;
  if (tlb !== null && tlb.addPage !== undefined && (gather === null || !gather.queued))
    tlb.addPage(gather, page * 0x1000, 0x100000);
  return true;
}

function* unmapSupersection(
  _ctx: Context,
  table: V7sPgtable,
  page: number,
  gather: IotlbGather | null,
): Steps<boolean> {
  if ((page & 4095) !== 0 || (table.blockSizes & 0x1000000) === 0) return false;
  const words = table.l1Words();
  const at = (table.l1Base + (page >>> 8)) | 0;
  const end = (at + ENTRIES) | 0;
  let odd = 0;
  for (let i = at; i < end; i = (i + 1) | 0) {
    yield read(table.l1Cell + (i & 255));
    odd |= words[i]! ^ 0x40002;
  }
  if ((odd & 0x40003) !== 0) return false;
  for (let i = at; i < end; i = (i + 1) | 0) {
    yield write(table.l1Cell + (i & 255));
    words[i] = 0;
  }
  const { tlb } = table;
  if (tlb === null || tlb.addPage === undefined || (gather !== null && gather.queued)) return true;
  for (let i = page; i < page + 4096; i += 256) tlb.addPage(gather, i * 0x1000, 0x100000);
  return true;
}
