import type { Context, Steps } from '@mm/steps/stepped';

import { type Address, farAddress, nearAddress } from '../addresses.js';
import type { IotlbGather } from '../config.js';
import type { MappedBytes } from '../mapped-bytes.js';
import type { V7sPgtable } from '../pgtable.js';
import { correctedMapPages } from './corrected-map.js';
import { correctedUnmapPages } from './corrected-unmap.js';
import { linuxMapPages } from './linux-map.js';
import { linuxUnmapPages } from './linux-unmap.js';
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
  const from = typeof iova === 'number' ? iova : farAddress(iova);
  const to = typeof pa === 'number' ? pa : farAddress(pa);
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
  const from = typeof iova === 'number' ? iova : farAddress(iova);
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
  const pa = yield* translate(ctx, table, typeof iova === 'number' ? iova : nearAddress(table, iova));
  return pa < 0 ? null : pa;
}
