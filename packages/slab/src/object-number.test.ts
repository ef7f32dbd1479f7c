import { expect, test } from 'vitest';

import { divisorOf, numberAt } from './object-number.js';

/** Offsets about the ends of objects at which the number is not the whole part of the quotient. */
function wrongOf(size: number, order: number): number[] {
  const { multiplier, shift } = divisorOf({ size, order });
  const cache = { multiplier, multiplierShift: shift, reciprocal: 1 / size };
  const wrong: number[] = [];
  for (let end = size; end <= 4096 << order; end += size)
    for (const offset of [end - size, end - size + 1, end - 1])
      if (numberAt(cache, offset) !== Math.floor(offset / size)) wrong.push(offset);
  return wrong;
}

test.each([0, 1, 3, 6, 10])(
  'the number of an object is its offset by its size, in slabs of order %d',
  (order) => {
    const sizes = Array.from({ length: 2 ** 11 }, (_, i) => 4 * (i + 1)).filter(
      (size) => size <= 4096 << order,
    );
    expect(sizes.filter((size) => wrongOf(size, order).length > 0)).toEqual([]);
    expect(wrongOf(4096 << order, order)).toEqual([]);
  },
);

test('slabs of a page or two are divided without a double, as most are', () => {
  for (const order of [0, 1])
    for (let size = 4; size <= 4096 << order; size += 4)
      expect(divisorOf({ size, order }).multiplier).toBeGreaterThan(0);
});
