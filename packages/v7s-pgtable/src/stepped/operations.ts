import { type Context, type Steps, read, write } from '@mm/steps/stepped';

import { checkGather, checkMapping, checkPages, checkTable } from '../check-arguments.js';
import { type Address, farAddress, nearAddress } from '../addresses.js';
import type { IotlbGather } from '../config.js';
import type { MappedBytes } from '../mapped-bytes.js';
import type { V7sPgtable } from '../pgtable.js';
import { correctedMapPages } from './corrected-map.js';
import { correctedUnmapPages } from './corrected-unmap.js';
import { linuxMapPages } from './linux-map.js';
import { linuxUnmapPages } from './linux-unmap.js';
import { mapBlock, unmapBlock } from './blocks.js';
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
 * @throws OptionError for what is no address, size, number, rights or flags; what one page into a table that is there does not
 * need is not looked at.
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
  // Nearly always one small page, into a table that is there: in one piece, and short enough (460 bytecodes) to be
  // compiled into the callers. `page * 4096 === iova` says aligned, whole, from 0 and below 2^32 at once.
  if (count === 1 && typeof iova === 'number' && typeof pa === 'number' && (prot & 3) !== 0) {
    const page = iova >>> 12;
    const frame = pa >>> 12;
    if (page * 4096 === iova && frame * 4096 === pa && page < table.iovaPages && frame < table.paPages) {
      if (pageSize === 0x1000 && table.shortPages) {
        yield read(table.l1Cell + ((page >>> 8) & 255));
        const entry = table.l1Words()[table.l1Base + (page >>> 8)]!;
        const { memory } = table;
        const chunk = memory.directory[entry >>> 16]!;
        if ((entry & 3) === 1 && chunk > 0) {
          const words = memory.chunks[chunk]!;
          const at = ((entry & 0xfc00) >>> 2) + (page & 255);
          yield read(table.l2Cell + (page & 255));
          if (words[at] === 0) {
            yield write(table.l2Cell + (page & 255));
            words[at] = table.leafBits[128 + (prot & 63)]! | (frame << 12);
            if (mapped !== null) mapped.bytes += 4096;
            return 0;
          }
        }
      } else if (yield* mapBlock(ctx, table, page, frame, pageSize, prot, mapped)) return 0;
    }
  }
  return yield* mapAny(ctx, table, iova, pa, pageSize, count, prot, gfp, mapped);
}

/** {@link mapPages} at length. */
function* mapAny(
  ctx: Context,
  table: V7sPgtable,
  iova: Address,
  pa: Address,
  pageSize: number,
  count: number,
  prot: number,
  gfp: number,
  mapped: MappedBytes | null,
): Steps<number> {
  checkTable(table);
  checkPages(pageSize, count);
  checkMapping(prot, gfp, mapped);
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
 * @throws OptionError for what is no address, size, number or gather.
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
  // As in mapPages.
  if (count === 1 && typeof iova === 'number') {
    const page = iova >>> 12;
    if (page * 4096 === iova && page < table.iovaPages) {
      if (pageSize === 0x1000 && table.shortPages) {
        yield read(table.l1Cell + ((page >>> 8) & 255));
        const entry = table.l1Words()[table.l1Base + (page >>> 8)]!;
        const { memory } = table;
        const chunk = memory.directory[entry >>> 16]!;
        if ((entry & 3) === 1 && chunk > 0) {
          const words = memory.chunks[chunk]!;
          const at = ((entry & 0xfc00) >>> 2) + (page & 255);
          yield read(table.l2Cell + (page & 255));
          if ((words[at]! & 2) !== 0) {
            yield write(table.l2Cell + (page & 255));
            words[at] = 0;
            const { tlb } = table;
            if (tlb !== null && tlb.addPage !== undefined && (gather === null || !gather.queued))
              tlb.addPage(gather, iova, 4096);
            return 4096;
          }
        }
      } else if (yield* unmapBlock(ctx, table, page, pageSize, gather)) return pageSize;
    }
  }
  return yield* unmapAny(ctx, table, iova, pageSize, count, gather);
}

/** {@link unmapPages} at length. */
function* unmapAny(
  ctx: Context,
  table: V7sPgtable,
  iova: Address,
  pageSize: number,
  count: number,
  gather: IotlbGather | null,
): Steps<number> {
  checkTable(table);
  checkPages(pageSize, count);
  checkGather(gather);
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
  if (table.shortBlocks && typeof iova === 'number' && iova >>> 0 === iova) {
    // Without MediaTek's bits an IOVA has 32 at most.
    const page = iova >>> 12;
    if (page >= table.iovaPages) return null;
    const slot = page >>> 8;
    yield read(table.l1Cell + (slot & 255));
    const entry = table.l1Words()[table.l1Base + slot]!;
    if ((entry & 0x40003) === 2) return ((entry & 0xfff00000) | (iova & 0xfffff)) >>> 0;
    if ((entry & 3) === 1) {
      const { memory } = table;
      const index = page & 255;
      yield read(table.l2Cell + index);
      const leaf = memory.chunks[memory.directory[entry >>> 16]!]![((entry & 0xfc00) >>> 2) + index]!;
      if ((leaf & 2) !== 0) return ((leaf & 0xfffff000) | (iova & 0xfff)) >>> 0;
    }
  }
  const pa = yield* translate(ctx, table, nearAddress(table, iova));
  return pa < 0 ? null : pa;
}
