import { statThresholdOf } from '@mm/zones';

import { checkAllocator } from './check-arguments.js';
import { updateFloors } from './floors.js';
import type { PageAllocator } from './page-allocator.js';
import { PcpWord, pcpAt } from './zone-state.js';

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
  const { cpus, pcpState } = pages;
  for (let zone = 0; zone < pages.nrZones; zone++) {
    const threshold = statThresholdOf(zones.managed[zone]!, cpus);
    for (let cpu = 0; cpu < cpus; cpu++) {
      const at = pcpAt(cpu, zone);
      pcpState[at + PcpWord.high] = zones.pcpHigh[zone]!;
      pcpState[at + PcpWord.batch] = zones.pcpBatch[zone]!;
      pcpState[at + PcpWord.statThreshold] = threshold;
    }
  }
  updateFloors(pages);
}
