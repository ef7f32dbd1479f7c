import {
  type Counterexample,
  counterexampleOf,
  parseCounterexample,
  randomProgram,
  shrinkExample,
  subsystemOf,
  worldOf,
} from '@mm/model';
import { OptionError } from '@mm/printk';
import { z } from 'zod';

import type { Job, Stall } from './campaign/job.js';
import type { Broken, RunOptions } from './run-job.js';

/** What is to be shrunk. */
export interface ShrinkOptions {
  readonly run: RunOptions;
  readonly broken: readonly Broken[];
  readonly commit: string;
  /** Runs of the search that have no end, by number; and the first that is not made any more. */
  readonly endless?: readonly number[];
  readonly stopAt?: number;
}

const LANE = 'shrink';

/** Runs without an end that a search passes over, before it makes do with what it has found. */
const ENDLESS_MAX = 3;

function shrink(
  { run, broken, commit, endless = [], stopAt = Infinity }: ShrinkOptions,
  unit: number,
  onRun: (number: number) => void,
): Counterexample {
  const { system: name, seed, mode, invariant } = broken[unit]!;
  const system = subsystemOf(name);
  const program = randomProgram(system, seed, run.commands, run.world.cpus ?? 1);
  const schedule = mode === 'interleaved' ? seed : null;
  const world = worldOf(system, run.world, seed);
  const isEndless = (number: number): boolean => number >= stopAt || endless.includes(number);
  const failing = shrinkExample(system, world, { program, schedule }, { onRun, isEndless });
  if (failing === null)
    throw new Error(`${name}, seed ${seed}: "${invariant}" broke once and not again: not deterministic`);
  return counterexampleOf(system, world, failing, { seed, mode, commands: run.commands, commit });
}

/**
 * A search of which a run had no end: it is made again, which comes to the same runs, without that one. After some of them the search ends
 * before the next.
 * @throws OptionError where already the run that was found takes too long.
 */
async function stalled(
  options: ShrinkOptions,
  { unit, limitMs, part, attempt }: Stall<ShrinkOptions, readonly Counterexample[]>,
): Promise<readonly Counterexample[]> {
  const one: ShrinkOptions = { ...options, broken: [options.broken[unit]!] };
  const endless: number[] = [];
  for (let next = part; ;) {
    if (next <= 1)
      throw new OptionError('--stall', 'more time than a run takes that is shrunk', `${limitMs} ms`);
    const gaveUp = endless.length === ENDLESS_MAX;
    if (!gaveUp) endless.push(next);
    // oxlint-disable-next-line no-await-in-loop -- each search needs to know what the one before met
    const outcome = await attempt({ ...one, endless, ...(gaveUp ? { stopAt: next } : {}) }, limitMs);
    if ('result' in outcome) return outcome.result;
    next = outcome.endlessPart;
  }
}

/** Makes short counterexamples of runs that broke something, a unit each. */
export const shrinkJob: Job<ShrinkOptions, readonly Counterexample[]> = {
  name: 'shrink',
  schema: z.array(z.unknown().transform((value) => parseCounterexample(value, 'counterexample'))),
  lanes: ({ broken }) => [{ name: LANE, units: broken.length, milliseconds: Infinity }],
  runUnit: (options, _lane, unit, beat) => [shrink(options, unit, beat)],
  stalled,
  empty: () => [],
  merge: (_options, _lane, earlier, later) => [...earlier, ...later],
  ends: () => false,
  failures: (found) => found.map(({ failure }) => failure),
  describe: () => '',
  amount: (found) => found.length,
  unitOfAmount: 'counterexamples',
};
