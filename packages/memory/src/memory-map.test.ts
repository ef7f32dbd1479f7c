import { expect, test } from 'vitest';

import { MemoryMap } from './memory-map.js';

test('a map of thousands of ranges answers at each of its edges, whatever was asked before', () => {
  // Pages 16 to 19, 32 to 35 and so on.
  const ranges = Array.from({ length: 5000 }, (_, i) => ({
    startPfn: 16 * (i + 1),
    endPfn: 16 * (i + 1) + 4,
  }));
  const map = new MemoryMap(ranges);
  const answers = (pfn: number): number[] =>
    [pfn - 1, pfn, pfn + 3, pfn + 4].map((at) => map.endOfRangeAt(at));
  for (const { startPfn, endPfn } of [...ranges, ...ranges.toReversed()])
    expect(answers(startPfn)).toEqual([0, endPfn, endPfn, 0]);
  expect([-1, 0, 15, 0.5, Number.NaN, Infinity, 2 ** 32 + 16].map((at) => map.has(at))).not.toContain(true);
});
