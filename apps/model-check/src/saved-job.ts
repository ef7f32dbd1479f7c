import { type Counterexample, exampleOf, runExample, subsystemOf } from '@mm/model';
import { z } from 'zod';

import type { Job } from './campaign/job.js';

/** Counterexamples that are played again. */
export interface SavedOptions {
  readonly saved: readonly Counterexample[];
}

/** One that still fails, by its place; where the code has changed since it may have no end any more. */
const stillFailing = z.strictObject({ unit: z.number().int().nonnegative(), endless: z.boolean() });
export type StillFailing = z.infer<typeof stillFailing>;

const LANE = 'saved';

function play({ saved }: SavedOptions, unit: number): readonly StillFailing[] {
  const one = saved[unit]!;
  const system = subsystemOf(one.system);
  const { failure } = runExample(system, one.options, exampleOf(system, one), { careful: true });
  return failure === null ? [] : [{ unit, endless: false }];
}

/** Plays saved counterexamples, a unit each, until one fails or has no end. */
export const savedJob: Job<SavedOptions, readonly StillFailing[]> = {
  name: 'saved',
  schema: z.array(stillFailing),
  lanes: ({ saved }) => [{ name: LANE, units: saved.length, milliseconds: Infinity }],
  runUnit: (options, _lane, unit) => play(options, unit),
  stalled: async (_options, { unit }) => [{ unit, endless: true }],
  empty: () => [],
  merge: (_options, _lane, earlier, later) => [...earlier, ...later],
  ends: (_options, failing) => failing.length > 0,
  failures: (failing) => failing.map(({ unit }) => `the saved counterexample ${unit}`),
  describe: () => '',
  amount: (failing) => failing.length,
  unitOfAmount: 'counterexamples',
};
