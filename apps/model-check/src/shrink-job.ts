import {
  type Counterexample,
  counterexampleOf,
  parseCounterexample,
  randomProgram,
  shrinkExample,
  subsystemOf,
  worldOf,
} from '@mm/model';
import { z } from 'zod';

import type { Job } from './campaign/job.js';
import type { Broken, RunOptions } from './run-job.js';

/** What is to be shrunk. */
export interface ShrinkOptions {
  readonly run: RunOptions;
  readonly broken: readonly Broken[];
  readonly commit: string;
}

const LANE = 'shrink';

function shrink({ run, broken, commit }: ShrinkOptions, unit: number): Counterexample {
  const { system: name, seed, mode, invariant } = broken[unit]!;
  const system = subsystemOf(name);
  const program = randomProgram(system, seed, run.commands, run.world.cpus ?? 1);
  const schedule = mode === 'interleaved' ? seed : null;
  const world = worldOf(system, run.world, seed);
  const failing = shrinkExample(system, world, { program, schedule });
  if (failing === null)
    throw new Error(`${name}, seed ${seed}: "${invariant}" broke once and not again: not deterministic`);
  return counterexampleOf(system, world, failing, { seed, mode, commands: run.commands, commit });
}

/** Makes short counterexamples of runs that broke something, a unit each. */
export const shrinkJob: Job<ShrinkOptions, readonly Counterexample[]> = {
  name: 'shrink',
  schema: z.array(z.unknown().transform((value) => parseCounterexample(value, 'counterexample'))),
  lanes: ({ broken }) => [{ name: LANE, units: broken.length, milliseconds: Infinity }],
  runUnit: (options, _lane, unit) => [shrink(options, unit)],
  empty: () => [],
  merge: (_options, _lane, earlier, later) => [...earlier, ...later],
  ends: () => false,
  failures: (found) => found.map(({ failure }) => failure),
  describe: () => '',
  amount: (found) => found.length,
  unitOfAmount: 'counterexamples',
};
