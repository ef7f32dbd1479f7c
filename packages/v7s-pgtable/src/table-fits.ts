import { LogLevel } from '@mm/printk';

import type { V7sPgtable } from './pgtable.js';

/** Physical addresses as `%pa` prints them with 64 bits. */
const printAddr = (addr: number): string => `0x${addr.toString(16).padStart(16, '0')}`;

/**
 * Whether a table of `bytes` at `addr` can be used: its descriptor holds its address, and the device can
 * reach it. Says so in the log as the series does: 4.15 does not look, none refuses without a word.
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c __arm_v7s_alloc_table
 */
export function tableFits(table: V7sPgtable, addr: number, bytes: number): boolean {
  const { series } = table;
  if (series !== '4.15' && addr >= (table.ttbrExt ? table.paEnd : 2 ** 32)) {
    if (series !== 'none')
      table.log.write(LogLevel.err, `Page table does not fit in PTE: ${printAddr(addr)}`);
    return false;
  }
  if (table.coherentWalk || table.deviceMaskBits === null) return true;
  // The DMA layer is the identity here, and refuses what the device cannot reach.
  return addr + bytes <= 2 ** table.deviceMaskBits;
}
