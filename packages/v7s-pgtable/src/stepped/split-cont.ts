import { type Context, type Steps, irqRestore, irqSave, lock, read, unlock, write } from '@mm/steps/stepped';

import { CONT_ENTRIES, SIZE_1M, SIZE_4K, contToEntry, isCont } from '../descriptors.js';
import { type V7sPgtable, entryCell } from '../pgtable.js';

/**
 * Rewrites the 16 entries of the group that `words[at]` (entry `index` of its table) belongs to as entries
 * of their own. Returns entry `index`; in Linux 6.1 the group's first entry instead (L2), and the flush
 * carries the IOVA as it was given.
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_split_cont
 */
export function* splitCont(
  _ctx: Context,
  table: V7sPgtable,
  iova: number,
  words: Int32Array,
  at: number,
  index: number,
  level: number,
): Steps<number> {
  const linux = table.behaviour === 'linux-6.1';
  const size = level === 1 ? SIZE_1M : SIZE_4K;
  yield irqSave;
  yield lock(table.splitLockCell);
  yield read(entryCell(table, level) + (index & 255));
  const found = words[at]!;
  const group = isCont(found, level);
  const first = group ? contToEntry(found, level) : found;
  const start = at - (index & (CONT_ENTRIES - 1));
  if (group) {
    for (let i = 0; i < CONT_ENTRIES; i++) {
      yield write(entryCell(table, level) + (((index & -CONT_ENTRIES) + i) & 255));
      words[start + i] = first + i * size;
    }
    const span = size * CONT_ENTRIES;
    table.flushWalk(linux ? iova : iova - (iova % span), span, span);
  }
  yield unlock(table.splitLockCell);
  yield irqRestore;
  if (linux || !group) return first;
  // As it was written: by now another unmap may have put a table there, which its caller has to find out.
  return (first + (index & (CONT_ENTRIES - 1)) * size) | 0;
}
