import { expect, test } from 'vitest';

import { firstDifference } from './first-difference.js';

test.each([
  [1, 1],
  [null, null],
  [[], []],
  [{ a: [1, { b: null }] }, { a: [1, { b: null }] }],
  [NaN, NaN],
])('%j and %j are the same', (expected, actual) => {
  expect(firstDifference('x', expected, actual)).toBeNull();
});

test('keys that only we have do not count, keys that only Linux has do', () => {
  expect(firstDifference('', { a: 1 }, { a: 1, b: 2 })).toBeNull();
  expect(firstDifference('', { a: 1, b: 2 }, { a: 1 })).toEqual({
    path: 'b',
    expected: 2,
    actual: undefined,
  });
});

test.each([
  [[1, 2], [1], 'x', [1, 2], [1]],
  [[1, [2, 3]], [1, [2, 4]], 'x[1][1]', 3, 4],
  [{ a: { b: 1 } }, { a: null }, 'x.a', { b: 1 }, null],
  [0, -0, 'x', 0, -0],
  ['1', 1, 'x', '1', 1],
  [{ a: 1, b: 2 }, { a: 3, b: 4 }, 'x.a', 1, 3],
  [null, undefined, 'x', null, undefined],
  [[], {}, 'x', [], {}],
])('%j and %j differ first at %s', (expected, actual, path, left, right) => {
  expect(firstDifference('x', expected, actual)).toEqual({ path, expected: left, actual: right });
});
