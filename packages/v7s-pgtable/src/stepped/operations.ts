import { type Context, type Steps, read } from '@mm/steps/stepped';

import { type Address, farAddress, nearAddress } from '../addresses.js';
import type { IotlbGather } from '../config.js';
import type { MappedBytes } from '../mapped-bytes.js';
import type { V7sPgtable } from '../pgtable.js';
import { correctedMapPages } from './corrected-map.js';
import { correctedUnmapPages } from './corrected-unmap.js';
import { linuxMapPages } from './linux-map.js';
import { linuxUnmapPages } from './linux-unmap.js';
import { mapOnePage, mapOneSection, unmapBlocks, unmapSmallPages } from './one-page.js';
import { translate } from './translate.js';

/**
 * Maps `count` pages of `pageSize` bytes at `iova` to `pa` onwards. `prot` has `Prot` bits, `gfp` is for the
 * tables. Adds the bytes it has mapped to `mapped`.
 *
 * Returns 0 or a negative errno: -ERANGE for addresses out of range, -EINVAL without READ or WRITE and for
 * nothing to map, -EEXIST over what is mapped, -ENOMEM. `corrected` maps all or nothing, and
 * refuses page sizes that the table does not have and unaligned addresses with -EINVAL; `linux-6.1` leaves the
 * pages before the failing one mapped.
 *
 * @example
 * mapPages(ctx, table, 0x10000000, 0x80000000, 0x1000, 256, Prot.READ | Prot.WRITE, GFP_KERNEL); // 0
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_map_pages
 */
export function* mapPages(
  ctx: Context,
  table: V7sPgtable,
  iova: Address,
  pa: Address,
  pageSize: number,
  count: number,
  prot: number,
  gfp: number,
  mapped: MappedBytes | null = null,
): Steps<number> {
  if (table.short && count === 1 && typeof iova === 'number' && typeof pa === 'number') {
    if (
      pageSize === 0x1000 &&
      (table.pgsizeBitmap & 0x1000) !== 0 &&
      ((iova | pa) & 0xfff) === 0 &&
      iova >>> 0 === iova &&
      iova < table.iovaEnd &&
      pa >>> 0 === pa &&
      pa < table.paEnd &&
      (prot & 3) !== 0 &&
      (yield* mapOnePage(ctx, table, iova >>> 12, table.leafBits[128 + (prot & 63)]! | pa))
    ) {
      if (mapped !== null) mapped.bytes += 0x1000;
      return 0;
    }
    if (
      pageSize === 0x100000 &&
      (table.pgsizeBitmap & 0x100000) !== 0 &&
      ((iova | pa) & 0xfffff) === 0 &&
      iova >>> 0 === iova &&
      iova < table.iovaEnd &&
      pa >>> 0 === pa &&
      pa < table.paEnd &&
      (prot & 3) !== 0 &&
      (yield* mapOneSection(ctx, table, iova >>> 20, table.leafBits[prot & 63]! | pa))
    ) {
      if (mapped !== null) mapped.bytes += 0x100000;
      return 0;
    }
  }
  const from = farAddress(iova);
  const to = farAddress(pa);
  if (table.behaviour === 'corrected') {
    return yield* correctedMapPages(ctx, table, from, to, pageSize, count, prot, gfp, mapped);
  }
  return yield* linuxMapPages(ctx, table, from, to, pageSize, count, prot, gfp, mapped);
}

/**
 * Unmaps `count` pages of `pageSize` bytes from `iova` on, and returns the bytes unmapped; it stops at the
 * first page that is not mapped. Part of a larger block may be unmapped: the block is split.
 *
 * @example
 * unmapPages(ctx, table, 0x10000000, 0x1000, 256); // 1048576
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_unmap_pages
 */
export function* unmapPages(
  ctx: Context,
  table: V7sPgtable,
  iova: Address,
  pageSize: number,
  count: number,
  gather: IotlbGather | null = null,
): Steps<number> {
  if (table.short && count === 1 && typeof iova === 'number' && iova >>> 0 === iova && iova < table.iovaEnd) {
    if (pageSize === 0x1000 && (table.pgsizeBitmap & 0x1000) !== 0 && (iova & 0xfff) === 0) {
      if ((yield* unmapSmallPages(ctx, table, iova >>> 12, 1, gather)) === 1) return 0x1000;
    } else if (
      pageSize >= 0x100000 &&
      (table.pgsizeBitmap & pageSize) === pageSize &&
      (pageSize === 0x100000 || pageSize === 0x1000000) &&
      (iova & (pageSize - 1)) === 0 &&
      iova + pageSize <= table.iovaEnd &&
      (yield* unmapBlocks(ctx, table, iova >>> 20, pageSize >>> 20, gather))
    ) {
      return pageSize;
    }
  }
  const from = farAddress(iova);
  if (table.behaviour === 'corrected') {
    return yield* correctedUnmapPages(ctx, table, from, pageSize, count, gather);
  }
  return yield* linuxUnmapPages(ctx, table, from, pageSize, count, gather);
}

/**
 * The physical address that `iova` translates to, or `null` (the kernel says 0).
 *
 * @example
 * iovaToPhys(ctx, table, 0x10000123); // 0x80000123
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_iova_to_phys
 */
export function* iovaToPhys(ctx: Context, table: V7sPgtable, iova: Address): Steps<number | null> {
  if (table.short && typeof iova === 'number' && iova >>> 0 === iova) {
    // Without MediaTek's bits an IOVA has 32 at most.
    if (iova >= table.iovaEnd) return null;
    const slot = iova >>> 20;
    yield read(table.l1Cell + (slot & 255));
    const entry = table.l1Words()[table.l1Base + slot]!;
    if ((entry & 0x40003) === 2) return ((entry & 0xfff00000) | (iova & 0xfffff)) >>> 0;
    if ((entry & 3) === 1) {
      const { memory } = table;
      const pfn = entry >>> 12;
      const index = (iova >>> 12) & 255;
      yield read(table.l2Cell + index);
      const page = memory.peekWordsOf(pfn)[memory.wordIndexOf(pfn) + ((entry & 0xc00) >>> 2) + index]!;
      if ((page & 2) !== 0) return ((page & 0xfffff000) | (iova & 0xfff)) >>> 0;
    }
  }
  const pa = yield* translate(ctx, table, nearAddress(table, iova));
  return pa < 0 ? null : pa;
}
