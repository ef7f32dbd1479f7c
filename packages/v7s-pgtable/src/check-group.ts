import { KernelBug } from '@mm/printk';

import { CONT_ENTRIES } from './descriptors.js';

/**
 * Before entry `i` of a group that begins at entry `index` is looked at: a 17th overflows the kernel's array, and one past the
 * end is not its table's. What refuses the group before that is found first, as in the kernel.
 */
export function checkGroup(iova: number, index: number, i: number, tableEntries: number): void {
  if (i >= CONT_ENTRIES) throw new KernelBug('v7s: unmap of more than 16 entries at once', { iova });
  checkWithinTable(iova, index + i, tableEntries);
}

/** Before entry `index` of a block is looked at. */
export function checkWithinTable(iova: number, index: number, tableEntries: number): void {
  if (index >= tableEntries) throw new KernelBug('v7s: a block runs over the end of its table', { iova });
}
