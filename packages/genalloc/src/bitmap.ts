/**
 * A bitmap in 32-bit words: bit `i` is bit `i & 31` of word `i >>> 5`, and set means in use.
 * Bits behind the size that a search is given are never looked at.
 */
export type BitmapWords = Int32Array;

/** The most bits a bitmap may have here: bit numbers stay small integers. */
export const BITMAP_BITS_MAX = 2 ** 30;

/** A cleared bitmap for `bits` bits. */
export function createBitmap(bits: number): BitmapWords {
  return new Int32Array(Math.ceil(bits / 32));
}

const lowestBit = (word: number): number => 31 - Math.clz32(word & -word);

/**
 * The first set bit at or after `from`, or `size` when there is none.
 * @see linux 6.1 include/linux/find.h find_next_bit
 */
export function findNextBit(words: BitmapWords, size: number, from: number): number {
  if (from >= size) return size;
  let index = from >>> 5;
  let word = words[index]! & (-1 << (from & 31));
  const last = (size - 1) >>> 5;
  while (word === 0) {
    if (++index > last) return size;
    word = words[index]!;
  }
  const found = (index << 5) + lowestBit(word);
  return found < size ? found : size;
}

/**
 * The first clear bit at or after `from`, or `size` when there is none.
 * @see linux 6.1 include/linux/find.h find_next_zero_bit
 */
export function findNextZeroBit(words: BitmapWords, size: number, from: number): number {
  if (from >= size) return size;
  let index = from >>> 5;
  let word = ~words[index]! & (-1 << (from & 31));
  const last = (size - 1) >>> 5;
  while (word === 0) {
    if (++index > last) return size;
    word = ~words[index]!;
  }
  const found = (index << 5) + lowestBit(word);
  return found < size ? found : size;
}

const WORD_MAX = 2 ** 30;

/** `(index + offset)` rounded up by `mask`, less `offset`, in 64-bit unsigned arithmetic. */
function alignWide(index: number, mask: bigint, offset: bigint): number {
  const sum = BigInt.asUintN(64, BigInt(index) + offset + mask) & BigInt.asUintN(64, ~mask);
  const aligned = BigInt.asUintN(64, sum - offset);
  // Whatever lies behind every bitmap is as good as infinity to the search.
  return aligned > BigInt(BITMAP_BITS_MAX) ? Infinity : Number(aligned);
}

/**
 * The first run of `nr` clear bits whose position plus `alignOffset` is a multiple of
 * `alignMask + 1`. A result of `size` or more means that there is none.
 *
 * `alignMask` that is not a power of two less one acts as it does in C: it masks.
 * @see linux 6.1 lib/bitmap.c bitmap_find_next_zero_area_off
 */
export function findNextZeroArea(
  words: BitmapWords,
  size: number,
  from: number,
  nr: number,
  alignMask: number | bigint = 0,
  alignOffset: number | bigint = 0,
): number {
  const narrow =
    typeof alignMask === 'number' &&
    typeof alignOffset === 'number' &&
    alignMask < WORD_MAX &&
    alignOffset < WORD_MAX / 2;
  let start = from;
  for (;;) {
    let index = findNextZeroBit(words, size, start);
    if (!narrow) index = alignWide(index, BigInt(alignMask), BigInt(alignOffset));
    else if (alignMask !== 0) {
      // Both terms are below 2^30 + 2^30, so the sum stays exact before the mask cuts it.
      const sum = index + alignOffset + alignMask;
      index = sum - (sum & alignMask) - alignOffset;
    }
    const end = index + nr;
    if (end > size) return Math.max(end, size);
    const taken = findNextBit(words, end, index);
    if (taken >= end) return index;
    start = taken + 1;
  }
}

/** How many of the `nr` bits from `start` are set. */
export function countBits(words: BitmapWords, start: number, nr: number): number {
  let count = 0;
  const end = start + nr;
  for (let bit = findNextBit(words, end, start); bit < end; bit = findNextBit(words, end, bit + 1)) count++;
  return count;
}

/** Sets `nr` bits from `start`. */
export function setBits(words: BitmapWords, start: number, nr: number): void {
  let bit = start;
  const end = start + nr;
  while (bit < end) {
    const upTo = Math.min(end, (bit | 31) + 1);
    words[bit >>> 5]! |= maskOf(bit, upTo);
    bit = upTo;
  }
}

/**
 * Clears `nr` bits from `start`, a word of the kernel (64 bits) at a time, and stops at the first in which one of them
 * is clear already. Returns how many bits were left: 0 when all were set and now are clear.
 * @see linux 6.1 lib/genalloc.c bitmap_clear_ll
 */
export function clearBits(words: BitmapWords, start: number, nr: number): number {
  let bit = start;
  const end = start + nr;
  while (bit < end) {
    const upTo = Math.min(end, (bit | 63) + 1);
    const half = Math.min(upTo, (bit | 31) + 1);
    if (!allSet(words, bit, half) || !allSet(words, half, upTo)) return end - bit;
    words[bit >>> 5]! &= ~maskOf(bit, half);
    if (half < upTo) words[half >>> 5]! &= ~maskOf(half, upTo);
    bit = upTo;
  }
  return 0;
}

/** Whether the bits `from`..`to - 1`, all in one word, are set; those behind the bitmap are not. */
function allSet(words: BitmapWords, from: number, to: number): boolean {
  const mask = from === to ? 0 : maskOf(from, to);
  return (words[from >>> 5]! & mask) === mask;
}

/** The bits `from`..`to - 1`, all in one word. */
function maskOf(from: number, to: number): number {
  const count = to - from;
  return count === 32 ? -1 : ((1 << count) - 1) << (from & 31);
}
