import { randomProgram, subsystemOf } from '@mm/model';
import { expect, test } from 'vitest';

import { isBuilt, root } from './built-cli.js';
import type { Attempt, Stall } from './campaign/job.js';
import type * as pools from './campaign/pool.js';
import { type ShrinkOptions, shrinkJob } from './shrink-job.js';

/** What the series is about: found by the first run, and gone under `merged`. */
const OPTIONS: ShrinkOptions = {
  run: {
    systems: ['slub'],
    seed: 1,
    runs: 1,
    commands: 300,
    milliseconds: 1000,
    mode: 'sequence',
    all: false,
    world: { cpus: 2, preset: 'arm64-2018', series: 'none' },
  },
  broken: [
    {
      system: 'slub',
      seed: 1,
      mode: 'sequence',
      invariant: 'objects of a cache made for DMA lie below 0x100000000',
      message: '',
    },
  ],
  commit: 'test',
};

type Found = Awaited<ReturnType<typeof shrinkJob.runUnit>>;

/** Plays a search in which runs of these numbers have no end. Tells which runs were made. */
async function search(endless: readonly number[]): Promise<{ found: Found; made: number[][] }> {
  const made: number[][] = [];
  const attempt = async (options: ShrinkOptions): Promise<Attempt<Found>> => {
    const runs: number[] = [];
    made.push(runs);
    class Endless extends Error {}
    try {
      const result = await shrinkJob.runUnit(options, 'shrink', 0, (run) => {
        runs.push(run);
        if (endless.includes(run)) throw new Endless();
      });
      return { result };
    } catch (error) {
      if (!(error instanceof Endless)) throw error;
      return { endlessPart: runs.at(-1)! };
    }
  };
  const first = await attempt(OPTIONS);
  if ('result' in first) return { found: first.result, made };
  const stall: Stall<ShrinkOptions, Found> = {
    lane: 'shrink',
    unit: 0,
    limitMs: 10_000,
    part: first.endlessPart,
    attempt,
  };
  return { found: await shrinkJob.stalled!(OPTIONS, stall), made };
}

test('a search is made again without the run that has no end, and comes as far', async () => {
  const whole = await search([]);
  const passed = await search([5]);
  expect(passed.made.map((runs) => runs.includes(5))).toEqual([true, false]);
  expect(passed.made[1]!.slice(0, 4)).toEqual([1, 2, 3, 4]);
  expect(passed.found[0]!.program.length).toBe(whole.found[0]!.program.length);
});

test('after three runs without an end the search makes do with what it has before the fourth', async () => {
  const { found, made } = await search([3, 4, 5, 6]);
  expect(made.map((runs) => runs.at(-1))).toEqual([3, 4, 5, 6, 2]);
  const [shortest] = found;
  expect(shortest!.failure).toContain('objects of a cache made for DMA lie below 0x100000000');
  const { length } = randomProgram(subsystemOf('slub'), 1, 300, 2);
  expect(shortest!.program.length).toBeLessThan(length);
});

test('where already the run that was found has no end, more time is asked for', async () => {
  await expect(search([1])).rejects.toThrow('--stall: expected more time than a run takes that is shrunk');
});

test.skipIf(!isBuilt)('a thread that shrinks is watched run by run', async () => {
  const { openPool } = (await import(`${root}apps/model-check/dist/campaign/pool.js`)) as typeof pools;
  const pool = openPool(shrinkJob as never, OPTIONS, 1, true);
  try {
    // No thread starts within a millisecond.
    await expect(pool.run('shrink', 0, 1)).rejects.toMatchObject({ name: 'Stalled', part: 0 });
    const [found] = (await pool.run('shrink', 0, 60_000)) as Found;
    expect(found!.program.length).toBeLessThan(5);
  } finally {
    await pool.close();
  }
});
