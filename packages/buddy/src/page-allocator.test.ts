import { HoleError, PageFrames, type PfnRange, PhysicalMemory } from '@mm/memory';
import { KernelLog } from '@mm/printk';
import { CellSpace, Context } from '@mm/steps';
import { GFP_KERNEL, VmSysctls, Zones, initPerZoneWmarkMin } from '@mm/zones';
import { expect, test } from 'vitest';

import { smallMachine } from '../test/small-machine.js';
import {
  PageAllocator,
  buddyInfo,
  checkBuddyInvariants,
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

/** A machine of one zone, nothing of which is free yet. */
function emptyAllocator(ranges: readonly PfnRange[]): PageAllocator {
  const whole = { startPfn: 0, spannedPages: 16384, presentPages: 16384, managedPages: 16384 };
  const none = { startPfn: 0, spannedPages: 0, presentPages: 0, managedPages: 0 };
  const zones = new Zones([
    { name: 'Normal', ...whole },
    { name: 'Movable', ...none },
  ]);
  initPerZoneWmarkMin(new VmSysctls(zones, 1));
  return new PageAllocator({
    memory: new PhysicalMemory(ranges),
    frames: new PageFrames(ranges),
    zones,
    cells: new CellSpace(),
    log: new KernelLog(),
  });
}

test('the first example of the README runs', () => {
  const pages = emptyAllocator([{ startPfn: 0, endPfn: 16384 }]);
  releaseRange(pages, 0, 16384);
  const ctx = new Context();
  const pfn = allocPages(ctx, pages, GFP_KERNEL, 2);
  expect(pfn! % 4).toBe(0);
  freePages(ctx, pages, pfn!, 2);
  expect(buddyInfo(pages, 0).length).toBe(11);
});

test('a range is handed over once: what reaches into a free block, or into no memory, is refused before anything changes', () => {
  const pages = emptyAllocator([
    { startPfn: 0, endPfn: 9000 },
    { startPfn: 9500, endPfn: 16384 },
  ]);
  releaseRange(pages, 1000, 5000);
  const before = buddyInfo(pages, 0);
  const refused = (start: number, end: number): void =>
    expect(() => releaseRange(pages, start, end)).toThrow(
      'startPfn: expected a range of which nothing is free',
    );
  refused(1000, 1001);
  refused(0, 1001);
  refused(4999, 6000);
  refused(2048, 3072);
  refused(3000, 3001);
  expect(() => releaseRange(pages, 8999, 9002)).toThrow(HoleError);
  expect(buddyInfo(pages, 0)).toEqual(before);
  releaseRange(pages, 0, 1000);
  releaseRange(pages, 5000, 8192);
  expect(buddyInfo(pages, 0)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8]);
  expect(checkBuddyInvariants(pages)).toEqual([]);
});
