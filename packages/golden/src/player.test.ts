import { OptionError } from '@mm/printk';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { type Player, byColumns, checkCases, playCase } from './player.js';
import { readRecording } from './read-recording.js';

const recording = readRecording(
  JSON.stringify({
    format: 'mm-golden/1',
    kind: 'sum',
    source: { kernel: '6.1' },
    cases: [
      { in: [1, 2], out: 3 },
      { in: [2, 2], out: 5 },
      { in: [], out: 0 },
      { in: [9], out: 9 },
    ],
  }),
  'sums.json',
);

const player: Player = {
  kind: 'sum',
  schema: z.looseObject({ in: z.array(z.number()), out: z.number() }),
  unplayed: (recorded) => ((recorded['in'] as number[]).length === 0 ? 'nothing to add' : null),
  play(from, index) {
    const { in: values, out } = from.cases[index] as unknown as { in: number[]; out: number };
    if (values.length === 1) throw new OptionError('in', 'two numbers', values);
    const sum = values.reduce((a, b) => a + b, 0);
    return sum === out ? null : { path: 'out', expected: out, actual: sum };
  },
};

const check = (recorded: unknown, name: string): void => {
  if ((recorded as { out: number }).out === 5) throw new OptionError(`${name}.out`, 'no 5', 5);
};

test('a case matches, differs, or is not played', () => {
  expect(playCase(player, recording, 0)).toEqual({ verdict: 'matches' });
  expect(playCase(player, recording, 1)).toEqual({
    verdict: 'differs',
    mismatch: { path: 'out', expected: 5, actual: 4 },
  });
  expect(playCase(player, recording, 2)).toEqual({ verdict: 'not played', why: 'nothing to add' });
});

test('what is thrown while playing is a difference', () => {
  expect(playCase(player, recording, 3)).toMatchObject({
    verdict: 'differs',
    mismatch: { path: 'refused', actual: 'in: expected two numbers, got an array of 1' },
  });
});

test('schema, tables and check are asked before anything is played', () => {
  expect(() => checkCases(player, recording, 'f')).not.toThrow();
  const strict = { ...player, tables: z.looseObject({ columns: z.array(z.string()) }) };
  expect(() => checkCases(strict, recording, 'f')).toThrow('f.columns: expected array');
  expect(() => checkCases({ ...player, check }, recording, 'f')).toThrow(
    'f cases[1].out: expected no 5, got 5',
  );
});

test('a row is read by its column names, and must fit them', () => {
  expect(byColumns(['size', 'align'], [64, 8], 'in')).toEqual({ size: 64, align: 8 });
  expect(() => byColumns(['size', 'align'], [64], 'cases[0].in')).toThrow('cases[0].in: expected 2 values');
});
