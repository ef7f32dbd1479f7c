import { checkInstance, checkInteger } from '@mm/printk';

import { intSqrt } from './int-sqrt.js';
import { Watermark, Zones } from './zones.js';

/** Bounds of min_free_kbytes when the kernel computes it, KiB. */
const MIN_FREE_KBYTES_MIN = 128;
const MIN_FREE_KBYTES_MAX = 262_144;
/** A high memory zone keeps 32 to 128 pages: its users can nearly always wait. */
const HIGHMEM_MIN_PAGES_MIN = 32;
const HIGHMEM_MIN_PAGES_MAX = 128;

/**
 * Pages above the high watermark in the zones that a GFP_USER allocation may use.
 * @throws OptionError for what is no Zones.
 * @example
 * freeBufferPages(machine.zones);
 * @see linux 6.1 mm/page_alloc.c nr_free_buffer_pages
 */
export function freeBufferPages(zones: Zones): number {
  const highest = checkInstance('zones', zones, Zones).indexOf('Normal');
  let sum = 0;
  for (let z = 0; z <= highest; z++) {
    const high = zones.wmark[z * 4 + Watermark.high]! + zones.watermarkBoost[z]!;
    sum += Math.max(0, zones.managed[z]! - high);
  }
  return sum;
}

/**
 * min_free_kbytes as boot computes it: the square root of 16 times the low memory in KiB, 128 to 262144.
 * 64 MiB give about 1 MiB, 16 GiB about 16 MiB.
 *
 * @param zones with watermarks as they are now; at boot they are 0.
 * @throws OptionError for what is no Zones.
 * @example
 * defaultMinFreeKbytes(zones); // about 4096 for 1 GiB
 * @see linux 6.1 mm/page_alloc.c calculate_min_free_kbytes
 */
export function defaultMinFreeKbytes(zones: Zones): number {
  const kbytes = intSqrt(freeBufferPages(zones) * 4 * 16);
  return Math.min(MIN_FREE_KBYTES_MAX, Math.max(MIN_FREE_KBYTES_MIN, kbytes));
}

/**
 * Sets every watermark from min_free_kbytes and takes boosts back.
 *
 *   min = share of min_free by managed pages (high memory: managed / 1024, 32..128)
 *   gap = max(min / 4, managed × scale / 10000);   low, high, promo = min + 1, 2, 3 gaps
 *
 * @param scaleFactor watermark_scale_factor, 1..3000 ten-thousandths of the managed pages.
 * @throws OptionError for what is no Zones, and numbers out of range; nothing has changed then.
 * @example
 * setWatermarks(zones, 4096, 10);
 * @see linux 6.1 mm/page_alloc.c __setup_per_zone_wmarks
 */
export function setWatermarks(zones: Zones, minFreeKbytes: number, scaleFactor: number): void {
  checkInstance('zones', zones, Zones);
  checkInteger('minFreeKbytes', minFreeKbytes, 0, 2 ** 31 - 1);
  checkInteger('scaleFactor', scaleFactor, 1, 3000);
  const pagesMin = minFreeKbytes >> 2;
  const { count, managed: managedPages, highmem, wmark, watermarkBoost } = zones;
  let lowmem = 0;
  for (let z = 0; z < count; z++) if (highmem[z] === 0) lowmem += managedPages[z]!;
  for (let z = 0; z < count; z++) {
    const managed = managedPages[z]!;
    const share = lowmem === 0 ? 0 : Math.floor((pagesMin * managed) / lowmem);
    const min =
      highmem[z] === 1
        ? Math.min(HIGHMEM_MIN_PAGES_MAX, Math.max(HIGHMEM_MIN_PAGES_MIN, managed >> 10))
        : share;
    const gap = Math.max(share >> 2, Math.floor((managed * scaleFactor) / 10_000));
    watermarkBoost[z] = 0;
    for (let mark = 0; mark <= Watermark.promo; mark++) wmark[z * 4 + mark] = min + mark * gap;
  }
}

/**
 * Pages that user space should not count on: reserves and high watermarks, at most what a zone manages.
 * @throws OptionError for what is no Zones.
 * @example
 * totalReservePages(machine.zones);
 * @see linux 6.1 mm/page_alloc.c calculate_totalreserve_pages
 */
export function totalReservePages(zones: Zones): number {
  let sum = 0;
  for (const z of checkInstance('zones', zones, Zones).indices()) {
    const reserves = zones.lowmemReserve.subarray(z * zones.count + z, (z + 1) * zones.count);
    const high = zones.wmark[z * 4 + Watermark.high]! + zones.watermarkBoost[z]!;
    sum += Math.min(zones.managed[z]!, Math.max(...reserves) + high);
  }
  return sum;
}
