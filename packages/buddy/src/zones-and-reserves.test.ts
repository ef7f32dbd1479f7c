import { Context } from '@mm/steps';
import { expect, test } from 'vitest';

import { smallMachine, wholeZone } from '../test/small-machine.js';
import {
  MigrateType,
  ZoneWord,
  allocPages,
  allocPagesBulk,
  allocPagesExact,
  blockTypeOf,
  checkBuddyInvariants,
  drainAllPages,
  freePages,
  freePagesAt,
  freePagesExact,
  foldZoneCounters,
  freePagesOf,
  getZeroedPage,
  isolatePageblock,
  pageblocksByType,
  splitPage,
  unisolatePageblock,
  unreserveHighatomic,
  type PageAllocator,
} from './index.js';

/** Free pages, the CPUs' parts of the counter included. */
const allFree = (pages: PageAllocator): number => {
  foldZoneCounters(pages);
  return freePagesOf(pages, 0);
};

const KERNEL = 0xcc0;
const NOWAIT = 0x800;
const ATOMIC = 0xa20;
const MOVABLE = 0x100cca;

test('an allocation turns to the next zone at the low watermark, and may go on to the min watermark', () => {
  const specs = [wholeZone('DMA32', 0, 8192), wholeZone('Normal', 8192, 8192)];
  const pages = smallMachine({ specs, minPages: 400, checkPages: false });
  const ctx = new Context();
  const free: number[] = [];
  for (let i = 0; i < 20_000; i++) if (allocPages(ctx, pages, KERNEL, 0) === null) break;
  for (const zone of [0, 1]) free.push(freePagesOf(pages, zone));
  expect(free).toEqual([397, 397].map((n) => expect.closeTo(n + 3, -1)));
});

/** Free pages when the last allocation with `gfp` has failed; the min watermark is 400. */
const left = (gfp: number): number => {
  const pages = smallMachine({ minPages: 400 });
  const ctx = new Context();
  while (allocPages(ctx, pages, gfp, 0) !== null);
  return freePagesOf(pages, 0);
};

test('__GFP_HIGH goes down to half of the min watermark, and a caller that cannot wait further', () => {
  expect(left(KERNEL)).toBeLessThanOrEqual(400);
  expect(left(KERNEL)).toBeGreaterThan(390);
  expect(left(KERNEL | 0x20)).toBeLessThanOrEqual(200);
  expect(left(KERNEL | 0x20)).toBeGreaterThan(190);
  expect(left(ATOMIC)).toBeLessThanOrEqual(150);
  expect(left(ATOMIC)).toBeGreaterThan(140);
});

test('a high-order atomic allocation reserves its pageblock, and others stay out of it', () => {
  const pages = smallMachine({ minPages: 1400 });
  const ctx = new Context();
  for (let i = 0; i < 2000 && pages.zoneState[ZoneWord.reservedHighatomic] === 0; i++)
    if (allocPages(ctx, pages, ATOMIC, 3) === null) break;
  expect(pages.zoneState[ZoneWord.reservedHighatomic]).toBe(512);
  expect(pageblocksByType(pages, 0)[MigrateType.HIGHATOMIC]).toBe(1);
  expect(checkBuddyInvariants(pages)).toEqual([]);
  expect(unreserveHighatomic(ctx, pages, 0, MigrateType.MOVABLE, false)).toBe(false);
  expect(unreserveHighatomic(ctx, pages, 0, MigrateType.MOVABLE, true)).toBe(true);
  expect(pages.zoneState[ZoneWord.reservedHighatomic]).toBe(0);
  expect(checkBuddyInvariants(pages)).toEqual([]);
});

test('an isolated pageblock is not counted as free and not allocated from, and comes back whole', () => {
  const pages = smallMachine({ minPages: 0 });
  const ctx = new Context();
  expect(isolatePageblock(ctx, pages, 4096)).toBe(0);
  expect(isolatePageblock(ctx, pages, 4100)).toBe(-16);
  expect(checkBuddyInvariants(pages)).toEqual([]);
  const later: number[] = [];
  const isolated = 16_384 - freePagesOf(pages, 0);
  expect(isolated).toBe(1024);
  for (let pfn = allocPages(ctx, pages, NOWAIT, 9); pfn !== null; pfn = allocPages(ctx, pages, NOWAIT, 9)) {
    expect(pfn >= 4096 && pfn < 5120).toBe(false);
    later.push(pfn);
  }
  unisolatePageblock(ctx, pages, 4096, MigrateType.MOVABLE);
  for (const pfn of later) freePages(ctx, pages, pfn, 9);
  drainAllPages(ctx, pages);
  expect(allFree(pages)).toBe(16_384);
  expect(checkBuddyInvariants(pages)).toEqual([]);
  expect(pages.zoneState[ZoneWord.isolatedBlocks]).toBe(0);
});

test('a pageblock with a used page that cannot be moved is not isolated', () => {
  const pages = smallMachine();
  const ctx = new Context();
  const pfn = allocPages(ctx, pages, KERNEL, 4)!;
  expect(isolatePageblock(ctx, pages, pfn)).toBe(-16);
});

test('an unmovable allocation that takes a movable pageblock changes its type', () => {
  const pages = smallMachine();
  const ctx = new Context();
  const pfn = allocPages(ctx, pages, KERNEL, 0)!;
  expect(blockTypeOf(pages, pfn)).toBe(MigrateType.UNMOVABLE);
  const other = allocPages(ctx, pages, MOVABLE, 0)!;
  expect(blockTypeOf(pages, other)).toBe(MigrateType.MOVABLE);
  expect(other >> 9).not.toBe(pfn >> 9);
});

test('too little memory to tell types apart: every pageblock that is taken becomes unmovable', () => {
  const pages = smallMachine({ groupByMobilityDisabled: true });
  const pfn = allocPages(new Context(), pages, MOVABLE, 0)!;
  expect(blockTypeOf(pages, pfn)).toBe(MigrateType.UNMOVABLE);
});

test('a bulk allocation fills what is free of the array, and keeps what is there', () => {
  const pages = smallMachine();
  const ctx = new Context();
  const pfns = new Int32Array(8).fill(-1);
  pfns[2] = 12_345;
  expect(allocPagesBulk(ctx, pages, KERNEL, 8, pfns)).toBe(8);
  expect(pfns[2]).toBe(12_345);
  expect(new Set(pfns).size).toBe(8);
  expect(() => allocPagesBulk(ctx, pages, KERNEL, 9, pfns)).toThrow('count: expected an integer in [0, 8]');
});

test('a bulk allocation gets at least one page where the low watermark is in its way', () => {
  const pages = smallMachine({ minPages: 200 });
  const ctx = new Context();
  while (freePagesOf(pages, 0) > 240) allocPages(ctx, pages, KERNEL, 0);
  const pfns = new Int32Array(100).fill(-1);
  expect(allocPagesBulk(ctx, pages, KERNEL, 100, pfns)).toBe(1);
});

test('five pages exactly: three of the eight go back at once', () => {
  const pages = smallMachine();
  const ctx = new Context();
  const addr = allocPagesExact(ctx, pages, 5 * 4096, KERNEL)!;
  drainAllPages(ctx, pages);
  expect(allFree(pages)).toBe(16_384 - 5);
  expect(checkBuddyInvariants(pages)).toEqual([]);
  freePagesExact(ctx, pages, addr, 5 * 4096);
  drainAllPages(ctx, pages);
  expect(allFree(pages)).toBe(16_384);
  expect(() => allocPagesExact(ctx, pages, 0, KERNEL)).toThrow(
    'sizeBytes: expected a positive integer, got 0',
  );
});

test('a split block is freed page by page; a compound one cannot be split', () => {
  const pages = smallMachine({ strict: true });
  const ctx = new Context();
  const pfn = allocPages(ctx, pages, KERNEL, 3)!;
  splitPage(pages, pfn, 3);
  for (let i = 7; i >= 0; i--) freePages(ctx, pages, pfn + i, 0);
  drainAllPages(ctx, pages);
  expect(allFree(pages)).toBe(16_384);
  const compound = allocPages(ctx, pages, KERNEL | 0x40000, 3)!;
  expect(() => splitPage(pages, compound, 3)).toThrow('split_page of a compound page');
  freePages(ctx, pages, compound, 3);
  expect(checkBuddyInvariants(pages)).toEqual([]);
});

test('__GFP_ZERO gives zeroes where the last owner wrote', () => {
  const pages = smallMachine();
  const ctx = new Context();
  const addr = getZeroedPage(ctx, pages, KERNEL)!;
  pages.memory.write32(addr + 4092, 7);
  freePagesAt(ctx, pages, addr, 0);
  expect(getZeroedPage(ctx, pages, KERNEL)).toBe(addr);
  expect(pages.memory.read32(addr + 4092)).toBe(0);
  freePagesAt(ctx, pages, null, 0);
  expect(() => freePagesAt(ctx, pages, 12 as never, 0)).toThrow('addr: expected the address of a page');
});

test('a freshly booted machine of 64 GiB has made no frame', () => {
  const pages = smallMachine({ specs: [wholeZone('Normal', 0, 1 << 24)] });
  expect(pages.frames.slotCount).toBeLessThanOrEqual(3 * 1024);
  expect(allFree(pages)).toBe(1 << 24);
});

test('options are refused by name', () => {
  expect(() => smallMachine({ cpus: 0 })).toThrow('cpus: expected an integer of 1 to 256, got 0');
  expect(() => smallMachine({ pageblockOrder: 11 })).toThrow(
    'pageblockOrder: expected an integer of 1 to 10',
  );
  expect(() => smallMachine({ watermarkBoostFactor: -1 })).toThrow('watermarkBoostFactor');
});
