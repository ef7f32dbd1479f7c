import { KernelBug } from '@mm/printk';

import { CONT_ENTRIES } from './descriptors.js';

/** More than 16 entries overflow the kernel's array, and a group past the end is not its table's. */
export function checkGroup(iova: number, index: number, entries: number, tableEntries: number): void {
  if (entries > CONT_ENTRIES) throw new KernelBug('v7s: unmap of more than 16 entries at once', { iova });
  if (index + entries > tableEntries) {
    throw new KernelBug('v7s: a block runs over the end of its table', { iova });
  }
}
