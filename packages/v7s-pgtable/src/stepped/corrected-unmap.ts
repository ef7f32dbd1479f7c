import { type Context, type Steps, read, write } from '@mm/steps/stepped';

import { checkRequest } from '../check-request.js';
import type { IotlbGather } from '../config.js';
import { derefTable } from '../deref-table.js';
import { CONT_ENTRIES, CONT_SECTION, L2_ENTRIES, SIZE_1M } from '../descriptors.js';
import type { V7sPgtable } from '../pgtable.js';
import { WarnPlace } from '../warn-places.js';
import { flushCleared } from './linux-unmap.js';
import { unmapSmallPages } from './small-pages.js';
import { splitCont } from './split-cont.js';
import { splitSection } from './split-section.js';
import { unmapPage } from './unmap-page.js';

/** Unmaps page by page, up to the first that is not mapped. See `unmapPages`. */
export function* correctedUnmapPages(
  ctx: Context,
  table: V7sPgtable,
  iova: number,
  pageSize: number,
  count: number,
  gather: IotlbGather | null,
): Steps<number> {
  if (checkRequest(table, iova, 0, pageSize, 1) !== 0) return 0;
  const end = Math.min(table.iovaEnd, iova + pageSize * count);
  let at = iova;
  while (at < end) {
    if (pageSize === 0x1000 && table.shortPages) {
      at += 0x1000 * (yield* unmapSmallPages(ctx, table, (at / 0x1000) | 0, (end - at) / 0x1000, gather));
      if (at >= end) break;
    }
    const done =
      pageSize >= SIZE_1M
        ? yield* unmapSections(ctx, table, at, pageSize, gather)
        : yield* unmapPiece(ctx, table, at, pageSize, gather);
    if (done === 0) break;
    at += pageSize;
  }
  return at - iova;
}

/** 4 or 64 KiB. */
function* unmapPiece(
  ctx: Context,
  table: V7sPgtable,
  iova: number,
  size: number,
  gather: IotlbGather | null,
): Steps<number> {
  const slot = (iova / SIZE_1M) & table.l1Mask;
  yield read(table.l1Cell + (slot & 255));
  let entry = table.l1Words()[table.l1Base + slot]!;
  if ((entry & 3) !== 1 && (entry & CONT_SECTION) !== 0) {
    const words = table.l1Words();
    entry = yield* splitCont(ctx, table, iova, words, table.l1Base + slot, slot, 1);
  }
  // Only now: another unmap may have put a table there.
  if ((entry & 3) === 0) {
    table.warn(WarnPlace.unmapNothing);
    return 0;
  }
  if ((entry & 3) !== 1) return yield* splitSection(ctx, table, gather, iova, size, entry, slot);
  return yield* unmapPage(ctx, table, iova, size, derefTable(table, entry), entry & 0xc00, gather);
}

/** 1 or 16 MiB: all of it is mapped, or nothing is changed; a table with a hole does not count as mapped. */
function* unmapSections(
  ctx: Context,
  table: V7sPgtable,
  iova: number,
  size: number,
  gather: IotlbGather | null,
): Steps<number> {
  const slot = (iova / SIZE_1M) & table.l1Mask;
  const count = size / SIZE_1M;
  const old = table.spare.pop() ?? new Int32Array(CONT_ENTRIES);
  const whole = yield* readWhole(ctx, table, slot, count, old);
  if (whole) {
    if (count === 1 && (old[0]! & 3) !== 1 && (old[0]! & CONT_SECTION) !== 0) {
      old[0] = yield* splitCont(ctx, table, iova, table.l1Words(), table.l1Base + slot, slot, 1);
    }
    for (let i = 0; i < count; i++) {
      yield write(table.l1Cell + ((slot + i) & 255));
      table.l1Words()[table.l1Base + slot + i] = 0;
    }
    for (let i = 0; i < count; i++) yield* flushCleared(ctx, table, iova + i * SIZE_1M, old[i]!, gather);
  } else table.warn(WarnPlace.unmapNothing);
  table.spare.push(old);
  return whole ? size : 0;
}

/** Reads `count` level 1 entries into `old`; false as soon as something of theirs is not mapped. */
function* readWhole(
  _ctx: Context,
  table: V7sPgtable,
  slot: number,
  count: number,
  old: Int32Array,
): Steps<boolean> {
  for (let i = 0; i < count; i++) {
    yield read(table.l1Cell + ((slot + i) & 255));
    const entry = table.l1Words()[table.l1Base + slot + i]!;
    if ((entry & 3) === 0) return false;
    old[i] = entry;
    if ((entry & 3) !== 1) continue;
    const pfn = derefTable(table, entry);
    const words = table.memory.peekWordsOf(pfn);
    const at = table.memory.wordIndexOf(pfn) + ((entry & 0xc00) >>> 2);
    for (let k = 0; k < L2_ENTRIES; k++) {
      yield read(table.l2Cell + k);
      if ((words[at + k]! & 3) === 0) return false;
    }
  }
  return true;
}
