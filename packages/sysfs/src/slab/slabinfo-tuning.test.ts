import { expect, it } from 'vitest';

import { parseTuning } from './slabinfo-tuning.js';

const tuning = (limit: number, batchcount: number, shared: number): object => ({
  name: 'x',
  limit,
  batchcount,
  shared,
});

it.each([
  ['x 120 60 8', tuning(120, 60, 8)],
  ['x 120 60 8\n', tuning(120, 60, 8)],
  ['x   120\t60\n8 and more', tuning(120, 60, 8)],
  ['x 1-2-3', tuning(1, -2, -3)],
  // An int of C: of more bits the low 32 count, however many digits there are.
  ['x 4294967297 1 0', tuning(1, 1, 0)],
  ['x 9007199254740993 1 0', tuning(1, 1, 0)],
  ['x -9007199254740993 1 0', tuning(-1, 1, 0)],
  ['', null],
  ['x', null],
  ['x 1 2', null],
  ['x +1 2 3', null],
  ['x 0x1 2 3', null],
  ['x\t1 2 3', null],
  [`x 1 2 3${' '.repeat(121)}`, tuning(1, 2, 3)],
  [`x 1 2 3${' '.repeat(122)}`, null],
])('what %j asks of the tunables', (text, asked) => {
  expect(parseTuning(text)).toEqual(asked);
});
