import { OptionError, checkArray, checkInstance } from '@mm/printk';

import { Zones } from './zones.js';

/** Divisors by zone; Movable's and Device's are never used. @see linux 6.1 mm/page_alloc.c sysctl_lowmem_reserve_ratio */
const DEFAULT_RATIO = { DMA: 256, DMA32: 256, Normal: 32, HighMem: 0, Movable: 0, Device: 0 } as const;

/**
 * lowmem_reserve_ratio as the kernel starts with it, a number per configured zone.
 * @throws OptionError for what is no Zones.
 * @example
 * defaultReserveRatio(machine.zones); // [256, 32, 0] with DMA32, Normal, Movable
 */
export function defaultReserveRatio(zones: Zones): number[] {
  return checkInstance('zones', zones, Zones).names.map((name) => DEFAULT_RATIO[name]);
}

/**
 * Keeps a part of each zone from callers that could be served by a higher one: the managed pages of the
 * zones above, up to the caller's, divided by the zone's ratio. Ratio 0, or an empty zone: nothing.
 * @throws OptionError for what is no Zones, and a ratio that is not an integer from 0 for each zone.
 * @example
 * setLowmemReserve(zones, defaultReserveRatio(zones));
 * @see linux 6.1 mm/page_alloc.c setup_per_zone_lowmem_reserve
 */
export function setLowmemReserve(zones: Zones, ratio: readonly number[]): void {
  checkInstance('zones', zones, Zones);
  if (checkArray('ratio', ratio, 'integers').length !== zones.count)
    throw new OptionError('ratio', `a number for each of ${zones.count} zones`, ratio);
  for (let z = 0; z < ratio.length; z++) {
    const divisor = ratio[z]!;
    if (!Number.isInteger(divisor) || divisor < 0)
      throw new OptionError(`ratio[${z}]`, 'an integer from 0', divisor);
  }
  for (let z = 0; z < zones.count - 1; z++) {
    const divisor = zones.managed[z]! > 0 ? ratio[z]! : 0;
    let above = 0;
    for (let highest = z + 1; highest < zones.count; highest++) {
      above += zones.managed[highest]!;
      zones.lowmemReserve[z * zones.count + highest] = divisor === 0 ? 0 : Math.floor(above / divisor);
    }
  }
}
