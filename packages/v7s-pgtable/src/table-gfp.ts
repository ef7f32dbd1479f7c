import { checkBoolean, checkInteger } from '@mm/printk';

import { Quirk, type V7sSeries, checkSeries } from './config.js';

/** The gfp bits used here. @see linux 6.1 include/linux/gfp_types.h */
export const GFP_DMA = 0x1;
export const GFP_DMA32 = 0x4;
export const GFP_ZERO = 0x100;
export const GFP_KERNEL = 0xcc0;
export const GFP_ATOMIC = 0xa20;
/** Slab cache flags. @see linux 6.1 include/linux/slab.h SLAB_CACHE_DMA */
export const SLAB_CACHE_DMA = 0x4000;
export const SLAB_CACHE_DMA32 = 0x8000;

/**
 * What a page table asks the allocators for.
 *
 * | series   | L1 table         | cache of L2 tables      | an L2 table       |
 * | -------- | ---------------- | ----------------------- | ----------------- |
 * | 4.15     | GFP_DMA          | SLAB_CACHE_DMA          | gfp, GFP_DMA      |
 * | none     | GFP_DMA          | SLAB_CACHE_DMA          | gfp, GFP_DMA      |
 * | v4       | GFP_DMA32 or DMA | SLAB_CACHE_DMA32 or DMA | gfp, and the same |
 * | merged   | GFP_DMA32 or DMA | SLAB_CACHE_DMA32 or DMA | gfp               |
 *
 * DMA32 where ZONE_DMA32 is configured, DMA otherwise. With ARM_MTK_TTBR_EXT tables may lie anywhere:
 * GFP_KERNEL and no cache flag.
 */
export interface TableGfp {
  readonly l1: number;
  readonly slabFlags: number;
  /** Added to the caller's gfp for a level 2 table. */
  readonly l2: number;
}

/**
 * The flags by series.
 * @throws OptionError for another series, and what is no quirks.
 * @example
 * tableGfp('merged', 0, true).slabFlags === SLAB_CACHE_DMA32;
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c ARM_V7S_TABLE_GFP_DMA
 */
export function tableGfp(series: V7sSeries, quirks: number, zoneDma32: boolean): TableGfp {
  checkInteger('quirks', quirks, 0, Number.MAX_SAFE_INTEGER);
  checkBoolean('zoneDma32', zoneDma32);
  checkSeries(series);
  if ((quirks & Quirk.ARM_MTK_TTBR_EXT) !== 0) return { l1: GFP_KERNEL, slabFlags: 0, l2: 0 };
  const dma32 = zoneDma32 && (series === 'v4' || series === 'merged');
  const gfp = dma32 ? GFP_DMA32 : GFP_DMA;
  return {
    l1: gfp,
    slabFlags: dma32 ? SLAB_CACHE_DMA32 : SLAB_CACHE_DMA,
    l2: series === 'merged' ? 0 : gfp,
  };
}
