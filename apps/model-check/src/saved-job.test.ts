import { counterexampleOf, subsystemOf } from '@mm/model';
import { expect, test } from 'vitest';

import { FAILING_WORLD as WORLD, failingSlub } from '../test/failing-slub.js';
import type { Stall } from './campaign/job.js';
import { type SavedOptions, type StillFailing, savedJob } from './saved-job.js';

const slub = subsystemOf('slub');
const found = { seed: 2, mode: 'interleaved', commands: 300, commit: 'test' } as const;
const counterexample = counterexampleOf(slub, WORLD, failingSlub(), found);

test('a saved counterexample is played under its own options: it fails there, and holds where the series is merged', () => {
  const merged = { ...counterexample, options: { ...WORLD, series: 'merged' } as const };
  const options = { saved: [merged, counterexample] };
  const results = [0, 1].map((unit) => savedJob.runUnit(options, 'saved', unit, () => undefined));
  expect(results).toEqual([[], [{ unit: 1, endlessPart: null }]]);
  expect(results.map((result) => savedJob.ends(options, result as StillFailing[]))).toEqual([false, true]);
});

test('one that has no end any more is told of', async () => {
  const stall: Stall<SavedOptions, readonly StillFailing[]> = {
    lane: 'saved',
    unit: 3,
    limitMs: 10_000,
    part: 12,
    attempt: () => Promise.reject(new Error('nothing is tried')),
  };
  expect(await savedJob.stalled!({ saved: [] }, stall)).toEqual([{ unit: 3, endlessPart: 12 }]);
});
