import { statThresholdOf } from '@mm/zones';

import { checkAllocator } from './check-arguments.js';
import { updateFloors } from './floors.js';
import type { PageAllocator } from './page-allocator.js';
import { PcpWord, pcpAt } from './zone-state.js';

// Local constants: imported ones are read from their module each time.
const HIGH = PcpWord.high;
const BATCH = PcpWord.batch;
const STAT_THRESHOLD = PcpWord.statThreshold;

/** CPUs that are online; one at least. */
export function countOnline({ online }: PageAllocator): number {
  let count = 0;
  for (let cpu = 0; cpu < online.length; cpu++) count += online[cpu]!;
  return Math.max(1, count);
}

/**
 * Takes over per-cpu sizes, thresholds, watermarks, boosts and reserves after the zones have been sized anew, as a
 * write to a vm sysctl does, or after numbers in the zones were written by hand. Lists that are longer than the new
 * limit shrink as pages are freed.
 *
 * @throws OptionError for what is no PageAllocator.
 * @example
 * writeVmSysctl(vm, 'percpu_pagelist_high_fraction', '8');
 * applySizes(pages);
 * @see linux 6.1 mm/page_alloc.c pageset_update
 */
export function applySizes(pages: PageAllocator): void {
  const { zones } = checkAllocator(pages);
  const { cpus, online, nrZones, pcpState } = pages;
  const sharing = countOnline(pages);
  const { managed, pcpHigh, pcpBatch } = zones;
  for (let zone = 0; zone < nrZones; zone++) {
    const high = pcpHigh[zone]!;
    const batch = pcpBatch[zone]!;
    const threshold = statThresholdOf(managed[zone]!, sharing);
    for (let cpu = 0; cpu < cpus; cpu++) {
      const at = pcpAt(cpu, zone);
      pcpState[at | HIGH] = high;
      pcpState[at | BATCH] = batch;
      if (online[cpu] === 1) pcpState[at | STAT_THRESHOLD] = threshold;
    }
  }
  updateFloors(pages);
}
