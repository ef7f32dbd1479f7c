import { BUDDY_MASK, PageFlag, buddyKey } from '@mm/memory';
import { Context } from '@mm/steps';
import { describe, expect, test } from 'vitest';

import { smallMachine, wholeZone } from '../test/small-machine.js';
import {
  MigrateType,
  PcpWord,
  ZONE_WORDS,
  ZoneWord,
  allocPages,
  checkAllocatedBlock,
  checkBuddyInvariants,
  checkZoneCounters,
  freeListPfns,
  freePages,
  pcpAt,
  pcpListPfns,
} from './index.js';
import type { PageAllocator } from './page-allocator.js';

const KERNEL = 0xcc0;
const { MOVABLE, UNMOVABLE } = MigrateType;

/** Two zones; blocks of every order free, a block of order 4 in use, pages on the lists of CPU 0. */
function machine(): { pages: PageAllocator; used: number } {
  const pages = smallMachine({
    specs: [wholeZone('DMA32', 0, 8192), wholeZone('Normal', 8192, 8192)],
    cpus: 2,
  });
  const ctx = new Context(0);
  const used = allocPages(ctx, pages, KERNEL, 4)!;
  freePages(ctx, pages, allocPages(ctx, pages, KERNEL, 0)!, 0);
  return { pages, used };
}

const NORMAL = 1;
const zoneWord = (word: number): number => NORMAL * ZONE_WORDS + word;
const slotOf = (pages: PageAllocator, pfn: number): number => pages.frames.slotOf(pfn);

/** The first free block of some order of Normal, on whichever list it is. */
function freeBlock(pages: PageAllocator, order: number): number {
  for (const type of [UNMOVABLE, MOVABLE]) {
    const [pfn] = freeListPfns(pages, NORMAL, order, type);
    if (pfn !== undefined) return pfn;
  }
  throw new Error(`no free block of order ${order}`);
}
/** The first block on a list of CPU 0. */
function pcpPage(pages: PageAllocator): number {
  return pcpListPfns(pages, 0, NORMAL, UNMOVABLE)[0]!;
}

type Sabotage = (pages: PageAllocator, used: number) => void;

/** Each invariant of the whole structure: what breaks it and nothing more, and the words in which it is named. */
const WHOLE: ReadonlyArray<readonly [string, Sabotage, RegExp]> = [
  [
    'free + Σ parts = Σ lists',
    (pages) => (pages.zoneState[zoneWord(ZoneWord.free)]! -= 1),
    /^Normal: counts \d+ free pages, lists hold \d+ that are not isolated$/u,
  ],
  [
    'the part of a CPU counts',
    (pages) => (pages.pcpState[pcpAt(1, NORMAL) + PcpWord.freeDiff]! += 1),
    /^Normal: counts \d+ free pages, lists hold/u,
  ],
  [
    'blocks counted of an order = list length',
    (pages) => (pages.areaFree[(NORMAL << 4) + 6]! += 1),
    /^Normal order 6: counts \d+ free blocks, lists hold \d+$/u,
  ],
  [
    "an empty list's bit is clear",
    (pages) => (pages.listMask[NORMAL * 6 + MigrateType.CMA]! |= 1 << 3),
    /^Normal free list of order 3, CMA: its bit says not empty$/u,
  ],
  [
    "a list's bit is set where it is not empty",
    (pages) => (pages.listMask[NORMAL * 6 + MOVABLE] = 0),
    /^Normal free list of order 10, Movable: its bit says empty$/u,
  ],
  [
    'pcp count = Σ its lists',
    (pages) => (pages.pcpState[pcpAt(0, NORMAL) + PcpWord.count]! += 1),
    /^Normal CPU 0: counts \d+ pages, its lists hold \d+$/u,
  ],
  [
    'floors are what watermarks make them',
    (pages) => (pages.zones.wmark[NORMAL * 4 + 1]! += 1),
    /^floor of plan \d+: holds \d+, watermarks and reserves make \d+$/u,
  ],
  [
    'a free block is marked with its order',
    (pages) => {
      const slot = slotOf(pages, freeBlock(pages, 6));
      pages.frames.flags[slot] = (pages.frames.flags[slot]! & ~BUDDY_MASK) | buddyKey(NORMAL, 5);
    },
    /^Normal free list of order 6, \w+: 0x[0-9a-f]+ is not marked free with that order$/u,
  ],
  [
    'a free block is marked with its zone',
    (pages) => {
      const slot = slotOf(pages, freeBlock(pages, 6));
      pages.frames.flags[slot] = (pages.frames.flags[slot]! & ~BUDDY_MASK) | buddyKey(0, 6);
    },
    /^Normal free list of order 6, \w+: 0x[0-9a-f]+ is marked as of another zone$/u,
  ],
  [
    'a free block has no references',
    (pages) => (pages.frames.refcount[slotOf(pages, freeBlock(pages, 6))] = 1),
    /^Normal free list of order 6, \w+: 0x[0-9a-f]+ has references$/u,
  ],
  [
    'a free block lies in its zone',
    // The zone ends before its last block.
    (pages) => (pages.zones.spanned[NORMAL]! -= 1024),
    /^Normal free list of order 10, Movable: 0x3c00 is outside the zone$/u,
  ],
  [
    'a page of a free block is not in use',
    (pages) => (pages.frames.flags[slotOf(pages, freeBlock(pages, 6)) + 3]! |= PageFlag.allocated),
    /^Normal free list of order 6, \w+: 0x[0-9a-f]+ inside 0x[0-9a-f]+ is allocated with order 0$/u,
  ],
  [
    'a page of a free block does not head another',
    (pages) => (pages.frames.flags[slotOf(pages, freeBlock(pages, 6)) + 8]! |= buddyKey(NORMAL, 3)),
    /^Normal free list of order 6, \w+: 0x[0-9a-f]+ inside 0x[0-9a-f]+ is free with order 3$/u,
  ],
  [
    'a page on a CPU’s list is marked neither free nor allocated',
    (pages) => (pages.frames.flags[slotOf(pages, pcpPage(pages))]! |= PageFlag.allocated),
    /^Normal list 0 of CPU 0: 0x[0-9a-f]+ is marked free or allocated$/u,
  ],
  [
    'free + per-cpu pages are at most those managed',
    (pages) => (pages.zones.managed[NORMAL] = 100),
    /^Normal: \d+ free and \d+ per-cpu pages are more than 100 managed$/u,
  ],
];

describe('the whole structure: each invariant, broken, is named', () => {
  test('sound, nothing is', () => {
    expect(checkBuddyInvariants(machine().pages)).toEqual([]);
  });

  test.each(WHOLE)('%s', (_, sabotage, words) => {
    const { pages, used } = machine();
    sabotage(pages, used);
    const wrong = checkBuddyInvariants(pages);
    expect(wrong.filter((line) => words.test(line))).not.toEqual([]);
  });
});

/** The first free block of an order, and the head of its list. */
const listed = (pages: PageAllocator, order: number): { head: number; slot: number } => {
  const slot = slotOf(pages, freeBlock(pages, order));
  return { head: pages.frames.prev[slot]!, slot };
};

/** What is wrong where another frame stands on a list in place of its first block. */
const replaced = (order: number, by: (slot: number) => number): string[] => {
  const { pages } = machine();
  const { frames } = pages;
  const { head, slot } = listed(pages, order);
  const other = by(slot);
  frames.flags[other] = (frames.flags[other]! & ~BUDDY_MASK) | buddyKey(NORMAL, order);
  frames.next[other] = frames.next[slot]!;
  frames.prev[other] = head;
  frames.prev[frames.next[slot]!] = other;
  frames.next[head] = other;
  return checkBuddyInvariants(pages);
};

describe('places of blocks', () => {
  test('a free block is aligned to its size', () => {
    expect(replaced(6, (slot) => slot + 1).join('\n')).toMatch(/is not aligned$/mu);
  });

  test('no block lies inside another', () => {
    // The block of order 6 moves into a block of order 7.
    const { pages } = machine();
    const large = slotOf(pages, freeBlock(pages, 7));
    expect(large % 128).toBe(slotOf(pages, freeBlock(pages, 7)) % 128);
    const wrong = replaced(6, () => large + 64);
    expect(wrong.join('\n')).toMatch(/lies inside the block before it$/mu);
  });

  test('no page is in two places', () => {
    const { pages } = machine();
    const { frames } = pages;
    const slot = slotOf(pages, pcpPage(pages));
    const head = frames.prev[slot]!;
    // CPU 1's list is rewired to be CPU 0's: all of it is in two places.
    const [zero, one] = [0, 1].map((cpu) => pages.pcpBase + (((cpu << 3) | NORMAL) << 4)) as [number, number];
    expect(head).toBe(zero);
    frames.next[one] = slot;
    frames.prev[one] = frames.prev[zero]!;
    const wrong = checkBuddyInvariants(pages);
    expect(wrong.join('\n')).toMatch(/list 0 of CPU 1: links behind 0x[0-9a-f]+ contradict/u);
  });

  test('a list that runs in a circle is noticed, and does not hang', () => {
    const { pages } = machine();
    const { frames } = pages;
    const { slot } = listed(pages, 6);
    frames.next[slot] = slot;
    expect(checkBuddyInvariants(pages).join('\n')).toMatch(/links behind 0x[0-9a-f]+ contradict each other/u);
    const pfn = frames.pfnOf(slot);
    const reads = (): unknown =>
      [UNMOVABLE, MOVABLE].map((type) => freeListPfns(pages, NORMAL, 6, type).includes(pfn));
    expect(reads).toThrow('list corruption');
  });

  test('below pageblock order no two buddies are free', () => {
    const { pages } = machine();
    const { frames } = pages;
    const { head, slot } = listed(pages, 6);
    // Its buddy is marked free with the same order and put on the list behind it.
    const buddy = slot ^ 64;
    frames.flags[buddy] = buddyKey(NORMAL, 6);
    frames.refcount[buddy] = 0;
    frames.next[buddy] = frames.next[slot]!;
    frames.prev[frames.next[slot]!] = buddy;
    frames.next[slot] = buddy;
    frames.prev[buddy] = slot;
    expect(frames.next[head]).toBe(slot);
    const wrong = checkBuddyInvariants(pages);
    expect(wrong.join('\n')).toMatch(/and its buddy are both free$/mu);
  });
});

describe('one allocated block: each invariant, broken, is named', () => {
  test.each<[string, number, Sabotage, string]>([
    ['it is aligned', 1, () => {}, 'is not aligned to order 4'],
    ['it is marked allocated', 0, (p, b) => (p.frames.flags[slotOf(p, b)] = 0), 'is not marked allocated'],
    ['it has a reference', 0, (p, b) => (p.frames.refcount[slotOf(p, b)] = 0), 'has no reference'],
    [
      'no page of it is marked free or allocated',
      0,
      (p, b) => (p.frames.flags[slotOf(p, b) + 5] = PageFlag.allocated),
      'page 5 of',
    ],
  ])('%s', (_, off, sabotage, words) => {
    const { pages, used } = machine();
    expect(checkAllocatedBlock(pages, used, 4)).toEqual([]);
    sabotage(pages, used);
    expect(checkAllocatedBlock(pages, used + off, 4).join('\n')).toContain(words);
  });

  test('it is marked with its order', () => {
    const { pages, used } = machine();
    expect(checkAllocatedBlock(pages, used, 3).join('\n')).toContain('is marked with order 4');
  });
});

describe('counters of a zone: each bound, broken, is named', () => {
  test.each<[string, Sabotage, RegExp]>([
    [
      '|part| ≤ threshold',
      (p) => (p.pcpState[pcpAt(1, NORMAL) + PcpWord.freeDiff] = -1000),
      /^Normal CPU 1: its part -1000 of the free counter is beyond the threshold$/u,
    ],
    [
      '0 ≤ pcp count',
      (p) => (p.pcpState[pcpAt(0, NORMAL)] = -1),
      /^Normal CPU 0: counts -1 pages on its lists$/u,
    ],
    ['0 ≤ free', (p) => (p.zoneState[zoneWord(ZoneWord.free)] = -700), /^Normal: counts -\d+ free pages$/u],
    [
      'free + pcp ≤ managed',
      (p) => (p.zoneState[zoneWord(ZoneWord.free)] = 9000),
      /^Normal: \d+ free and \d+ per-cpu pages are more than are managed$/u,
    ],
  ])('%s', (_, sabotage, words) => {
    const { pages, used } = machine();
    expect(checkZoneCounters(pages, NORMAL)).toEqual([]);
    sabotage(pages, used);
    expect(checkZoneCounters(pages, NORMAL).filter((line) => words.test(line))).not.toEqual([]);
  });
});
