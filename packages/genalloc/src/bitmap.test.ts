import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  clearBits,
  countBits,
  createBitmap,
  findNextBit,
  findNextZeroArea,
  findNextZeroBit,
  setBits,
} from './bitmap.js';

test('searches cross word borders and stop at the size', () => {
  const words = createBitmap(100);
  setBits(words, 30, 40);
  expect(findNextBit(words, 100, 0)).toBe(30);
  expect(findNextZeroBit(words, 100, 30)).toBe(70);
  expect(findNextBit(words, 100, 70)).toBe(100);
  expect(findNextZeroBit(words, 65, 30)).toBe(65);
  expect(countBits(words, 0, 100)).toBe(40);
});

test('an area is found behind what is in use, aligned with the offset counted', () => {
  const words = createBitmap(256);
  setBits(words, 8, 4);
  expect(findNextZeroArea(words, 256, 0, 8)).toBe(0);
  expect(findNextZeroArea(words, 256, 0, 9)).toBe(12);
  expect(findNextZeroArea(words, 256, 0, 9, 15)).toBe(16);
  expect(findNextZeroArea(words, 256, 0, 9, 15, 3)).toBe(13);
  expect(findNextZeroArea(words, 256, 0, 250)).toBeGreaterThanOrEqual(256);
});

test('wide masks and offsets give what narrow ones give', () => {
  const words = createBitmap(256);
  setBits(words, 0, 1);
  expect(findNextZeroArea(words, 256, 0, 4, 15n, 3n)).toBe(findNextZeroArea(words, 256, 0, 4, 15, 3));
});

test('clearing stops at the first word that is not all in use', () => {
  const words = createBitmap(96);
  setBits(words, 0, 64);
  clearBits(words, 40, 1);
  expect(clearBits(words, 0, 64)).toBe(64);
  expect(countBits(words, 0, 96)).toBe(63);
});

test('a bitmap has a word for each 32 bits, begun or whole', () => {
  expect([0, 1, 32, 33, 64].map((bits) => createBitmap(bits).length)).toEqual([0, 1, 1, 2, 2]);
});

/** Bits as a list of booleans, and each search as the first position for which the rule holds. */
const bitmaps = fc.array(fc.boolean(), { minLength: 1, maxLength: 100, size: 'max' });
const RUNS = { seed: 1, numRuns: 2000 };

function wordsOf(bits: readonly boolean[]): Int32Array {
  const words = createBitmap(bits.length);
  bits.forEach((bit, i) => bit && setBits(words, i, 1));
  return words;
}

test('searches give the first position for which their rule holds, or the size', () => {
  fc.assert(
    fc.property(bitmaps, fc.nat(110), fc.nat(110), (bits, cut, from) => {
      const words = wordsOf(bits);
      const size = Math.min(cut, bits.length);
      const first = (value: boolean): number => {
        const found = bits.findIndex((bit, i) => i >= from && i < size && bit === value);
        return found === -1 ? size : found;
      };
      expect(findNextBit(words, size, from)).toBe(first(true));
      expect(findNextZeroBit(words, size, from)).toBe(first(false));
    }),
    RUNS,
  );
});

test('an area is the first place that is aligned, free and inside, narrow or wide', () => {
  const shift = fc.nat(5);
  fc.assert(
    fc.property(
      bitmaps,
      fc.nat(40),
      fc.integer({ min: 1, max: 6 }),
      shift,
      fc.nat(40),
      (bits, from, nr, s, offset) => {
        const words = wordsOf(bits);
        const places = bits.flatMap((_, i) =>
          i >= from &&
          (i + offset) % 2 ** s === 0 &&
          i + nr <= bits.length &&
          !bits.slice(i, i + nr).includes(true)
            ? [i]
            : [],
        );
        const narrow = findNextZeroArea(words, bits.length, from, nr, 2 ** s - 1, offset);
        const wide = findNextZeroArea(words, bits.length, from, nr, 2n ** BigInt(s) - 1n, BigInt(offset));
        // Without a place, any number from the size up.
        const found = (at: number): number => (at >= bits.length ? Infinity : at);
        expect([found(narrow), found(wide)]).toEqual(Array(2).fill(places[0] ?? Infinity));
      },
    ),
    RUNS,
  );
});

test('an offset that the mask sends over the end of 64 bits finds nothing', () => {
  const words = createBitmap(64);
  setBits(words, 0, 1);
  expect(findNextZeroArea(words, 64, 0, 1, 2n ** 63n - 1n, 0n)).toBeGreaterThanOrEqual(64);
  expect(findNextZeroArea(words, 64, 0, 1, 2n ** 63n - 1n, 2n ** 64n - 5n)).toBe(5);
  expect(findNextZeroArea(words, 64, 0, 1, 2 ** 40 - 1, 2 ** 40 - 7)).toBe(7);
  expect(findNextZeroArea(words, 64, 0, 1, 7n, 3)).toBe(5);
  expect(findNextZeroArea(words, 64, 0, 1, 7, 3n)).toBe(5);
  expect(findNextZeroArea(words, 64, 0, 1, 7, 2 ** 31 + 3)).toBe(5);
  expect(findNextZeroArea(words, 64, 0, 1, 2 ** 31 - 1, 3)).toBeGreaterThanOrEqual(64);
});

test('counting, setting and clearing touch the bits of their range and no other', () => {
  fc.assert(
    fc.property(fc.nat(90), fc.nat(90), fc.boolean(), (start, nr, clear) => {
      const words = createBitmap(192);
      if (clear) setBits(words, 0, 192);
      expect(clear ? clearBits(words, start, nr) : setBits(words, start, nr)).toBe(clear ? 0 : undefined);
      const bits = Array.from({ length: 192 }, (_, i) => countBits(words, i, 1));
      expect(bits).toEqual(bits.map((_, i) => Number((i >= start && i < start + nr) !== clear)));
      expect(countBits(words, 0, 192)).toBe(clear ? 192 - nr : nr);
    }),
    RUNS,
  );
});
