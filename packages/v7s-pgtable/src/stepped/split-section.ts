import type { Context, Steps } from '@mm/steps/stepped';

import type { IotlbGather } from '../config.js';
import { derefTable } from '../deref-table.js';
import type { V7sPgtable } from '../pgtable.js';
import { fillFromSection } from '../split-entries.js';
import { GFP_ATOMIC } from '../table-gfp.js';
import { allocL2, freeL2, installTable } from './tables.js';
import { unmapPage } from './unmap-page.js';

/**
 * Puts a table in the place of the section `block`, with everything mapped as before but `size` bytes at
 * `iova`. Returns `size`, or 0 when the section is still there. In Linux 6.1 the new entries count their
 * physical addresses from 0 (L1).
 * @throws KernelBug for less than 4 KiB, which never ends in the kernel (L5).
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_split_blk_unmap
 */
export function* splitSection(
  ctx: Context,
  table: V7sPgtable,
  gather: IotlbGather | null,
  iova: number,
  size: number,
  block: number,
  slot: number,
): Steps<number> {
  const addr = yield* allocL2(ctx, table, GFP_ATOMIC);
  if (addr === null) return 0;
  fillFromSection(table, addr, iova, size, block);
  const found = yield* installTable(ctx, table, addr, slot, block);
  if (found !== block) {
    yield* freeL2(ctx, table, addr);
    if ((found & 3) !== 1) return 0;
    return yield* unmapPage(ctx, table, iova, size, derefTable(table, found), found & 0xc00, gather);
  }
  const { tlb } = table;
  if (tlb !== null && tlb.addPage !== undefined) tlb.addPage(gather, iova, size);
  return size;
}
