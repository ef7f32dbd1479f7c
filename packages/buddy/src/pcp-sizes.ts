import { statThresholdOf } from '@mm/zones';

import type { PageAllocator } from './page-allocator.js';
import { PcpWord, pcpAt } from './zone-state.js';

/**
 * Gives every CPU the batch, high and threshold that the zones have now. To be called after a sysctl
 * has changed them; watermarks, boosts and reserves are read from the zones each time.
 *
 * @example
 * writeVmSysctl(vm, 'percpu_pagelist_high_fraction', '8');
 * setPcpWords(pages);
 * @see linux 6.1 mm/page_alloc.c zone_set_pageset_high_and_batch
 */
export function setPcpWords(pages: PageAllocator): void {
  const { zones, pcpState, cpus } = pages;
  for (let cpu = 0; cpu < cpus; cpu++)
    for (let zone = 0; zone < zones.count; zone++) {
      const at = pcpAt(cpu, zone);
      pcpState[at + PcpWord.high] = zones.pcpHigh[zone]!;
      pcpState[at + PcpWord.batch] = zones.pcpBatch[zone]!;
      pcpState[at + PcpWord.statThreshold] =
        zones.statThreshold[zone]! || statThresholdOf(zones.managed[zone]!, cpus);
    }
}
