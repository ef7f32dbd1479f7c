import { type Context, type Steps, read, write } from '@mm/steps/stepped';

import { checkGroup } from '../check-group.js';
import type { IotlbGather } from '../config.js';
import { L2_ENTRIES, SIZE_4K, isCont } from '../descriptors.js';
import type { V7sPgtable } from '../pgtable.js';
import { WarnPlace } from '../warn-places.js';
import { splitCont } from './split-cont.js';

const queued = (gather: IotlbGather | null): boolean => gather !== null && gather.queued;

/** `size` bytes of a level 2 table at page frame `pfn`, byte `base`. @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c __arm_v7s_unmap */
export function* unmapPage(
  ctx: Context,
  table: V7sPgtable,
  iova: number,
  size: number,
  pfn: number,
  base: number,
  gather: IotlbGather | null,
): Steps<number> {
  const index = (iova >>> 12) & 255;
  const pages = size >>> 12;
  const words = table.memory.wordsOf(pfn);
  const at = table.memory.wordIndexOf(pfn) + (base >>> 2) + index;
  for (let i = 0; i === 0 || i < pages; i++) {
    checkGroup(iova, index, i, L2_ENTRIES);
    yield read(table.l2Cell + index + i);
    if ((words[at + i]! & 3) === 0) {
      table.warn(WarnPlace.unmapNothing);
      return 0;
    }
  }
  if (pages <= 1 && isCont(words[at]!, 2)) yield* splitCont(ctx, table, iova, words, at, index, 2);
  if (pages === 0) {
    table.warn(WarnPlace.unmapBelowPage);
    return 0;
  }
  for (let i = 0; i < pages; i++) {
    yield write(table.l2Cell + index + i);
    words[at + i] = 0;
  }
  const { tlb } = table;
  if (tlb === null || tlb.addPage === undefined || queued(gather)) return size;
  for (let i = 0; i < pages; i++) tlb.addPage(gather, iova + i * SIZE_4K, SIZE_4K);
  return size;
}
