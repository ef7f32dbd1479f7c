import { GFP_KERNEL, __GFP_HIGHMEM } from '@mm/zones';
import { Context } from '@mm/steps';
import { expect, test } from 'vitest';

import { smallMachine, wholeZone } from '../test/small-machine.js';
import {
  allocPages,
  blockTypeOf,
  countFreeBlocks,
  drainAllPages,
  freePages,
  pageblocksByType,
  setBlockType,
} from './index.js';
import { MigrateType } from './migrate-types.js';
import { restoreAllocator, snapshotAllocator } from './allocator-image.js';

const { UNMOVABLE, MOVABLE } = MigrateType;

test('a pageblock is movable after boot where its first page is memory, as on a PC all but the first are', () => {
  const pages = smallMachine({ specs: [wholeZone('Normal', 1, 16_383)] });
  expect(pageblocksByType(pages, 0)).toEqual([1, 31, 0, 0, 0, 0]);
  expect(blockTypeOf(pages, 1)).toBe(UNMOVABLE);
  expect(blockTypeOf(pages, 512)).toBe(MOVABLE);
});

/** High memory begins two pages before the end of a pageblock of low memory. */
const sharedBlock = (flatMemory: boolean) =>
  smallMachine({
    specs: [wholeZone('Normal', 0, 8190), wholeZone('HighMem', 8190, 8194)],
    minPages: 10,
    flatMemory,
  });

test('a pageblock of two zones has one type, and with FLATMEM one in each', () => {
  const sparse = sharedBlock(false);
  expect([blockTypeOf(sparse, 8189), blockTypeOf(sparse, 8190)]).toEqual([MOVABLE, MOVABLE]);
  setBlockType(sparse, 8190, MigrateType.CMA);
  expect(blockTypeOf(sparse, 8189)).toBe(MigrateType.CMA);

  const flat = sharedBlock(true);
  expect([blockTypeOf(flat, 8189), blockTypeOf(flat, 8190)]).toEqual([MOVABLE, UNMOVABLE]);
  const image = snapshotAllocator(flat);
  setBlockType(flat, 8191, MigrateType.RECLAIMABLE);
  expect([blockTypeOf(flat, 8189), blockTypeOf(flat, 8190)]).toEqual([MOVABLE, MigrateType.RECLAIMABLE]);
  setBlockType(flat, 8189, MigrateType.CMA);
  expect([blockTypeOf(flat, 8189), blockTypeOf(flat, 8190)]).toEqual([
    MigrateType.CMA,
    MigrateType.RECLAIMABLE,
  ]);
  restoreAllocator(flat, image);
  expect([blockTypeOf(flat, 8189), blockTypeOf(flat, 8190)]).toEqual([MOVABLE, UNMOVABLE]);
});

test('pages of a shared pageblock go back to the lists of its type in their zone', () => {
  const ctx = new Context(0);
  const pages = sharedBlock(true);
  const high = pages.zones.indexOf('HighMem');
  expect(countFreeBlocks(pages, high, 1, UNMOVABLE)).toBe(1);
  const pfn = allocPages(ctx, pages, GFP_KERNEL | __GFP_HIGHMEM, 1)!;
  expect(pfn).toBe(8190);
  freePages(ctx, pages, pfn, 1);
  drainAllPages(ctx, pages);
  expect(countFreeBlocks(pages, high, 1, UNMOVABLE)).toBe(1);
  expect(countFreeBlocks(sharedBlock(false), high, 1, UNMOVABLE)).toBe(0);
});
