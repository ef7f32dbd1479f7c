import { OptionError, checkInstance, checkInteger } from '@mm/printk';

import { PAGES_MAX, Watermark, Zones } from './zones.js';

/**
 * Pages moved at once between a CPU's lists and a zone: a thousandth of the zone, at most 1 MiB, a quarter
 * of that, made one less than a power of two so that batches do not share cache colours. 1..63.
 *
 * @throws OptionError when `managedPages` is not an integer from 0.
 * @example
 * pcpBatchOf(16831); // 3
 * @see linux 6.1 mm/page_alloc.c zone_batchsize
 */
export function pcpBatchOf(managedPages: number): number {
  checkInteger('managedPages', managedPages, 0, PAGES_MAX);
  const quarter = Math.max(1, Math.min(managedPages >> 10, 256) >> 2);
  // The largest power of two that is not above one and a half times that.
  return Math.max(1, (0x8000_0000 >>> Math.clz32(quarter + (quarter >> 1))) - 1);
}

/**
 * Sets batch and high of every zone. High is the low watermark, or managed / fraction, split among the CPUs,
 * and at least four batches.
 *
 * @param cpus online CPUs, at least 1.
 * @param highFraction percpu_pagelist_high_fraction, 0 or at least 8.
 * @throws OptionError for what is no Zones, and numbers out of range.
 * @example
 * setPcpSizes(zones, 4, 0); // high from the low watermark
 * @see linux 6.1 mm/page_alloc.c zone_highsize
 */
export function setPcpSizes(zones: Zones, cpus: number, highFraction: number): void {
  checkInstance('zones', zones, Zones);
  checkInteger('cpus', cpus, 1, 2 ** 31 - 1);
  checkInteger('highFraction', highFraction, 0, PAGES_MAX);
  if (highFraction > 0 && highFraction < 8)
    throw new OptionError('highFraction', '0 or an integer from 8', highFraction);
  const { count, managed: managedPages, wmark, watermarkBoost, pcpBatch, pcpHigh } = zones;
  for (let z = 0; z < count; z++) {
    const managed = managedPages[z]!;
    const batch = pcpBatchOf(managed);
    const low = wmark[z * 4 + Watermark.low]! + watermarkBoost[z]!;
    const pages = highFraction === 0 ? low : Math.floor(managed / highFraction);
    pcpBatch[z] = batch;
    pcpHigh[z] = Math.max(Math.floor(pages / cpus), batch * 4);
  }
}
