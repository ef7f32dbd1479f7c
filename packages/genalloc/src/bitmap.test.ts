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
  expect(clearBits(words, 0, 64)).toBe(32);
  expect(countBits(words, 0, 96)).toBe(31);
});
