import type { SlabCache } from './slab-cache.js';
import type { SlabGeometry } from './slab-geometry.js';

/** How an offset is divided by the size of objects. */
export interface Divisor {
  /** 2^shift / size, rounded up; 0 where 32 bits do not hold the products. */
  readonly multiplier: number;
  readonly shift: number;
}

/**
 * With offsets below 2^b, the bytes of a slab, and 2^shift >= 2^b * size the error of the product stays below one part in `size`, so
 * that the shift ends at the whole number.
 * @see linux 6.1 include/linux/reciprocal_div.h
 */
export function divisorOf({ size, order }: Pick<SlabGeometry, 'size' | 'order'>): Divisor {
  const shift = 12 + order + (32 - Math.clz32(size - 1));
  const multiplier = Math.ceil(2 ** shift / size);
  const fits = shift <= 31 && multiplier * 2 ** (12 + order) <= 2 ** 32;
  return { multiplier: fits ? multiplier : 0, shift };
}

/**
 * The number of the object at an offset from the first one.
 * @see linux 6.1 include/linux/slab_def.h obj_to_index
 */
export function numberAt(
  cache: Pick<SlabCache, 'multiplier' | 'multiplierShift' | 'reciprocal'>,
  offset: number,
): number {
  if (offset >= 0 && cache.multiplier !== 0)
    return Math.imul(offset, cache.multiplier) >>> cache.multiplierShift;
  // Half a byte more keeps the product clear of the whole number below: exact, and a third of the time of a division.
  return ((offset + 0.5) * cache.reciprocal) | 0;
}
