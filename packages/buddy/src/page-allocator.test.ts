import { Context } from '@mm/steps';
import { expect, test } from 'vitest';

import { smallMachine } from '../test/small-machine.js';
import {
  type PageAllocator,
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
