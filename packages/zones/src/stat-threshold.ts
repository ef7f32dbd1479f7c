import { checkInstance, checkInteger } from '@mm/printk';

import { PAGES_MAX, Watermark, Zones } from './zones.js';

/** Pages in 128 MiB. */
const CHUNK_SHIFT = 15;
const THRESHOLD_MAX = 125;

const fls = (x: number): number => 32 - Math.clz32(x);

/**
 * How far a CPU's counter of a zone may run: 2 × fls(cpus) × (1 + fls(size in 128 MiB)), at most 125.
 * Empty zones have 0.
 * @throws OptionError for numbers out of range.
 * @example
 * statThresholdOf(262_144, 2); // 1 GiB, 2 CPUs: 20
 * @see linux 6.1 mm/vmstat.c calculate_normal_threshold
 */
export function statThresholdOf(managedPages: number, cpus: number): number {
  checkInteger('managedPages', managedPages, 0, PAGES_MAX);
  checkInteger('cpus', cpus, 1, 2 ** 31 - 1);
  return Math.min(THRESHOLD_MAX, 2 * fls(cpus) * (1 + fls(managedPages >> CHUNK_SHIFT)));
}

/**
 * Sets thresholds, and the mark below which counters must be summed exactly because the drift of all CPUs
 * could hide the min watermark.
 * @throws OptionError for what is no Zones, and `cpus` out of range.
 * @example
 * setStatThresholds(zones, 2);
 * @see linux 6.1 mm/vmstat.c refresh_zone_stat_thresholds
 */
export function setStatThresholds(zones: Zones, cpus: number): void {
  checkInstance('zones', zones, Zones);
  checkInteger('cpus', cpus, 1, 2 ** 31 - 1);
  for (let z = 0; z < zones.count; z++) {
    if (zones.managed[z] === 0) continue;
    const threshold = statThresholdOf(zones.managed[z]!, cpus);
    const mark = (index: number): number => zones.wmark[z * 4 + index]! + zones.watermarkBoost[z]!;
    const drift = cpus * threshold;
    zones.statThreshold[z] = threshold;
    // Once set, the mark stays where it was: only a larger drift than the gap sets it again.
    if (drift > mark(Watermark.low) - mark(Watermark.min)) zones.driftMark[z] = mark(Watermark.high) + drift;
  }
}
