import { KernelBug } from '@mm/printk';

import type { V7sPgtable } from './pgtable.js';

/**
 * The page frame of the table that a descriptor points into.
 * @throws KernelBug where there is no memory: the address was cut to 32 bits (series 4.15).
 */
export function derefTable(table: V7sPgtable, entry: number): number {
  const pfn = table.tablePfn(entry);
  if (table.series === '4.15' && !table.memory.map.has(pfn)) {
    throw new KernelBug('v7s: table walk to an address without memory', { table: pfn * 4096 });
  }
  return pfn;
}
