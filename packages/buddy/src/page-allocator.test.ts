import { PageFrames, PhysicalMemory } from '@mm/memory';
import { KernelLog } from '@mm/printk';
import { CellSpace, Context } from '@mm/steps';
import { GFP_KERNEL, VmSysctls, Zones, initPerZoneWmarkMin } from '@mm/zones';
import { expect, test } from 'vitest';

import { smallMachine } from '../test/small-machine.js';
import {
  PageAllocator,
  buddyInfo,
  releaseRange,
  allocPages,
  drainAllPages,
  foldZoneCounters,
  freePages,
  freePagesOf,
} from './index.js';

/** Free pages, the CPUs' parts of the counter included. */
const allFree = (pages: PageAllocator): number => {
  foldZoneCounters(pages);
  return freePagesOf(pages, 0);
};

test('what is allocated and freed again is all there after a drain', () => {
  const pages = smallMachine();
  const ctx = new Context();
  const held: Array<[number, number]> = [];
  for (let i = 0; i < 200; i++) {
    const order = i % 11;
    const pfn = allocPages(ctx, pages, 0xcc0, order);
    if (pfn !== null) held.push([pfn, order]);
  }
  expect(held.length).toBeGreaterThan(50);
  for (const [pfn, order] of held) freePages(ctx, pages, pfn, order);
  drainAllPages(ctx, pages);
  expect(allFree(pages)).toBe(16_384);
  expect(pages.areaFree[10]).toBe(16);
});

test('the first example of the README runs', () => {
  const ranges = [{ startPfn: 0, endPfn: 16384 }];
  const whole = { startPfn: 0, spannedPages: 16384, presentPages: 16384, managedPages: 16384 };
  const none = { startPfn: 0, spannedPages: 0, presentPages: 0, managedPages: 0 };
  const zones = new Zones([
    { name: 'Normal', ...whole },
    { name: 'Movable', ...none },
  ]);
  initPerZoneWmarkMin(new VmSysctls(zones, 1));
  const pages = new PageAllocator({
    memory: new PhysicalMemory(ranges),
    frames: new PageFrames(ranges),
    zones,
    cells: new CellSpace(),
    log: new KernelLog(),
  });
  releaseRange(pages, 0, 16384);
  const ctx = new Context();
  const pfn = allocPages(ctx, pages, GFP_KERNEL, 2);
  expect(pfn! % 4).toBe(0);
  freePages(ctx, pages, pfn!, 2);
  expect(buddyInfo(pages, 0).length).toBe(11);
});
