import { statThresholdOf, setPcpSizes, setStatThresholds } from '@mm/zones';
import { type Context, type Steps, cpuDown, cpuUp, lock, rmw, unlock } from '@mm/steps/stepped';

import { countOnline } from '../apply-sizes.js';
import { checkCpu } from '../check-arguments.js';
import { updateFloors } from '../floors.js';
import type { PageAllocator } from '../page-allocator.js';
import { foldCountersOf } from '../zone-counters.js';
import { PcpWord, pcpAt } from '../zone-state.js';
import { drainPagesZone } from './drain.js';
import { writePcpSizes } from './pcp-sizes.js';

/**
 * CPU `cpu` goes offline, unless it has: the pages on its lists and its parts of the counters go back, and the others share the limits of
 * lists among them. Not to be called there.
 *
 * @throws OptionError for what is no PageAllocator or no CPU.
 * @example
 * pageAllocCpuDead(ctx, pages, 1);
 * @see linux 6.1 mm/page_alloc.c page_alloc_cpu_dead; mm/vmstat.c vmstat_cpu_dead
 */
export function* pageAllocCpuDead(ctx: Context, pages: PageAllocator, cpu: number): Steps<void> {
  checkCpu(pages, cpu);
  yield cpuDown(cpu);
  for (let zone = 0; zone < pages.nrZones; zone++) {
    yield* drainPagesZone(ctx, pages, cpu, zone);
    yield rmw(pages.zoneFreeCell + zone);
    foldCountersOf(pages, cpu, zone);
  }
  if (pages.online[cpu] === 1) {
    pages.online[cpu] = 0;
    yield* shareOut(pages);
  }
  updateFloors(pages);
}

/**
 * CPU `cpu` comes back, unless it is there: the limits of lists are shared with it.
 *
 * @throws OptionError for what is no PageAllocator or no CPU.
 * @example
 * pageAllocCpuOnline(ctx, pages, 1);
 * @see linux 6.1 mm/page_alloc.c page_alloc_cpu_online; mm/vmstat.c vmstat_cpu_online
 */
export function* pageAllocCpuOnline(_ctx: Context, pages: PageAllocator, cpu: number): Steps<void> {
  checkCpu(pages, cpu);
  yield cpuUp(cpu);
  if (pages.online[cpu] === 1) return;
  pages.online[cpu] = 1;
  yield* shareOut(pages);
}

/**
 * Lists of all CPUs get the limits that those online can have, counters of those online the threshold that bounds what all of them hold back.
 * @see linux 6.1 mm/page_alloc.c zone_pcp_update; mm/vmstat.c refresh_zone_stat_thresholds
 */
function* shareOut(pages: PageAllocator): Steps<void> {
  const { zones } = pages;
  const online = countOnline(pages);
  zones.cpusOnline = online;
  yield lock(pages.pcpBatchHighLock);
  setPcpSizes(zones, online, zones.highFraction);
  for (let zone = 0; zone < pages.nrZones; zone++)
    if (zones.present[zone]! > 0)
      yield* writePcpSizes(pages, zone, zones.pcpHigh[zone]!, zones.pcpBatch[zone]!);
  yield unlock(pages.pcpBatchHighLock);
  setStatThresholds(zones, online);
  for (let zone = 0; zone < pages.nrZones; zone++) {
    const threshold = statThresholdOf(zones.managed[zone]!, online);
    yield rmw(pages.zoneFreeCell + zone);
    for (let cpu = 0; cpu < pages.cpus; cpu++)
      if (pages.online[cpu] === 1) pages.pcpState[pcpAt(cpu, zone) + PcpWord.statThreshold] = threshold;
  }
}
