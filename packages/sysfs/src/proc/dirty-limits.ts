import { freePagesOf } from '@mm/buddy';
import { Watermark } from '@mm/zones';

import type { SysfsParts } from '../sysfs-parts.js';
import { globalFreePages } from './global-counts.js';

/** vm.dirty_ratio and vm.dirty_background_ratio, percent, in 1/4096. */
const RATIO: number = Math.floor((20 * 4096) / 100);
const BACKGROUND_RATIO: number = Math.floor((10 * 4096) / 100);

/**
 * Pages that may be dirty before writers must wait, and before writing back begins: shares of the free pages beyond the
 * reserves, as there is no page cache.
 * @see linux 6.1 mm/page-writeback.c global_dirty_limits
 */
export function dirtyLimits(parts: SysfsParts): { threshold: number; background: number } {
  const available = dirtyablePages(parts);
  const threshold = Math.floor((RATIO * available) / 4096);
  const background = Math.floor((BACKGROUND_RATIO * available) / 4096);
  return { threshold, background: background >= threshold ? Math.floor(threshold / 2) : background };
}

/** @see linux 6.1 mm/page-writeback.c global_dirtyable_memory */
function dirtyablePages({ pages, sysctls }: SysfsParts): number {
  const free = globalFreePages(pages);
  const beyond = free - Math.min(free, sysctls.totalReservePages);
  return beyond - Math.min(beyond, highPages({ pages })) + 1;
}

/** High memory does not count as dirtyable. @see linux 6.1 mm/page-writeback.c highmem_dirtyable_memory */
function highPages({ pages }: Pick<SysfsParts, 'pages'>): number {
  const { zones } = pages;
  let sum = 0;
  for (const zone of zones.indices()) {
    if (!zones.isHighmem(zone)) continue;
    const free = freePagesOf(pages, zone);
    sum += free - Math.min(free, zones.wmark[zone * 4 + Watermark.high]! + zones.watermarkBoost[zone]!);
  }
  return sum;
}
