import { Errno } from '@mm/printk';
import { type Context, type Steps, read, write } from '@mm/steps/stepped';

import { checkWithinTable } from '../check-group.js';
import { derefTable } from '../deref-table.js';
import { L2_ENTRIES } from '../descriptors.js';
import type { MappedBytes } from '../mapped-bytes.js';
import type { V7sPgtable } from '../pgtable.js';
import { WarnPlace } from '../warn-places.js';
import { linuxUnmapSection } from './linux-unmap.js';
import { mapOnePage } from './small-pages.js';
import { allocL2, freeL2, installTable } from './tables.js';

const EINVAL = -Errno.EINVAL;
const EEXIST = -Errno.EEXIST;
const ENOMEM = -Errno.ENOMEM;
const ERANGE = -Errno.ERANGE;

/** @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_map_pages */
export function* linuxMapPages(
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
  if (iova >= table.iovaEnd || pa >= table.paEnd) {
    table.warn(WarnPlace.mapRange);
    return ERANGE;
  }
  if ((prot & 3) === 0) return EINVAL;
  let ret = EINVAL;
  let done = 0;
  const short = pageSize === 0x1000 && table.shortPages && ((iova | pa) & 0xfff) === 0;
  while (done < count) {
    if (short && (yield* mapOnePage(ctx, table, iova / 0x1000 + done, pa / 0x1000 + done, prot))) {
      ret = 0;
      done++;
      continue;
    }
    const offset = done * pageSize;
    ret = yield* linuxMap(ctx, table, iova + offset, pa + offset, pageSize, prot, gfp);
    if (ret !== 0) break;
    done++;
  }
  if (mapped !== null) mapped.bytes += done * pageSize;
  return ret;
}

/** One page of any size. @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c __arm_v7s_map */
function* linuxMap(
  ctx: Context,
  table: V7sPgtable,
  iova: number,
  pa: number,
  size: number,
  prot: number,
  gfp: number,
): Steps<number> {
  const slot = (iova / 0x100000) & table.l1Mask;
  const sections = Math.floor(size / 0x100000);
  if (sections > 0) return yield* initSections(ctx, table, iova, slot, pa, prot, sections);
  yield read(table.l1Cell + (slot & 255));
  let entry = table.l1Words()[table.l1Base + slot]!;
  let pfn: number;
  let base: number;
  if (entry === 0) {
    const addr = yield* allocL2(ctx, table, gfp);
    if (addr === null) return ENOMEM;
    pfn = Math.floor(addr / 4096);
    base = addr & 0xc00;
    entry = yield* installTable(ctx, table, addr, slot, 0);
    if (entry !== 0) yield* freeL2(ctx, table, addr);
  } else {
    pfn = 0;
    base = 0;
  }
  if ((entry & 3) === 1) {
    pfn = derefTable(table, entry);
    base = entry & 0xc00;
  } else if (entry !== 0) {
    table.warn(WarnPlace.blockInUse);
    return EEXIST;
  }
  const pages = size >>> 12;
  if (pages === 0) {
    table.warn(WarnPlace.mapBelowPage);
    return EINVAL;
  }
  return yield* initPages(ctx, table, iova, pfn, base, pa, prot, pages);
}

/** `pages` entries of a level 2 table. @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_init_pte */
function* initPages(
  _ctx: Context,
  table: V7sPgtable,
  iova: number,
  pfn: number,
  base: number,
  pa: number,
  prot: number,
  pages: number,
): Steps<number> {
  const index = (iova >>> 12) & 255;
  const words = table.memory.wordsOf(pfn);
  const at = table.memory.wordIndexOf(pfn) + (base >>> 2) + index;
  for (let i = 0; i < pages; i++) {
    checkWithinTable(iova, index + i, L2_ENTRIES);
    yield read(table.l2Cell + index + i);
    if (words[at + i] !== 0) {
      table.warn(WarnPlace.entryInUse);
      return EEXIST;
    }
  }
  const entry = table.leafBits[128 + (pages > 1 ? 64 : 0) + (prot & 63)]! | table.leafAddrBits(pa, 2);
  for (let i = 0; i < pages; i++) {
    yield write(table.l2Cell + index + i);
    words[at + i] = entry;
  }
  return 0;
}

/**
 * `sections` entries of the level 1 table. Tables in the way are dropped with all they hold (L3), also when
 * a later entry then refuses (L4).
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_init_pte
 */
function* initSections(
  ctx: Context,
  table: V7sPgtable,
  iova: number,
  slot: number,
  pa: number,
  prot: number,
  sections: number,
): Steps<number> {
  for (let i = 0; i < sections; i++) {
    checkWithinTable(iova, slot + i, table.l1Entries);
    yield read(table.l1Cell + ((slot + i) & 255));
    const entry = table.l1Words()[table.l1Base + slot + i]!;
    if ((entry & 3) === 1) yield* linuxUnmapSection(ctx, table, iova + i * 0x100000, slot + i, null);
    else if (entry !== 0) {
      table.warn(WarnPlace.entryInUse);
      return EEXIST;
    }
  }
  const entry = table.leafBits[(sections > 1 ? 64 : 0) + (prot & 63)]! | table.leafAddrBits(pa, 1);
  for (let i = 0; i < sections; i++) {
    yield write(table.l1Cell + ((slot + i) & 255));
    table.l1Words()[table.l1Base + slot + i] = entry;
  }
  return 0;
}
