import { explore, formatTrace } from '@mm/interleave';
import { describe, expect, it } from 'vitest';

import { SCENARIOS } from './index.js';

describe.each(SCENARIOS)('$name', ({ sizes, moves = 0, at }) => {
  it('holds in every interleaving of its least size, and reaches what it is about', () => {
    const result = explore(at(sizes[0]!), { moves });
    expect(result.failure === undefined ? '' : formatTrace(result.failure)).toBe('');
    expect(result).toMatchObject({ outcome: 'holds', complete: true, missing: [] });
  });
  it('announces what its tasks share', () => {
    const result = explore(at(sizes[0]!), { moves, footprints: true });
    expect(result.failure === undefined ? '' : formatTrace(result.failure)).toBe('');
  });
});

it('every scenario has a name of its own', () => {
  expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
});
