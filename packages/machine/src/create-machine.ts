import { PageAllocator, releaseRange, updateFloors } from '@mm/buddy';
import { PageFrames, PhysicalMemory } from '@mm/memory';
import { slabArchOf } from '@mm/kmem';
import { KernelLog } from '@mm/printk';
import { parseSlabBoot } from '@mm/slab';
import { parseSlubBoot } from '@mm/slub';
import { CellSpace } from '@mm/steps';
import { VmSysctls, Zones, initPerZoneWmarkMin, layOutZones, toPfnSpans } from '@mm/zones';

import { Machine } from './machine.js';
import { managedPagesOf, managedSpans } from './managed-pages.js';
import { type MachineOptions, checkOptions } from './options.js';

/** Mobility is not kept apart on machines with fewer pageblocks than there are migrate types, 6. */
const MIGRATE_TYPES = 6;

/**
 * Makes a machine that has just booted: memory, zones sized as Linux 6.1 sizes them, every managed page free.
 *
 * @throws OptionError naming the option, its value and what was expected. Unknown options are refused.
 * @example
 * const machine = createMachine({ preset: 'arm64-2018', ramBytes: '4G', cpus: 2 });
 * const pfn = machine.allocPages(GFP_KERNEL, 0);
 */
export function createMachine(options: MachineOptions = {}): Machine {
  const checked = checkOptions(options);
  const { preset, cpus, strict, pageblockOrder } = checked;
  const spans = toPfnSpans(checked.ranges);
  const arch = slabArchOf(preset.name, Math.min(...checked.ranges.map(({ start }) => start)));
  const bounds = layOutZones(spans, preset, checked.boot);
  const keptBelow = preset.bootKeepsBelow / 4096;
  const managed = managedPagesOf(bounds, checked.managedPages, spans, keptBelow);
  const zones = new Zones(bounds.map((zone, i) => ({ ...zone, managedPages: managed[i]! })));
  const sysctls = new VmSysctls(zones, cpus);
  initPerZoneWmarkMin(sysctls, checked.minFreeKbytes);
  const memory = new PhysicalMemory(spans);
  const frames = new PageFrames(spans);
  const cells = new CellSpace();
  const log = new KernelLog();
  const total = managed.reduce((sum, count) => sum + count, 0);
  const groupByMobilityDisabled = total < MIGRATE_TYPES << pageblockOrder;
  const pages = new PageAllocator({
    memory,
    frames,
    zones,
    cells,
    log,
    cpus,
    pageblockOrder,
    strict,
    groupByMobilityDisabled,
    flatMemory: !checked.config.sparsemem,
  });
  for (const [i, zone] of bounds.entries())
    for (const { startPfn, endPfn } of managedSpans(spans, zone, managed[i]!, keptBelow))
      releaseRange(pages, startPfn, endPfn);
  pages.faults = checked.faults;
  updateFloors(pages);
  return new Machine({
    preset,
    series: checked.series,
    config: checked.config,
    spans,
    memory,
    frames,
    zones,
    sysctls,
    cells,
    log,
    pages,
    slab: checked.slab,
    slabOptions: {
      arch,
      boot: parseSlabBoot(checked.cmdline),
      debug: checked.debugSlab,
      faults: checked.failslab,
    },
    slubOptions: {
      arch,
      boot: parseSlubBoot(checked.cmdline, log, checked.config.failslab),
      faults: checked.failslab,
      ...(checked.randomFreelist === undefined ? {} : { randomFreelist: checked.randomFreelist }),
      ...(checked.hardenedFreelist === undefined ? {} : { hardenedFreelist: checked.hardenedFreelist }),
    },
  });
}
