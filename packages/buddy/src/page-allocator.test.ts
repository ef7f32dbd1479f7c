import { PageFrames, PhysicalMemory } from '@mm/memory';
import { KernelLog } from '@mm/printk';
import { CellSpace, Context } from '@mm/steps';
import { expect, test } from 'vitest';

import { PageAllocator, allocPages, drainAllPages, freePages, freePagesOf, releaseRange } from './index.js';

/** One zone of 64 MiB. */
function smallMachine(): PageAllocator {
  const ranges = [{ startPfn: 0, endPfn: 16_384 }];
  const zones = {
    count: 1,
    names: ['Normal'],
    startPfn: Int32Array.of(0),
    spanned: Int32Array.of(16_384),
    present: Int32Array.of(16_384),
    managed: Int32Array.of(16_384),
    wmark: Int32Array.of(100, 125, 150, 175),
    watermarkBoost: Int32Array.of(0),
    lowmemReserve: Int32Array.of(0),
    pcpHigh: Int32Array.of(125),
    pcpBatch: Int32Array.of(3),
  };
  const pages = new PageAllocator({
    memory: new PhysicalMemory(ranges),
    frames: new PageFrames(ranges),
    zones,
    gfpZones: new Uint8Array(16),
    zonelists: Uint8Array.of(0),
    cells: new CellSpace(),
    log: new KernelLog(),
  });
  releaseRange(pages, 0, 16_384);
  return pages;
}

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
  expect(freePagesOf(pages, 0)).toBe(16_384);
  expect(pages.areaFree[10]).toBe(16);
});
