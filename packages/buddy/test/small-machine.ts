import { PageFrames, type PfnRange, PhysicalMemory } from '@mm/memory';
import { KernelLog } from '@mm/printk';
import { CellSpace } from '@mm/steps';
import { type ZoneSpec, Zones } from '@mm/zones';

import { PageAllocator, type PageAllocatorOptions, releaseRange } from '../src/index.js';

/** What of a small machine a test wants to be different. */
export interface SmallMachineOptions extends Partial<PageAllocatorOptions> {
  /** Zones, all of whose pages are free at the start. Default: Normal, 64 MiB from 0. */
  readonly specs?: readonly ZoneSpec[];
  /** Pages below which an allocation fails: the min watermark. Default 100. */
  readonly minPages?: number;
}

/** A zone that is all memory. */
export const wholeZone = (name: ZoneSpec['name'], startPfn: number, pages: number): ZoneSpec => ({
  name,
  startPfn,
  spannedPages: pages,
  presentPages: pages,
  managedPages: pages,
});

/** A freshly booted machine. Watermarks of each zone are min, 5/4 min, 6/4 min. */
export function smallMachine(options: SmallMachineOptions = {}): PageAllocator {
  const { specs = [wholeZone('Normal', 0, 16_384)], minPages = 100 } = options;
  const named = specs.some((spec) => spec.name === 'Movable');
  const zones = new Zones(named ? specs : [...specs, wholeZone('Movable', 0, 0)]);
  const ranges: PfnRange[] = [];
  for (const z of zones.indices()) {
    zones.wmark.set([minPages, minPages * 1.25, minPages * 1.5, minPages * 1.75].map(Math.floor), z * 4);
    zones.pcpHigh[z] = 125;
    zones.pcpBatch[z] = 3;
    const startPfn = zones.startPfn[z]!;
    if (zones.spanned[z]! > 0) ranges.push({ startPfn, endPfn: startPfn + zones.spanned[z]! });
  }
  const pages = new PageAllocator({
    memory: new PhysicalMemory(ranges),
    frames: new PageFrames(ranges),
    zones,
    cells: new CellSpace(),
    log: new KernelLog(),
    ...options,
  });
  for (const { startPfn, endPfn } of ranges) releaseRange(pages, startPfn, endPfn);
  return pages;
}
