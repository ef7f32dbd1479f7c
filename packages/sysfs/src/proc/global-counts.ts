import { type PageAllocator, ZONE_WORDS, ZoneWord, freePagesOf } from '@mm/buddy';
import { SLAB_RECLAIM_ACCOUNT } from '@mm/kmem';
import { PageFlag, orderOfFlags } from '@mm/memory';
import { Watermark, type Zones } from '@mm/zones';

import type { SysfsParts } from '../sysfs-parts.js';

/** Pages of slabs, by whether they can be reclaimed. Blocks of a kmalloc above 8 KiB count with the second. */
export interface SlabPages {
  readonly reclaimable: number;
  readonly unreclaimable: number;
}

/**
 * Counts the pages that the slab allocator holds by walking the frames that were ever touched. The kernel keeps a counter,
 * which may lag behind by a few pages of each CPU.
 */
export function slabPages({ kmem }: SysfsParts): SlabPages {
  const { frames, caches } = kmem;
  let reclaimable = 0;
  let unreclaimable = kmem.largePages;
  for (let slot = 1; slot < frames.slotCount; slot++) {
    const flags = frames.flags[slot]!;
    if ((flags & PageFlag.slab) === 0) continue;
    const owner = caches[frames.owner0[slot]!];
    if (owner === null || owner === undefined) continue;
    if ((owner.flags & SLAB_RECLAIM_ACCOUNT) === 0) unreclaimable += 1 << orderOfFlags(flags);
    else reclaimable += 1 << orderOfFlags(flags);
  }
  return { reclaimable, unreclaimable };
}

/** Free pages of all zones, without what CPUs have not folded in yet; from 0. @see linux 6.1 include/linux/vmstat.h global_zone_page_state */
export function globalFreePages(pages: PageAllocator): number {
  let sum = 0;
  for (let zone = 0; zone < pages.nrZones; zone++) sum += pages.zoneState[zone * ZONE_WORDS + ZoneWord.free]!;
  return Math.max(0, sum);
}

/** As {@link globalFreePages}, of CMA blocks. */
export function globalFreeCma(pages: PageAllocator): number {
  let sum = 0;
  for (let zone = 0; zone < pages.nrZones; zone++)
    sum += pages.zoneState[zone * ZONE_WORDS + ZoneWord.freeCma]!;
  return Math.max(0, sum);
}

/** Pages that zones manage: all, and those that the kernel must map first. */
export function managedPages({ zones }: PageAllocator): { total: number; high: number } {
  let total = 0;
  let high = 0;
  for (const zone of zones.indices()) {
    total += zones.managed[zone]!;
    if (zones.isHighmem(zone)) high += zones.managed[zone]!;
  }
  return { total, high };
}

/** Free pages of zones that the kernel must map first. */
export function freeHighPages(pages: PageAllocator): number {
  let high = 0;
  for (const zone of pages.zones.indices()) if (pages.zones.isHighmem(zone)) high += freePagesOf(pages, zone);
  return high;
}

const sumOfLowMarks = (zones: Zones): number =>
  zones
    .indices()
    .reduce((sum, zone) => sum + zones.wmark[zone * 4 + Watermark.low]! + zones.watermarkBoost[zone]!, 0);

/**
 * Pages that could be allocated without swapping: free ones beyond the reserves, and the reclaimable slabs but for a part
 * that is taken to be in use. There is no page cache.
 * @see linux 6.1 mm/page_alloc.c si_mem_available
 */
export function availablePages({ pages, sysctls }: SysfsParts, reclaimable: number): number {
  const inUse = Math.min(Math.floor(reclaimable / 2), sumOfLowMarks(pages.zones));
  return Math.max(0, globalFreePages(pages) - sysctls.totalReservePages + reclaimable - inUse);
}
