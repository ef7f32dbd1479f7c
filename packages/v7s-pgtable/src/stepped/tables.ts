import { type Context, type Steps, rmw } from '@mm/steps/stepped';

import { NS_TABLE, TYPE_TABLE, L2_BYTES, mtkBits } from '../descriptors.js';
import { Quirk } from '../config.js';
import type { V7sPgtable } from '../pgtable.js';
import { tableFits } from '../table-fits.js';
import { GFP_KERNEL, GFP_ZERO } from '../table-gfp.js';
import { sourceAllocL1, sourceAllocL2, sourceFreeL1, sourceFreeL2 } from './sources.js';

const NS = Quirk.ARM_NS;

/**
 * A zeroed level 2 table, or `null` when there is no memory or it does not fit its descriptor.
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c __arm_v7s_alloc_table
 */
export function* allocL2(ctx: Context, table: V7sPgtable, gfp: number): Steps<number | null> {
  const addr = yield* sourceAllocL2(ctx, table.source, gfp | table.gfp.l2);
  if (addr === null || tableFits(table, addr, L2_BYTES)) return addr;
  yield* sourceFreeL2(ctx, table.source, addr);
  return null;
}

/** Gives a level 2 table back. @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c __arm_v7s_free_table */
export function* freeL2(ctx: Context, table: V7sPgtable, addr: number): Steps<void> {
  yield* sourceFreeL2(ctx, table.source, addr);
}

/** The level 1 table; `null` as for {@link allocL2}. */
export function* allocL1(ctx: Context, table: V7sPgtable): Steps<number | null> {
  const bytes = Math.max(table.l1Bytes, 4096);
  const gfp = (table.gfp.l1 === GFP_KERNEL ? GFP_KERNEL : table.gfp.l1) | GFP_ZERO;
  const addr = yield* sourceAllocL1(ctx, table.source, bytes, gfp);
  if (addr === null || tableFits(table, addr, bytes)) return addr;
  yield* sourceFreeL1(ctx, table.source, addr, bytes);
  return null;
}

/** Gives the level 1 table back. */
export function* freeL1(ctx: Context, table: V7sPgtable): Steps<void> {
  yield* sourceFreeL1(ctx, table.source, table.l1Addr, Math.max(table.l1Bytes, 4096));
}

/**
 * Puts a level 2 table at `addr` into level 1 entry `slot`, if that still is `current`. Returns the entry
 * that was found there: `current` when the table went in.
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_install_table
 */
export function* installTable(
  _ctx: Context,
  table: V7sPgtable,
  addr: number,
  slot: number,
  current: number,
): Steps<number> {
  // `addr | …` cuts to 32 bits: what 4.15 does with every address, and what mtkBits makes good.
  let entry = addr | TYPE_TABLE;
  if (table.ttbrExt) entry |= mtkBits(addr);
  if ((table.quirks & NS) !== 0) entry |= NS_TABLE;
  yield rmw(table.l1Cell + (slot & 255));
  const words = table.l1Words();
  const at = table.l1Base + slot;
  const found = words[at]!;
  if (found === current) words[at] = entry;
  return found;
}
