import { expect, it } from 'vitest';

import { applyEdits } from './apply-edits.js';

const file = 'packages/x/src/y.ts';

it('replaces the one place that an edit finds', () => {
  expect(applyEdits('let a = 1;', [{ file, find: '1', replace: '2' }])).toBe('let a = 2;');
});

it('refuses an edit that finds nothing, and one that finds two places', () => {
  expect(() => applyEdits('let a = 1;', [{ file, find: '3', replace: '2' }])).toThrow(
    /packages\/x\/src\/y\.ts: expected exactly one place that reads "3", got 0/u,
  );
  expect(() => applyEdits('let a = 11;', [{ file, find: '1', replace: '2' }])).toThrow(/got 2/u);
});

it('edits of one file follow each other', () => {
  const edits = [
    { file, find: 'a', replace: 'b' },
    { file, find: 'b', replace: 'c' },
  ];
  expect(applyEdits('a', edits)).toBe('c');
});
