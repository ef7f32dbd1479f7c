import { type Counterexample, exampleOf, runExample, subsystemOf } from '@mm/model';
import { z } from 'zod';

import type { Job } from './campaign/job.js';

/** Counterexamples that are played again. */
export interface SavedOptions {
  readonly saved: readonly Counterexample[];
  /** Say which command it is at, to who watches. Default false: that takes longer than the commands. */
  readonly turns?: boolean;
  /** Go on after one that fails. */
  readonly all?: boolean;
}

/**
 * One that still fails, by its place. Where the code has changed since it may have no end any more: then `endlessPart` is 1 more than
 * the command that has none, or 0 where that was not looked at.
 */
const stillFailing = z.strictObject({
  unit: z.number().int().nonnegative(),
  endlessPart: z.number().int().nonnegative().nullable(),
});
export type StillFailing = z.infer<typeof stillFailing>;

const LANE = 'saved';

function play(
  { saved, turns = false }: SavedOptions,
  unit: number,
  beat: (part: number) => void,
): readonly StillFailing[] {
  const one = saved[unit]!;
  const system = subsystemOf(one.system);
  const watch = turns ? { onTurn: (op: number): void => beat(op + 1) } : {};
  const { failure } = runExample(system, one.options, exampleOf(system, one), { careful: true, ...watch });
  return failure === null ? [] : [{ unit, endlessPart: null }];
}

/** Plays saved counterexamples, a unit each, until one fails or has no end, or all of them. */
export const savedJob: Job<SavedOptions, readonly StillFailing[]> = {
  name: 'saved',
  schema: z.array(stillFailing),
  lanes: ({ saved }) => [{ name: LANE, units: saved.length, milliseconds: Infinity }],
  runUnit: (options, _lane, unit, beat) => play(options, unit, beat),
  stalled: async (_options, { unit, part }) => [{ unit, endlessPart: part }],
  empty: () => [],
  merge: (_options, _lane, earlier, later) => [...earlier, ...later],
  ends: ({ all }, failing) => all !== true && failing.length > 0,
  failures: (failing) => failing.map(({ unit }) => `the saved counterexample ${unit}`),
  describe: () => '',
  amount: (failing) => failing.length,
  unitOfAmount: 'counterexamples',
};
