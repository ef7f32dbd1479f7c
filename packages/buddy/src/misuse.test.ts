import { Context } from '@mm/steps';
import { expect, test } from 'vitest';

import { smallMachine } from '../test/small-machine.js';
import {
  MigrateType,
  MisuseError,
  PcpWord,
  allocPages,
  checkBuddyInvariants,
  drainAllPages,
  freePages,
  foldZoneCounters,
  freePagesOf,
  pcpAt,
  setBlockType,
  snapshotAllocator,
  type PageAllocator,
} from './index.js';

/** Free pages, the CPUs' parts of the counter included. */
const allFree = (pages: PageAllocator): number => {
  foldZoneCounters(pages);
  return freePagesOf(pages, 0);
};

const GFP = 0xcc0;
const COMP = 0x40000;

test('a page freed twice is noticed when it leaves the per-cpu list, and is lost', () => {
  const pages = smallMachine();
  const ctx = new Context();
  const pfn = allocPages(ctx, pages, GFP, 0)!;
  freePages(ctx, pages, pfn, 0);
  freePages(ctx, pages, pfn, 0);
  expect(pages.log.dmesg()).toEqual([]);
  drainAllPages(ctx, pages);
  expect(pages.log.dmesg().join('\n')).toContain(`BUG: Bad page state in process`);
  expect(pages.log.dmesg().join('\n')).toContain('page dumped because: nonzero _refcount');
  expect(allFree(pages)).toBe(16_383);
});

test('a block freed with too small an order loses its other pages', () => {
  const pages = smallMachine();
  const ctx = new Context();
  const pfn = allocPages(ctx, pages, GFP, 4)!;
  freePages(ctx, pages, pfn, 3);
  drainAllPages(ctx, pages);
  expect(allFree(pages)).toBe(16_384 - 8);
  expect(pages.log.dmesg()).toEqual([]);
});

test('a block freed with too large an order meets a page in use and is lost', () => {
  const pages = smallMachine();
  const ctx = new Context();
  const pfn = allocPages(ctx, pages, GFP, 5)!;
  const neighbour = allocPages(ctx, pages, GFP, 5)!;
  expect(neighbour).toBe(pfn + 32);
  freePages(ctx, pages, pfn, 6);
  expect(pages.log.dmesg().join('\n')).toContain(`pfn:${neighbour.toString(16).padStart(5, '0')}`);
  expect(allFree(pages)).toBe(16_384 - 64);
});

test('a compound block freed with too large an order is reported for the pages in use behind it, and for the tails of others', () => {
  const pages = smallMachine();
  const ctx = new Context();
  const pfn = allocPages(ctx, pages, GFP | COMP, 4)!;
  const neighbour = allocPages(ctx, pages, GFP | COMP, 4)!;
  expect(neighbour).toBe(pfn + 16);
  freePages(ctx, pages, pfn, 5);
  const reasons = pages.log.dmesg().filter((line) => line.includes('dumped because'));
  expect(reasons).toHaveLength(1);
  expect(reasons[0]).toContain('nonzero _refcount');
  expect(pages.log.taintText).toContain('B');
});

test('tails of another block among the pages of one that is not compound are not fit to be free', () => {
  const pages = smallMachine();
  const ctx = new Context();
  const pfn = allocPages(ctx, pages, GFP, 4)!;
  expect(allocPages(ctx, pages, GFP | COMP, 4)).toBe(pfn + 16);
  freePages(ctx, pages, pfn, 5);
  const lines = pages.log.dmesg().join('\n');
  expect(lines.match(/Bad page state/gu)).toHaveLength(16);
  expect(lines.match(/dumped because: non-NULL mapping/gu)).toHaveLength(15);
});

test('a page in a CMA block is reported as that, and the head of a compound block with its order', () => {
  const pages = smallMachine();
  const ctx = new Context();
  const pfn = allocPages(ctx, pages, GFP | COMP, 5)!;
  setBlockType(pages, pfn, MigrateType.CMA);
  pages.frames.flags[pages.frames.slotOf(pfn)]! |= 1 << 9;
  freePages(ctx, pages, pfn, 5);
  const lines = pages.log.dmesg().join('\n');
  expect(lines).toContain('head order:5 compound_mapcount:0 compound_pincount:0');
  expect(lines).toMatch(/flags: .* CMA$/mu);
});

test('the first page of a block that others still refer to is a single page once the rest has been freed', () => {
  const pages = smallMachine({ strict: true });
  const ctx = new Context();
  const pfn = allocPages(ctx, pages, GFP, 2)!;
  pages.frames.refcount[pages.frames.slotOf(pfn)]! += 1;
  freePages(ctx, pages, pfn, 2);
  drainAllPages(ctx, pages);
  expect(allFree(pages)).toBe(16_384 - 1);
  expect(checkBuddyInvariants(pages)).toEqual([]);
  freePages(ctx, pages, pfn, 0);
  drainAllPages(ctx, pages);
  expect(allFree(pages)).toBe(16_384);
  expect(pages.log.dmesg()).toEqual([]);
});

test('sixty reports come, and the kernel stays tainted from the first', () => {
  const pages = smallMachine();
  const ctx = new Context();
  for (let i = 0; i < 70; i++) {
    const pfn = allocPages(ctx, pages, GFP, 4)!;
    pages.frames.flags[pages.frames.slotOf(pfn)]! |= 1 << 9;
    freePages(ctx, pages, pfn, 4);
  }
  const lines = pages.log.dmesg().join('\n');
  expect(lines.match(/Bad page state/gu)).toHaveLength(60);
  expect(lines.match(/Disabling lock debugging due to kernel taint/gu)).toHaveLength(1);
});

test('a large block freed twice frees its halves again only where they are not free', () => {
  const pages = smallMachine();
  const ctx = new Context();
  const pfn = allocPages(ctx, pages, GFP, 5)!;
  freePages(ctx, pages, pfn, 5);
  freePages(ctx, pages, pfn, 5);
  expect(pages.frames.refcount[pages.frames.slotOf(pfn)]).toBe(-1);
});

test('a page given back with a flag that says it is in use is lost', () => {
  const pages = smallMachine();
  const ctx = new Context();
  const pfn = allocPages(ctx, pages, GFP, 5)!;
  pages.frames.flags[pages.frames.slotOf(pfn)]! |= 1 << 9;
  freePages(ctx, pages, pfn, 5);
  expect(pages.log.dmesg().join('\n')).toContain('PAGE_FLAGS_CHECK_AT_FREE flag(s) set');
  expect(allFree(pages)).toBe(16_384 - 32);
});

test.each([
  ['twice', (pfn: number) => [pfn, 2]],
  ['with another order', (pfn: number) => [pfn + 64, 1]],
  ['from its middle', (pfn: number) => [pfn + 66, 1]],
  ['never allocated', (pfn: number) => [pfn + 128, 2]],
])('a strict machine refuses a block freed %s, and nothing changes', (_, misuse) => {
  const pages = smallMachine({ strict: true });
  const ctx = new Context();
  const pfn = allocPages(ctx, pages, GFP, 6)!;
  const other = allocPages(ctx, pages, GFP, 6)!;
  expect(other).toBe(pfn + 64);
  freePages(ctx, pages, pfn, 6);
  const before = snapshotAllocator(pages);
  const [at, order] = misuse(pfn) as [number, number];
  expect(() => freePages(ctx, pages, at, order)).toThrow(MisuseError);
  expect(snapshotAllocator(pages)).toEqual(before);
  expect(checkBuddyInvariants(pages)).toEqual([]);
});

test.each([
  [() => [1.5, 0], 'pfn: expected a page frame in the memory map, got 1.5'],
  [() => [-1, 0], 'pfn: expected a page frame in the memory map, got -1'],
  [() => [20_000_000, 0], 'pfn: expected a page frame in the memory map'],
  [() => [3, 1], 'pfn: expected a multiple of 2, got 3'],
  [() => [0, 11], 'order: expected an integer in [0, 10], got 11'],
  [() => [0, -1], 'order: expected an integer in [0, 10], got -1'],
  [() => [0, Number.NaN], 'order: expected an integer in [0, 10], got NaN'],
])('an argument that names no block is refused by name (%#)', (args, message) => {
  const pages = smallMachine();
  const [pfn, order] = args() as [number, number];
  expect(() => freePages(new Context(), pages, pfn, order)).toThrow(message);
});

test('an order of 11 and more: one warning, no memory; __GFP_NOWARN: no word', () => {
  const pages = smallMachine();
  const ctx = new Context();
  expect(allocPages(ctx, pages, GFP | 0x2000, 11)).toBeNull();
  expect(pages.log.dmesg()).toEqual([]);
  expect([11, 12, 1000].map((order) => allocPages(ctx, pages, GFP, order))).toEqual([null, null, null]);
  expect(pages.log.dmesg().filter((line) => line.startsWith('WARNING'))).toHaveLength(1);
  expect(() => allocPages(ctx, pages, GFP, 0.5)).toThrow('order: expected an integer from 0, got 0.5');
  expect(() => allocPages(ctx, pages, -1, 0)).toThrow('gfp: expected an integer in [0, 2^31), got -1');
  expect(() => allocPages(ctx, pages, Number.NaN, 0)).toThrow('gfp');
});

test('lists whose batch is 0 are drained all the same', () => {
  const pages = smallMachine();
  const ctx = new Context();
  freePages(ctx, pages, allocPages(ctx, pages, GFP, 0)!, 0);
  pages.pcpState[pcpAt(0, 0) + PcpWord.batch] = 0;
  drainAllPages(ctx, pages);
  expect(pages.pcpState[pcpAt(0, 0) + PcpWord.count]).toBe(0);
  expect(allFree(pages)).toBe(16_384);
});
