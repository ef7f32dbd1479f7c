import { Errno } from '@mm/printk';
import { type Context, type Steps, read, write } from '@mm/steps/stepped';

import { checkRequest } from '../check-request.js';
import { derefTable } from '../deref-table.js';
import { L2_ENTRIES, SIZE_1M, SIZE_4K } from '../descriptors.js';
import type { MappedBytes } from '../mapped-bytes.js';
import type { V7sPgtable } from '../pgtable.js';
import { WarnPlace } from '../warn-places.js';
import { flushCleared } from './linux-unmap.js';
import { allocL2, freeL2, installTable } from './tables.js';

const EINVAL = -Errno.EINVAL;
const EEXIST = -Errno.EEXIST;
const ENOMEM = -Errno.ENOMEM;
const LEAF_2 = 128;
const GROUP = 64;

/** Maps all of the range or nothing. See `mapPages`. */
export function* correctedMapPages(
  ctx: Context,
  table: V7sPgtable,
  iova: number,
  pa: number,
  pageSize: number,
  count: number,
  prot: number,
  gfp: number,
  mapped: MappedBytes | null,
): Steps<number> {
  const refused = checkRequest(table, iova, pa, pageSize, count);
  if (refused !== 0) return refused;
  if ((prot & 3) === 0 || count <= 0) return EINVAL;
  const bytes = pageSize * count;
  let ret: number;
  if (pageSize >= SIZE_1M) {
    ret = yield* mapSections(ctx, table, iova, pa, pageSize, bytes, prot);
  } else if (((iova ^ (iova + bytes - 1)) & ~(SIZE_1M - 1)) === 0 && bytes <= SIZE_1M) {
    ret = yield* mapInTable(ctx, table, iova, pa, pageSize, bytes, prot, gfp);
  } else ret = yield* mapOverTables(ctx, table, iova, pa, pageSize, bytes, prot, gfp);
  if (ret === 0 && mapped !== null) mapped.bytes += bytes;
  return ret;
}

/** The level 1 entry of `slot`, with a new table put there when it was empty; 0 when there is no memory for one. */
function* tableOf(ctx: Context, table: V7sPgtable, slot: number, gfp: number): Steps<number> {
  yield read(table.l1Cell + (slot & 255));
  const entry = table.l1Words()[table.l1Base + slot]!;
  if (entry !== 0) return entry;
  const addr = yield* allocL2(ctx, table, gfp);
  if (addr === null) return 0;
  const found = yield* installTable(ctx, table, addr, slot, 0);
  if (found !== 0) {
    // Another CPU was first: its table is the one.
    yield* freeL2(ctx, table, addr);
    return found;
  }
  return table.l1Words()[table.l1Base + slot]!;
}

/** A range within one level 2 table. */
function* mapInTable(
  ctx: Context,
  table: V7sPgtable,
  iova: number,
  pa: number,
  pageSize: number,
  bytes: number,
  prot: number,
  gfp: number,
): Steps<number> {
  const slot = (iova / SIZE_1M) & table.l1Mask;
  yield read(table.l1Cell + (slot & 255));
  let entry = table.l1Words()[table.l1Base + slot]!;
  if (entry === 0) {
    entry = yield* tableOf(ctx, table, slot, gfp);
    if (entry === 0) return ENOMEM;
  }
  if ((entry & 3) !== 1) {
    table.warn(WarnPlace.blockInUse);
    return EEXIST;
  }
  const words = table.memory.wordsOf(derefTable(table, entry));
  const first = (iova >>> 12) & 255;
  const at = table.memory.wordIndexOf(table.tablePfn(entry)) + ((entry & 0xc00) >>> 2);
  const end = first + (bytes >>> 12);
  for (let i = first; i < end; i++) {
    yield read(table.l2Cell + i);
    if (words[at + i] !== 0) {
      table.warn(WarnPlace.entryInUse);
      return EEXIST;
    }
  }
  const group = pageSize === SIZE_4K ? 0 : GROUP;
  const bits = table.leafBits[LEAF_2 + group + (prot & 63)]!;
  let leaf = bits | table.leafAddrBits(pa, 2);
  const step = group === 0 ? SIZE_4K : 0;
  for (let i = first; i < end; i++) {
    yield write(table.l2Cell + i);
    words[at + i] = leaf;
    leaf = (leaf + step) | 0;
    if (group !== 0 && (i & 15) === 15) leaf = (leaf + pageSize) | 0;
    // Over a multiple of 4 GiB: address bits from 32 on are elsewhere in an entry, where no sum carries.
    if ((leaf & -pageSize) === 0)
      leaf = bits | table.leafAddrBits(pa + pagesUpTo(i + 1 - first, pageSize), 2);
  }
  return 0;
}

/** Bytes of the whole pages of which `entries` have been written. */
const pagesUpTo = (entries: number, pageSize: number): number =>
  Math.floor((entries * SIZE_4K) / pageSize) * pageSize;

/** A range over several level 2 tables: all of it is looked at, then all tables are made, then it is written. */
function* mapOverTables(
  ctx: Context,
  table: V7sPgtable,
  iova: number,
  pa: number,
  pageSize: number,
  bytes: number,
  prot: number,
  gfp: number,
): Steps<number> {
  const end = iova + bytes;
  for (let at = iova; at < end; at = nextSection(at)) {
    const slot = (at / SIZE_1M) & table.l1Mask;
    yield read(table.l1Cell + (slot & 255));
    const entry = table.l1Words()[table.l1Base + slot]!;
    if (entry === 0) continue;
    const pages = (Math.min(end, nextSection(at)) - at) / SIZE_4K;
    if ((entry & 3) === 1 && (yield* isEmpty(ctx, table, entry, (at >>> 12) & 255, pages))) continue;
    table.warn((entry & 3) === 1 ? WarnPlace.entryInUse : WarnPlace.blockInUse);
    return EEXIST;
  }
  for (let at = iova; at < end; at = nextSection(at)) {
    const entry = yield* tableOf(ctx, table, (at / SIZE_1M) & table.l1Mask, gfp);
    // Tables made so far stay, empty: another CPU may be using them already.
    if (entry === 0) return ENOMEM;
  }
  for (let at = iova; at < end; at = nextSection(at)) {
    const part = Math.min(end, nextSection(at)) - at;
    const ret = yield* mapInTable(ctx, table, at, pa + (at - iova), pageSize, part, prot, gfp);
    if (ret !== 0) return ret;
  }
  return 0;
}

const nextSection = (iova: number): number => (Math.floor(iova / SIZE_1M) + 1) * SIZE_1M;

/** Whether `pages` entries from `first` of a table are free. */
function* isEmpty(
  _ctx: Context,
  table: V7sPgtable,
  entry: number,
  first: number,
  pages: number,
): Steps<boolean> {
  const pfn = derefTable(table, entry);
  const words = table.memory.peekWordsOf(pfn);
  const at = table.memory.wordIndexOf(pfn) + ((entry & 0xc00) >>> 2);
  for (let i = first; i < first + pages; i++) {
    yield read(table.l2Cell + i);
    if (words[at + i] !== 0) return false;
  }
  return true;
}

/** Sections or supersections. Empty tables in the way are freed; a table that maps anything refuses (L3, L4). */
function* mapSections(
  ctx: Context,
  table: V7sPgtable,
  iova: number,
  pa: number,
  pageSize: number,
  bytes: number,
  prot: number,
): Steps<number> {
  const first = (iova / SIZE_1M) & table.l1Mask;
  const count = bytes / SIZE_1M;
  let tables = 0;
  for (let i = 0; i < count; i++) {
    yield read(table.l1Cell + ((first + i) & 255));
    const entry = table.l1Words()[table.l1Base + first + i]!;
    if (entry === 0) continue;
    tables++;
    if ((entry & 3) === 1 && (yield* isEmpty(ctx, table, entry, 0, L2_ENTRIES))) continue;
    table.warn(WarnPlace.entryInUse);
    return EEXIST;
  }
  if (tables > 0) yield* dropEmptyTables(ctx, table, iova, first, count);
  const group = pageSize === SIZE_1M ? 0 : GROUP;
  const bits = table.leafBits[group + (prot & 63)]!;
  const words = table.l1Words();
  let leaf = 0;
  for (let i = 0; i < count; i++) {
    if (group === 0 || (i & 15) === 0) leaf = bits | table.leafAddrBits(pa + i * SIZE_1M, 1);
    yield write(table.l1Cell + ((first + i) & 255));
    words[table.l1Base + first + i] = leaf;
  }
  return 0;
}

function* dropEmptyTables(
  ctx: Context,
  table: V7sPgtable,
  iova: number,
  first: number,
  count: number,
): Steps<void> {
  for (let i = 0; i < count; i++) {
    yield write(table.l1Cell + ((first + i) & 255));
    const at = table.l1Base + first + i;
    const entry = table.l1Words()[at]!;
    table.l1Words()[at] = 0;
    if (entry !== 0) yield* flushCleared(ctx, table, iova + i * SIZE_1M, entry, null);
  }
}
