import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { isBuilt, startCli } from './built-cli.js';
import type { RunOptions } from './run-job.js';
import { stalledRun } from './stalled-run.js';

const OPTIONS: RunOptions = {
  systems: ['zones', 'buddy'],
  seed: 1,
  runs: 10,
  commands: 1000,
  milliseconds: 1000,
  mode: 'both',
  all: false,
  world: { cpus: 2 },
};
const RUNS = [
  { seed: 6, mode: 'interleaved' },
  { seed: 7, mode: 'sequence' },
] as const;

test.each([1, 2, 413, 1000])('the run that has no end is found, and command %i of it', async (command) => {
  const tried: number[] = [];
  const ends = async ({ seed, systems, runs, commands }: RunOptions): Promise<boolean> => {
    expect([systems, runs]).toEqual([['buddy'], 1]);
    if (seed === 7) tried.push(commands);
    return seed !== 7 || commands < command;
  };
  const broken = await stalledRun(OPTIONS, 'buddy', RUNS, 60_000, ends);
  expect(broken).toMatchObject({
    system: 'buddy',
    seed: 7,
    mode: 'sequence',
    invariant: 'every command ends',
  });
  expect(broken.message).toMatch(new RegExp(`no end within 60 s, in #${command - 1} CPU [01]  \\w+`, 'u'));
  expect(tried.length).toBeLessThan(13);
});

test('of interleaved runs the seed alone is told: fewer commands are another schedule', async () => {
  const broken = await stalledRun(OPTIONS, 'buddy', RUNS, 1000, async ({ seed }) => seed !== 6);
  expect(broken).toMatchObject({ seed: 6, message: 'every command ends: no end within 1 s' });
});

test('runs that end one by one were slow', async () => {
  await expect(stalledRun(OPTIONS, 'buddy', RUNS, 1, async () => true)).rejects.toThrow(
    '--stall: expected more time than runs of buddy take here',
  );
});

test.skipIf(!isBuilt)(
  'mm-check run ends a thread that has no end, and says how to see it again',
  async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'mm-stall-'));
    const asked = ['--system', 'buddy', '--runs', '2', '--mode', 'interleaved', '--workers', '1'];
    // No thread starts within a millisecond: to the watch that is a loop.
    const { code, out } = await startCli(['run', ...asked, '--stall', '1ms', '--json', 'report.json'], cwd)
      .ended;
    expect(code).toBe(1);
    expect(out).toMatch(
      /^reproduce: mm-check run --system buddy --seed 1 --runs 1 --commands 1000 --mode interleaved/mu,
    );
    expect(out).toContain('every command ends: no end within 0.001 s');
  },
);
