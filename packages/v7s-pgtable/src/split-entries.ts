import { KernelBug } from '@mm/printk';

import { L2_ENTRIES, entryToCont, entryToProt, protToEntry } from './descriptors.js';
import type { V7sPgtable } from './pgtable.js';

/** Bits 9, 5 and 4: MediaTek's physical address bits. */
const MTK_BITS = 0x230;

/**
 * Fills a new table at `addr`, which nobody else sees yet, with what section `block` maps but the piece of
 * `size` bytes at `iova`. In Linux 6.1 the address of the section is lost (L1), and a piece that is not aligned to its
 * own size is not left out.
 * @throws KernelBug for less than 4 KiB, which never ends in the kernel (L5).
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_split_blk_unmap
 */
export function fillFromSection(
  table: V7sPgtable,
  addr: number,
  iova: number,
  size: number,
  block: number,
): void {
  const pages = size >>> 12;
  if (pages === 0) {
    throw new KernelBug('v7s: soft lockup splitting a section by less than a page', { iova, size });
  }
  const hole = (iova >>> 12) & 255;
  let entry = protToEntry(entryToProt(block, 1), 2, table.quirks);
  if (pages > 1) entry = entryToCont(entry, 2);
  if (table.behaviour !== 'linux-6.1') entry |= sectionAddrBits(table, block);
  for (let i = 0; i < L2_ENTRIES; i += pages) {
    if (i !== hole) writeGroup(table, addr, i, pages, entry);
    entry = (entry + size) | 0;
  }
}

function sectionAddrBits(table: V7sPgtable, block: number): number {
  return (block & 0xfff00000) | (table.mtk ? block & MTK_BITS : 0);
}

function writeGroup(table: V7sPgtable, addr: number, index: number, pages: number, entry: number): void {
  // A size that does not divide the table runs over its end, as in the kernel: hence by address.
  for (let i = index; i < index + pages; i++) table.memory.write32(addr + i * 4, entry);
}
