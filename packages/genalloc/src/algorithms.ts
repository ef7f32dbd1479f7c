import { KernelBug, KernelLog, OptionError, checkInstance, checkInteger } from '@mm/printk';

import { type BitmapWords, countBits, findNextBit, findNextZeroArea } from './bitmap.js';

/** An address: a number up to 2^53 - 1, a bigint above. */
export type PoolAddress = number | bigint;

/**
 * Where in a chunk to allocate: the first bit of `nr` clear bits at or after `start`, or a number
 * that is at least `size` when there is no such place. Bits count granules of `2 ** order` bytes.
 * @see linux 6.1 include/linux/genalloc.h genpool_algo_t
 */
export type GenPoolAlgorithm = (
  words: BitmapWords,
  size: number,
  start: number,
  nr: number,
  order: number,
  startAddress: PoolAddress,
) => number;

/** @throws OptionError for what is no bitmap of at least `size` bits, or no place in it. */
function checkSearch(words: BitmapWords, size: number, start: number, nr: number): void {
  checkInstance('words', words, Int32Array);
  checkInteger('size', size, 0, words.length * 32);
  checkInteger('start', start, 0, 2 ** 31 - 1);
  checkInteger('nr', nr, 0, Number.MAX_SAFE_INTEGER);
}

/**
 * The lowest place that is large enough. The default of a pool.
 *
 * @throws OptionError for what is no bitmap, or no place in it.
 * @example
 * pool.setAlgorithm(firstFit);
 * @see linux 6.1 lib/genalloc.c gen_pool_first_fit
 */
export const firstFit: GenPoolAlgorithm = (words, size, start, nr) => {
  checkSearch(words, size, start, nr);
  return findNextZeroArea(words, size, start, nr);
};

/**
 * The lowest place whose address is a multiple of `alignBytes` (0..2^31 - 1; other than powers of
 * two mask as they do in C). The chunk's own start address counts.
 *
 * @throws OptionError when `alignBytes` is out of range.
 * @example
 * pool.alloc(256, firstFitAlign(1024)); // 1 KiB aligned, for this call only
 * @see linux 6.1 lib/genalloc.c gen_pool_first_fit_align
 */
export function firstFitAlign(alignBytes: number): GenPoolAlgorithm {
  if (!Number.isInteger(alignBytes) || alignBytes < 0 || alignBytes >= 2 ** 31) {
    throw new OptionError('alignBytes', 'an integer in 0..2^31 - 1', alignBytes);
  }
  return (words, size, start, nr, order, startAddress) => {
    const granule = 2 ** order;
    const mask = Math.floor((alignBytes + granule - 1) / granule) - 1;
    if (mask < 0) return alignedToNothing(words, size, nr, order, startAddress);
    return findNextZeroArea(words, size, start, nr, mask, alignOffset(startAddress, alignBytes, order));
  };
}

/**
 * For 0 the kernel's mask wraps to all ones, and every place rounds down to address 0: in a chunk that begins there it is the
 * only one that is ever looked at, in another it is behind the end.
 */
function alignedToNothing(
  words: BitmapWords,
  size: number,
  nr: number,
  order: number,
  startAddress: PoolAddress,
): number {
  if (BigInt(startAddress) >> BigInt(order) !== 0n || nr > size) return Infinity;
  if (countBits(words, 0, nr) === 0) return 0;
  throw new KernelBug('genpool: soft lockup looking for a place that is aligned to 0', { nr });
}

/** The bits of the start address below `alignBytes`, in granules. */
function alignOffset(startAddress: PoolAddress, alignBytes: number, order: number): number {
  const low = Number(BigInt.asUintN(31, BigInt(startAddress))) & (alignBytes - 1);
  return Math.floor(low / 2 ** order);
}

/**
 * The place of one request at a fixed offset from the chunk's start: there or nowhere. An offset that is no
 * multiple of the granule finds nothing, and warns in `log`.
 *
 * @throws OptionError when `offsetBytes` is not an integer from 0, or `log` no log.
 * @example
 * pool.alloc(64, fixedAlloc(0x200)); // the chunk's start + 0x200, or null
 * @see linux 6.1 lib/genalloc.c gen_pool_fixed_alloc
 */
export function fixedAlloc(offsetBytes: number, log?: KernelLog): GenPoolAlgorithm {
  if (!Number.isSafeInteger(offsetBytes) || offsetBytes < 0) {
    throw new OptionError('offsetBytes', 'an integer in 0..2^53 - 1', offsetBytes);
  }
  if (log !== undefined) checkInstance('log', log, KernelLog);
  return (words, size, start, nr, order) => {
    const bit = offsetBytes / 2 ** order;
    if (!Number.isInteger(bit)) {
      log?.warn('lib/genalloc.c:706 gen_pool_fixed_alloc');
      return size;
    }
    const found = findNextZeroArea(words, size, start + bit, nr);
    return found === bit ? found : size;
  };
}

/**
 * The lowest place aligned, within the chunk, to the request rounded up to a power of two granules.
 *
 * @throws OptionError for what is no bitmap, or no place in it.
 * @example
 * pool.setAlgorithm(firstFitOrderAlign);
 * @see linux 6.1 lib/genalloc.c gen_pool_first_fit_order_align
 */
export const firstFitOrderAlign: GenPoolAlgorithm = (words, size, start, nr) => {
  checkSearch(words, size, start, nr);
  // More than the chunk holds never fits, and must not overflow the power below.
  if (nr > size) return nr;
  const power = nr <= 1 ? 1 : 2 ** (32 - Math.clz32(nr - 1));
  return findNextZeroArea(words, size, start, nr, power - 1);
};

/**
 * The smallest place that is large enough; the lowest of several.
 *
 * @throws OptionError for what is no bitmap, or no place in it.
 * @example
 * pool.setAlgorithm(bestFit);
 * @see linux 6.1 lib/genalloc.c gen_pool_best_fit
 */
export const bestFit: GenPoolAlgorithm = (words, size, start, nr) => {
  checkSearch(words, size, start, nr);
  let best = size;
  let bestLength = size + 1;
  let index = findNextZeroArea(words, size, start, nr);
  while (index < size) {
    const next = findNextBit(words, size, index + nr);
    const length = next - index;
    if (length < bestLength) {
      bestLength = length;
      best = index;
      if (length === nr) return best;
    }
    index = findNextZeroArea(words, size, next + 1, nr);
  }
  return best;
};
