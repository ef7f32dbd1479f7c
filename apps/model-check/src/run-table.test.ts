import { expect, test } from 'vitest';

import { type RunOptions, runJob } from './run-job.js';
import { describeRun } from './run-table.js';

/** Breaks in its first run, in the middle of it. */
const OPTIONS: RunOptions = {
  systems: ['slub'],
  seed: 1,
  runs: 1,
  commands: 300,
  milliseconds: 1000,
  mode: 'sequence',
  all: false,
  world: { cpus: 2, preset: 'arm64-2018', series: 'none' },
};

/** The row of a table below its head, by column. */
function rowOf(text: string): Record<string, string> {
  const rows = text.split('\n').filter((line) => line.startsWith('│'));
  const [head, row] = rows.map((line) => line.split('│').map((cell) => cell.trim()));
  return Object.fromEntries(head!.map((name, i) => [name, row![i]!]));
}

test('also of a run that fails, the table counts as commands what JUnit and JSON count: those that were enabled', async () => {
  const result = await runJob.runUnit(OPTIONS, 'slub', 0, () => {});
  expect(result.broken).toHaveLength(1);
  const { byCommand, commands } = result.sequence.counts;
  const sum = (field: 'chosen' | 'enabled'): number => byCommand.reduce((all, one) => all + one[field], 0);
  expect(sum('chosen')).toBeGreaterThan(sum('enabled'));
  const row = rowOf(describeRun([{ name: 'slub', end: 'found', units: 1, spentMs: 1, result }]));
  expect(row).toMatchObject({ chosen: `${sum('chosen')}`, commands: `${commands}`, verdict: 'FAILS' });
  expect([sum('enabled'), runJob.amount(result)]).toEqual([commands, commands]);
});
