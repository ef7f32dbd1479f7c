import { expect, test } from 'vitest';

import { FRAME_BYTES, PageFrames, SECTION_FRAMES } from './index.js';

const frames = (): PageFrames =>
  new PageFrames([
    { startPfn: 0x40000, endPfn: 0x80000 },
    { startPfn: 0x100000, endPfn: 0x140000 },
  ]);

test('a frame keeps its slot, and the slot tells the frame', () => {
  const f = frames();
  const slots = [0x40000, 0x7ffff, 0x100400, 0x403ff].map((pfn) => f.slotOf(pfn));
  expect(new Set(slots).size).toBe(4);
  expect(slots.map((slot) => f.pfnOf(slot))).toEqual([0x40000, 0x7ffff, 0x100400, 0x403ff]);
  for (let pfn = 0x40000; pfn < 0x80000; pfn += 1024) f.slotOf(pfn);
  expect([0x40000, 0x7ffff, 0x100400, 0x403ff].map((pfn) => f.slotOf(pfn))).toEqual(slots);
});

test('buddies below the top order differ in one bit of their slots', () => {
  const f = frames();
  for (let order = 0; order < 10; order++)
    expect(f.slotOf(0x40800 ^ (1 << order))).toBe(f.slotOf(0x40800) ^ (1 << order));
});

test('a frame nobody touched reads as zero and is not made by reading', () => {
  const f = frames();
  const before = f.slotCount;
  expect(f.flags[f.peekSlotOf(0x50000)]).toBe(0);
  expect(f.isMade(0x50000)).toBe(false);
  expect(f.slotCount).toBe(before);
});

test('values survive growth', () => {
  const f = frames();
  f.owner2[f.slotOf(0x40001)] = -5;
  for (let pfn = 0x100000; pfn < 0x140000; pfn += SECTION_FRAMES) f.slotOf(pfn);
  expect(f.owner2[f.slotOf(0x40001)]).toBe(-5);
});

test('metadata is at most 32 bytes a frame touched', () => {
  const f = frames();
  for (let pfn = 0x40000; pfn < 0x80000; pfn += SECTION_FRAMES) f.slotOf(pfn);
  expect(FRAME_BYTES).toBeLessThanOrEqual(32);
  expect(f.bytesHeld).toBeLessThanOrEqual(32 * f.slotCount);
});

test('frames know their zone, also where a section lies in two', () => {
  const f = frames();
  f.setZone({ startPfn: 0x40000, endPfn: 0x40100 }, 1);
  f.setZone({ startPfn: 0x40100, endPfn: 0x80000 }, 2);
  expect([0x400ff, 0x40100, 0x7ffff].map((pfn) => f.zone[f.slotOf(pfn)])).toEqual([1, 2, 2]);
});

test('claimed slots belong to no frame', () => {
  const f = frames();
  const first = f.slotOf(0x40000);
  const heads = f.claimSlots(2000);
  const later = f.slotOf(0x40400);
  expect(heads).toBeGreaterThan(first);
  expect(later).toBeGreaterThanOrEqual(heads + 2000);
  expect(() => f.claimSlots(0)).toThrow('count: expected an integer of 1 to 1048576, got 0');
});

test('restore brings back metadata and forgets sections made since', () => {
  const f = frames();
  f.refcount[f.slotOf(0x40000)] = 1;
  const image = f.snapshot();
  f.refcount[f.slotOf(0x40000)] = 2;
  f.refcount[f.slotOf(0x100000)] = 3;
  f.restore(image);
  expect(f.refcount[f.slotOf(0x40000)]).toBe(1);
  expect(f.isMade(0x100000)).toBe(false);
  expect(f.refcount[f.slotOf(0x100000)]).toBe(0);
});

test.each([
  [[], 'ranges: expected at least one range'],
  [[{ startPfn: 5, endPfn: 5 }], 'ranges[0].endPfn: expected an integer in (startPfn'],
  [[{ startPfn: -1, endPfn: 5 }], 'ranges[0].startPfn'],
  [[{ startPfn: 0, endPfn: 2 ** 31 }], 'ranges[0].endPfn'],
  [
    [
      { startPfn: 0, endPfn: 10 },
      { startPfn: 9, endPfn: 20 },
    ],
    'pfn 0x9 is in two',
  ],
])('a malformed memory map is refused by name (%#)', (ranges, message) => {
  expect(() => new PageFrames(ranges)).toThrow(message);
});

test('room is made at once, for frames and beside what is there', () => {
  const f = new PageFrames([{ startPfn: 0, endPfn: 2 ** 18 }]);
  const slot = f.slotOf(5);
  f.refcount[slot] = 7;
  const held = f.bytesHeld;
  f.makeRoom(100_000);
  const { refcount } = f;
  expect([f.bytesHeld, refcount[f.peekSlotOf(5)]]).toEqual([held, 7]);
  for (let pfn = 1024; pfn < 100_000; pfn += 1024) f.refcount[f.slotOf(pfn)] = pfn;
  expect(f.refcount).toBe(refcount);
  f.makeRoom(1);
  expect(f.refcount.length).toBeGreaterThanOrEqual(refcount.length);
  for (let pfn = 1024; pfn < 100_000; pfn += 1024) expect(f.refcount[f.peekSlotOf(pfn)]).toBe(pfn);
  expect(() => f.makeRoom(2 ** 24 + 1)).toThrow('count: expected an integer of 1 to 16777216, got 16777217');
});

test('the flags of two frames are one number, 0 just when both have none, in arrays that have grown too', () => {
  const wide = new PageFrames([{ startPfn: 0, endPfn: 2 ** 20 }]);
  const holds = (pfn: number): void => {
    const slot = wide.slotOf(pfn);
    for (let bit = 0; bit < 28; bit++) {
      wide.flags[slot] = 1 << bit;
      expect(wide.flagPairs[slot >> 1]).toBeGreaterThan(0);
      expect(wide.flagPairs[slot >> 1]! + wide.flagPairs[(slot >> 1) ^ 1]!).toBeGreaterThan(0);
    }
    wide.flags[slot] = 0;
    expect(wide.flagPairs[slot >> 1]).toBe(0);
  };
  holds(4000);
  holds(4001);
  for (let section = 0; section < 40; section++) wide.slotOf(section << 10);
  holds(4001);
  holds(39 * 1024 + 7);
});
