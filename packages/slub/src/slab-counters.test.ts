import { expect, test } from 'vitest';

import { FROZEN, changeInUse, inuseOf, objectsOf } from './slab-counters.js';

test('objects in use wrap below 0 and above 65535, and leave the other counters of the slab alone', () => {
  const counters = FROZEN | (16 << 16) | 1;
  const below = changeInUse(counters, -2);
  expect([inuseOf(below), objectsOf(below), below < 0]).toEqual([0xffff, 16, true]);
  expect(changeInUse(below, 2)).toBe(counters);
});
