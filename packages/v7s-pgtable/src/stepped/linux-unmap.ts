import { type Context, type Steps, read, write } from '@mm/steps/stepped';

import { checkGroup } from '../check-group.js';
import type { IotlbGather } from '../config.js';
import { derefTable } from '../deref-table.js';
import { CONT_ENTRIES, SIZE_1M, SIZE_4K, isCont } from '../descriptors.js';
import type { V7sPgtable } from '../pgtable.js';
import { WarnPlace } from '../warn-places.js';
import { unmapSmallPages } from './small-pages.js';
import { splitCont } from './split-cont.js';
import { splitSection } from './split-section.js';
import { freeL2 } from './tables.js';
import { unmapPage } from './unmap-page.js';

const queued = (gather: IotlbGather | null): boolean => gather !== null && gather.queued;

/** @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_unmap_pages */
export function* linuxUnmapPages(
  ctx: Context,
  table: V7sPgtable,
  iova: number,
  pageSize: number,
  count: number,
  gather: IotlbGather | null,
): Steps<number> {
  if (iova >= table.iovaEnd) {
    table.warn(WarnPlace.unmapRange);
    return 0;
  }
  let unmapped = 0;
  const short = pageSize === 0x1000 && table.shortPages && (iova & 0xfff) === 0;
  for (let i = 0; i < count; i++) {
    if (short) {
      const page = (iova + unmapped) / 0x1000;
      const pages = page < table.iovaPages ? yield* unmapSmallPages(ctx, table, page, count - i, gather) : 0;
      i += pages;
      unmapped += pages * 0x1000;
      if (i >= count) break;
    }
    const done = yield* linuxUnmap(ctx, table, iova + unmapped, pageSize, gather);
    if (done === 0) break;
    unmapped += pageSize;
  }
  return unmapped;
}

/** One page of any size. @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c __arm_v7s_unmap */
function* linuxUnmap(
  ctx: Context,
  table: V7sPgtable,
  iova: number,
  size: number,
  gather: IotlbGather | null,
): Steps<number> {
  const slot = (iova / SIZE_1M) & table.l1Mask;
  const sections = Math.floor(size / SIZE_1M);
  if (sections > 1) return yield* unmapSections(ctx, table, iova, slot, size, sections, gather);
  yield read(table.l1Cell + (slot & 255));
  let entry = table.l1Words()[table.l1Base + slot]!;
  if ((entry & 3) === 0) {
    table.warn(WarnPlace.unmapNothing);
    return 0;
  }
  if (isCont(entry, 1)) {
    const words = table.l1Words();
    entry = yield* splitCont(ctx, table, iova, words, table.l1Base + slot, slot, 1);
  }
  if (sections === 1) {
    yield* clearSection(ctx, table, iova, slot, entry, gather);
    return size;
  }
  if ((entry & 3) !== 1) return yield* splitSection(ctx, table, gather, iova, size, entry, slot);
  return yield* unmapPage(ctx, table, iova, size, derefTable(table, entry), entry & 0xc00, gather);
}

/** Drops what one level 1 entry maps; a table with all it holds. */
export function* linuxUnmapSection(
  ctx: Context,
  table: V7sPgtable,
  iova: number,
  slot: number,
  gather: IotlbGather | null,
): Steps<void> {
  yield read(table.l1Cell + (slot & 255));
  const entry = table.l1Words()[table.l1Base + slot]!;
  yield* clearSection(ctx, table, iova, slot, entry, gather);
}

function* clearSection(
  ctx: Context,
  table: V7sPgtable,
  iova: number,
  slot: number,
  entry: number,
  gather: IotlbGather | null,
): Steps<void> {
  yield write(table.l1Cell + (slot & 255));
  table.l1Words()[table.l1Base + slot] = 0;
  yield* flushCleared(ctx, table, iova, entry, gather);
}

/** After a level 1 entry has been cleared: its table is freed, or its flush recorded. */
export function* flushCleared(
  ctx: Context,
  table: V7sPgtable,
  iova: number,
  entry: number,
  gather: IotlbGather | null,
): Steps<void> {
  if ((entry & 3) === 1) {
    table.flushWalk(iova, SIZE_1M, SIZE_4K);
    yield* freeL2(ctx, table, table.tableAddr(entry));
    return;
  }
  const { tlb } = table;
  if (tlb !== null && tlb.addPage !== undefined && !queued(gather)) tlb.addPage(gather, iova, SIZE_1M);
}

/** Two or more level 1 entries: all valid, or nothing is changed. */
function* unmapSections(
  ctx: Context,
  table: V7sPgtable,
  iova: number,
  slot: number,
  size: number,
  sections: number,
  gather: IotlbGather | null,
): Steps<number> {
  const old = table.spare.pop() ?? new Int32Array(CONT_ENTRIES);
  for (let i = 0; i < sections; i++) {
    checkGroup(iova, slot, i, table.l1Entries);
    yield read(table.l1Cell + ((slot + i) & 255));
    old[i] = table.l1Words()[table.l1Base + slot + i]!;
    if ((old[i]! & 3) === 0) {
      table.warn(WarnPlace.unmapNothing);
      table.spare.push(old);
      return 0;
    }
  }
  for (let i = 0; i < sections; i++) {
    yield write(table.l1Cell + ((slot + i) & 255));
    table.l1Words()[table.l1Base + slot + i] = 0;
  }
  for (let i = 0; i < sections; i++) yield* flushCleared(ctx, table, iova + i * SIZE_1M, old[i]!, gather);
  table.spare.push(old);
  return size;
}
