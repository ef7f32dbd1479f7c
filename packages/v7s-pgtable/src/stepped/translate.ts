import { type Context, type Steps, read } from '@mm/steps/stepped';

import { derefTable } from '../deref-table.js';
import { CONT_SECTION, mtkHigh } from '../descriptors.js';
import type { V7sPgtable } from '../pgtable.js';

const HIGH = 2 ** 32;

/**
 * The physical address that `iova` translates to, or -1. Linux 6.1 masks an IOVA that is out of range (L6).
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_iova_to_phys
 */
export function* translate(_ctx: Context, table: V7sPgtable, iova: number): Steps<number> {
  if (table.behaviour !== 'linux-6.1' && iova >= table.iovaEnd) return -1;
  const slot = (iova / 0x100000) & table.l1Mask;
  yield read(table.l1Cell + (slot & 255));
  const block = table.l1Words()[table.l1Base + slot]!;
  if ((block & 3) === 1) {
    const pfn = table.shortBlocks ? block >>> 12 : derefTable(table, block);
    const index = (iova >>> 12) & 255;
    yield read(table.l2Cell + index);
    const { memory } = table;
    const page = memory.peekWordsOf(pfn)[memory.wordIndexOf(pfn) + ((block & 0xc00) >>> 2) + index]!;
    if ((page & 3) === 0) return -1;
    const mask = (page & 2) !== 0 ? 0xfff : 0xffff;
    const low = ((page & ~mask) | (iova & mask)) >>> 0;
    return table.mtk ? low + mtkHigh(page) * HIGH : low;
  }
  if ((block & 3) === 0) return -1;
  const mask = (block & CONT_SECTION) !== 0 ? 0xffffff : 0xfffff;
  const low = ((block & ~mask) | (iova & mask)) >>> 0;
  return table.mtk ? low + mtkHigh(block) * HIGH : low;
}
