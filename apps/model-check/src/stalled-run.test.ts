import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { counterexampleOf, randomProgram, subsystemOf } from '@mm/model';
import { expect, test } from 'vitest';

import { FAILING_WORLD, failingSlub } from '../test/failing-slub.js';
import { isBuilt, startCli } from './built-cli.js';
import type { Attempt } from './campaign/job.js';
import { type RunOptions, type RunResult, runJob } from './run-job.js';
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

const NO_RESULT = { result: runJob.empty(OPTIONS, 'buddy') };

/** Of seed `endless` the command at `index` has no end. */
const attempts =
  (endless: number, index: number) =>
  async ({ seed, systems, runs, turns }: RunOptions): Promise<Attempt<RunResult>> => {
    expect([systems, runs, turns]).toEqual([['buddy'], 1, true]);
    return seed === endless ? { endlessPart: index + 1 } : NO_RESULT;
  };

test.each([
  [6, 'interleaved'],
  [7, 'sequence'],
] as const)('the run that has no end is found, and the command of it: seed %i, %s', async (seed, mode) => {
  const broken = await stalledRun(OPTIONS, 'buddy', RUNS, 60_000, attempts(seed, 412));
  expect(broken).toMatchObject({ system: 'buddy', seed, mode, invariant: 'every command ends' });
  const { cpu } = randomProgram(subsystemOf('buddy'), seed, 1000, 2)[412]!;
  expect(broken.message).toMatch(new RegExp(`no end within 60 s, in #412 CPU ${cpu}  \\w+`, 'u'));
});

test('where no command was begun none is named', async () => {
  const broken = await stalledRun(OPTIONS, 'buddy', RUNS, 1000, attempts(6, -1));
  expect(broken).toMatchObject({ seed: 6, message: 'every command ends: no end within 1 s' });
});

test('runs that end one by one were slow', async () => {
  await expect(stalledRun(OPTIONS, 'buddy', RUNS, 1, attempts(8, 0))).rejects.toThrow(
    '--stall: expected more time than runs of buddy take here',
  );
});

test.each(['sequence', 'interleaved'] as const)('a run tells which command goes on: %s', async (mode) => {
  const turns: number[] = [];
  const options: RunOptions = { ...OPTIONS, seed: 6, runs: 1, commands: 130, mode, turns: true };
  await runJob.runUnit(options, 'buddy', 0, (part) => turns.push(part));
  // All were, each when it began, and not while another of its CPU was under way.
  const program = randomProgram(subsystemOf('buddy'), 6, 130, 2);
  const begun = [0, 1].map((cpu) => [...new Set(turns)].filter((part) => program[part - 1]!.cpu === cpu));
  expect(begun.flat().length).toBeGreaterThan(100);
  for (const parts of begun) expect(parts).toEqual([...parts].sort((x, y) => x - y));
});

test.skipIf(!isBuilt)('mm-check replay names the command that has no end, and writes nothing', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'mm-stall-'));
  const found = { seed: 1, mode: 'interleaved', commands: 1000, commit: 'test' } as const;
  const kept = counterexampleOf(subsystemOf('slub'), FAILING_WORLD, failingSlub(), found);
  writeFileSync(join(cwd, 'found.json'), JSON.stringify(kept));
  const { code, out } = await startCli(['replay', 'found.json', '--stall', '1ms', '--json', 'j'], cwd).ended;
  expect(code).toBe(1);
  expect(out).toContain('every command ends: no end within 0.001 s, in ');
  expect(readdirSync(cwd)).toEqual(['found.json']);
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
