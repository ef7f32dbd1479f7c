import { expect, test } from 'vitest';

import {
  HoleError,
  PhysicalMemory,
  copyBytes,
  diffMemory,
  fillBytes,
  findOther,
  hashMemory,
  readBytes,
  writeBytes,
} from './index.js';

const memory = (): PhysicalMemory =>
  new PhysicalMemory([
    { startPfn: 0, endPfn: 0x9f },
    { startPfn: 0x100, endPfn: 0x200 },
    { startPfn: 0x900000, endPfn: 0x900100 },
  ]);

test('bytes lie in memory lowest first', () => {
  const m = memory();
  m.write32(0x1000, 0x89abcdef);
  expect([m.read8(0x1000), m.read8(0x1003)]).toEqual([0xef, 0x89]);
  expect(m.read16(0x1002)).toBe(0x89ab);
  expect(m.read32(0x1000)).toBe(0x89abcdef);
  m.write8(0x1001, 0x00);
  expect(m.read32(0x1000)).toBe(0x89ab00ef);
  m.write16(0x1002, 0x1_2345);
  expect(m.read32(0x1000)).toBe(0x234500ef);
  // What does not fit is cut off, also where there is room above.
  m.write16(0x1000, 0x1_6789);
  m.write8(0x1001, 0x3_45);
  expect(m.read32(0x1000)).toBe(0x23454589);
});

test('64 bits keep all their bits, above 4 GiB as well', () => {
  const m = memory();
  m.write64(0x9_0000_0800, 0xfedc_ba98_7654_3210n);
  expect(m.read64(0x9_0000_0800)).toBe(0xfedc_ba98_7654_3210n);
  expect(m.read32(0x9_0000_0804)).toBe(0xfedc_ba98);
  m.write64(0x9_0000_0800, -1n);
  expect(m.read64(0x9_0000_0800)).toBe(2n ** 64n - 1n);
});

test('what nobody wrote reads as zero and costs nothing', () => {
  const m = memory();
  expect(m.read64(0x10_0000)).toBe(0n);
  expect(m.bytesHeld).toBe(0);
  m.write8(0x10_0000, 1);
  expect(m.bytesHeld).toBe(65_536);
});

test('a hole is refused by its address, and nothing is written', () => {
  const m = memory();
  expect(() => m.read8(0x9f000)).toThrow('addr: expected an address in the memory map, got 0x9f000');
  expect(() => m.write32(0xffffc, 1)).toThrow(HoleError);
  const before = m.snapshot();
  expect(() => fillBytes(m, 0x9eff0, 32, 0xff)).toThrow('got 0x9f000');
  expect(() => writeBytes(m, 0x1fffff, new Uint8Array(2))).toThrow('got 0x200000');
  expect(diffMemory(before, m.snapshot())).toEqual([]);
});

test.each([
  [(m: PhysicalMemory) => m.read16(1), 'addr: expected a multiple of 2'],
  [(m: PhysicalMemory) => m.read32(2), 'addr: expected a multiple of 4'],
  [(m: PhysicalMemory) => m.read64(4), 'addr: expected a multiple of 8'],
  [(m: PhysicalMemory) => m.read8(-1), 'addr: expected a physical address'],
  [(m: PhysicalMemory) => m.read8(0.5), 'addr: expected a physical address'],
  [(m: PhysicalMemory) => m.read8(Number.NaN), 'addr: expected a physical address'],
  [(m: PhysicalMemory) => m.write32(0, 1.5), 'value: expected an integer'],
  [(m: PhysicalMemory) => m.write64(0, 1 as unknown as bigint), 'value: expected a bigint'],
  [(m: PhysicalMemory) => fillBytes(m, 0, -1, 0), 'lengthBytes: expected an integer from 0'],
  [(m: PhysicalMemory) => fillBytes(m, 0, 1, 256), 'byte: expected an integer of 0 to 255'],
])('wrong use is refused by name (%#)', (use, message) => {
  expect(() => use(memory())).toThrow(message);
});

test('a fill of any length and place sets these bytes and no others', () => {
  for (const [offset, length] of [
    [0, 1],
    [3, 2],
    [1, 7],
    [4, 8],
    [4093, 6],
    [65_530, 13],
  ] as const) {
    const m = memory();
    const start = 0x110000 + offset;
    fillBytes(m, start, length, 0xa5);
    const bytes = Array.from({ length: length + 8 }, (_, i) => m.read8(start - 4 + i));
    expect(bytes).toEqual([0, 0, 0, 0, ...Array<number>(length).fill(0xa5), 0, 0, 0, 0]);
  }
});

test('a copy that overlaps itself copies what was there before', () => {
  const m = memory();
  writeBytes(m, 0x1ffe, Uint8Array.of(1, 2, 3, 4, 5));
  copyBytes(m, 0x2000, 0x1ffe, 5);
  expect([...readBytes(m, 0x1ffe, 7)]).toEqual([1, 2, 1, 2, 3, 4, 5]);
});

test('a snapshot is not touched by later writes, and restore brings all of it back', () => {
  const m = memory();
  m.write32(0x1000, 1);
  const image = m.snapshot();
  const hash = hashMemory(image);
  m.write32(0x1000, 2);
  m.write32(0x100000, 3);
  expect(diffMemory(image, m.snapshot())).toEqual([
    { addr: 0x1000, before: [1], after: [2] },
    { addr: 0x100000, before: [0], after: [3] },
  ]);
  expect(hashMemory(m.snapshot())).not.toBe(hash);
  m.restore(image);
  expect(m.read32(0x1000)).toBe(1);
  expect(m.read32(0x100000)).toBe(0);
  expect(hashMemory(m.snapshot())).toBe(hash);
});

test('a touched zero hashes as an untouched one, and the same word elsewhere does not', () => {
  const one = memory();
  const two = memory();
  one.write32(0x1000, 5);
  two.write32(0x1000, 5);
  two.write32(0x100000, 0);
  expect(hashMemory(two.snapshot())).toBe(hashMemory(one.snapshot()));
  const three = memory();
  three.write32(0x1004, 5);
  expect(hashMemory(three.snapshot())).not.toBe(hashMemory(one.snapshot()));
});

test('64 GiB cost what they touch', () => {
  const m = new PhysicalMemory([{ startPfn: 0, endPfn: 1 << 24 }]);
  expect(m.directory.byteLength).toBeLessThan(8 * 2 ** 20);
  m.write8(64 * 2 ** 30 - 1, 7);
  expect(m.read8(64 * 2 ** 30 - 1)).toBe(7);
  expect(m.bytesHeld).toBe(65_536);
});

test('memories of one size that nobody has written to share nothing that a write changes', () => {
  const one = memory();
  const two = memory();
  const empty = one.snapshot();
  one.write32(0x1000, 5);
  expect(two.read32(0x1000)).toBe(0);
  expect(two.bytesHeld).toBe(0);
  // The chunk that an empty image takes out comes back with the bytes of the image that needs it.
  const five = one.snapshot();
  one.write32(0x1000, 7);
  one.restore(empty);
  one.restore(five);
  expect(one.read32(0x1000)).toBe(5);
  one.restore(empty);
  expect(one.read32(0x1000)).toBe(0);
  // The chunk that was taken out serves again, all zero.
  one.write32(0x1ff8, 6);
  expect(one.read32(0x1000)).toBe(0);
  expect(one.read32(0x1ff8)).toBe(6);
  expect(one.bytesHeld).toBe(65_536);
  expect(memory().read32(0x1ff8)).toBe(0);
});

test('zeroing whole pages leaves their neighbours alone', () => {
  const m = memory();
  fillBytes(m, 0x10e000, 0x4000, 0xff);
  m.zeroPages(0x10f, 2);
  expect(findOther(m, 0x10e000, 0x1000, 0xff)).toBeNull();
  expect(findOther(m, 0x10f000, 0x2000, 0)).toBeNull();
  expect(findOther(m, 0x111000, 0x1000, 0xff)).toBeNull();
});
