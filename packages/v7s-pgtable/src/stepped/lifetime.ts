import type { Context, Steps } from '@mm/steps/stepped';

import { checkTable } from '../check-arguments.js';
import { type V7sConfig, checkConfig, refusesConfig } from '../config.js';
import { V7sPgtable, type V7sParts, checkParts } from '../pgtable.js';
import { sourceClose } from './sources.js';
import { allocL1, freeL1, freeL2 } from './tables.js';

/**
 * Makes a page table, or returns `null` where the kernel does: a configuration it does not support, no
 * memory, or a level 1 table that lies where the hardware cannot find it. The source is then still its caller's; the driver, which
 * makes its cache here, destroys it again.
 *
 * @throws OptionError for a malformed configuration, and for what a part is not.
 * @example
 * const table = allocPgtable(ctx, { ias: 32, oas: 32, pgsizeBitmap: 0x1111000 }, parts);
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_alloc_pgtable
 */
export function* allocPgtable(ctx: Context, config: V7sConfig, parts: V7sParts): Steps<V7sPgtable | null> {
  checkConfig(config);
  checkParts(parts);
  if (refusesConfig(config)) return null;
  const table = new V7sPgtable(config, parts);
  const addr = yield* allocL1(ctx, table);
  if (addr === null) return null;
  table.placeL1(addr);
  return table;
}

/**
 * Frees a page table with all its tables. Flushes everything first, once.
 *
 * @throws OptionError for what is no page table.
 * @example
 * freePgtable(ctx, table);
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_free_pgtable
 */
export function* freePgtable(ctx: Context, table: V7sPgtable): Steps<void> {
  checkTable(table);
  table.tlb?.flushAll?.();
  for (let slot = 0; slot < table.l1Entries; slot++) {
    const entry = table.l1Words()[table.l1Base + slot]!;
    if ((entry & 3) === 1) yield* freeL2(ctx, table, table.tableAddr(entry));
  }
  yield* freeL1(ctx, table);
  yield* sourceClose(ctx, table.source);
}
