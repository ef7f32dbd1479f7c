import {
  type Counts,
  type WorldOptions,
  Worlds,
  addCounts,
  newCounts,
  randomProgram,
  runExample,
  subsystemOf,
  worldOf,
} from '@mm/model';
import { z } from 'zod';

import type { Job, Stall } from './campaign/job.js';
import { describeRun } from './run-table.js';
import { stalledRun } from './stalled-run.js';

/** How programs are run. */
export const MODES = ['both', 'sequence', 'interleaved'] as const;
export type Mode = (typeof MODES)[number];

/** What a search looks at. */
export interface RunOptions {
  readonly systems: readonly string[];
  /** Seed of the first run; the next ones count on. */
  readonly seed: number;
  /** Runs at most, for each system. */
  readonly runs: number;
  /** Commands of a run. */
  readonly commands: number;
  /** Milliseconds at most, for each system. */
  readonly milliseconds: number;
  /** In `both`, runs of even seeds are interleaved. */
  readonly mode: Mode;
  /** Go on after a failure. */
  readonly all: boolean;
  readonly world: WorldOptions;
  /** Say which command it is at, to who watches. Default false: that takes longer than the commands. */
  readonly turns?: boolean;
}

/** What runs of one kind counted, and the time they took. */
interface Part {
  readonly counts: Counts;
  readonly milliseconds: number;
}

/** A run that broke an invariant; for each invariant the one with the least seed is kept. */
export interface Broken {
  readonly system: string;
  readonly seed: number;
  readonly mode: 'sequence' | 'interleaved';
  readonly invariant: string;
  readonly message: string;
}

/** What some runs of a system came to. */
export interface RunResult {
  readonly sequence: Part;
  readonly interleaved: Part;
  readonly broken: readonly Broken[];
}

const count = z.number().int().nonnegative();
const counts = z.strictObject({
  runs: count,
  commands: count,
  transitions: count,
  checks: count,
  byCommand: z.array(
    z.strictObject({ name: z.string(), chosen: count, enabled: count, ran: count, failed: count }),
  ),
});
const part = z.strictObject({ counts, milliseconds: z.number().nonnegative() });

/** A {@link RunResult} that came from a file. */
export const runResultSchema: z.ZodType<RunResult> = z.strictObject({
  sequence: part,
  interleaved: part,
  broken: z.array(
    z.strictObject({
      system: z.string(),
      seed: count,
      mode: z.enum(['sequence', 'interleaved']),
      invariant: z.string(),
      message: z.string(),
    }),
  ),
});

/** Commands of a unit, about: a fraction of a second even of the slowest system. */
const UNIT_COMMANDS = 2000;
/** Seeds are taken modulo this. */
const SEEDS = 2 ** 31;

const runsOfUnit = ({ commands, runs }: RunOptions): number =>
  Math.min(runs, Math.max(2, Math.round(UNIT_COMMANDS / commands)));

/** The seed of the run-th run. */
export const seedOf = ({ seed }: RunOptions, run: number): number => (seed + run) % SEEDS;

/** How the run of a seed is made. */
export const modeOf = ({ mode }: RunOptions, seed: number): 'sequence' | 'interleaved' => {
  if (mode !== 'both') return mode;
  return seed % 2 === 0 ? 'interleaved' : 'sequence';
};

/** By system. */
const WORLDS = new Map<string, Worlds<unknown>>();

function worldsOf(name: string): Worlds<unknown> {
  const worlds = WORLDS.get(name) ?? new Worlds(subsystemOf(name));
  WORLDS.set(name, worlds);
  return worlds;
}

/** A number of runs of a system. */
function runUnit(options: RunOptions, name: string, unit: number, beat: (part: number) => void): RunResult {
  const system = subsystemOf(name);
  const each = runsOfUnit(options);
  const turns = options.turns === true ? { onTurn: (op: number): void => beat(op + 1) } : {};
  const made = {
    sequence: { counts: newCounts(system), milliseconds: 0 },
    interleaved: { counts: newCounts(system), milliseconds: 0 },
  };
  let broken: readonly Broken[] = [];
  for (let run = unit * each; run < Math.min(options.runs, (unit + 1) * each); run++) {
    const seed = seedOf(options, run);
    const mode = modeOf(options, seed);
    const began = performance.now();
    const program = randomProgram(system, seed, options.commands, options.world.cpus ?? 1);
    const schedule = mode === 'interleaved' ? seed : null;
    const { failure } = runExample(
      system,
      worldOf(system, options.world, seed),
      { program, schedule },
      { counts: made[mode].counts, worlds: worldsOf(name), ...turns },
    );
    made[mode].milliseconds += performance.now() - began;
    if (failure === null) continue;
    const { invariant, error } = failure;
    broken = leastSeeds(broken, [{ system: name, seed, mode, invariant, message: error.message }]);
    if (!options.all) break;
  }
  return { ...made, broken };
}

/** A unit of which some run has no end. */
async function stalled(
  options: RunOptions,
  { lane: name, unit, limitMs, attempt }: Stall<RunOptions, RunResult>,
): Promise<RunResult> {
  const first = unit * runsOfUnit(options);
  const runCount = Math.min(options.runs - first, runsOfUnit(options));
  const seeds = Array.from({ length: runCount }, (_, i) => seedOf(options, first + i));
  const runs = seeds.map((seed) => ({ seed, mode: modeOf(options, seed) }));
  return {
    ...runJob.empty(options, name),
    broken: [await stalledRun(options, name, runs, limitMs, attempt)],
  };
}

/** Of each invariant of a system the earliest. */
function leastSeeds(earlier: readonly Broken[], later: readonly Broken[]): readonly Broken[] {
  const all = new Map<string, Broken>();
  for (const one of [...earlier, ...later]) {
    const key = `${one.system}: ${one.invariant}`;
    if (one.seed < (all.get(key)?.seed ?? Infinity)) all.set(key, one);
  }
  return [...all.values()].sort((x, y) => x.seed - y.seed);
}

function mergePart(system: string, earlier: Part, later: Part): Part {
  const sum = newCounts(subsystemOf(system));
  addCounts(sum, earlier.counts);
  addCounts(sum, later.counts);
  return { counts: sum, milliseconds: earlier.milliseconds + later.milliseconds };
}

/** Random programs against reference models: the job of `mm-check run`. A lane is a system, a unit some runs. */
export const runJob: Job<RunOptions, RunResult> = {
  name: 'run',
  schema: runResultSchema,
  lanes: (options) =>
    options.systems.map((name) => ({
      name,
      units: Math.ceil(options.runs / runsOfUnit(options)),
      milliseconds: options.milliseconds,
    })),
  runUnit,
  stalled,
  empty: (_options, name) => {
    const nothing = (): Part => ({ counts: newCounts(subsystemOf(name)), milliseconds: 0 });
    return { sequence: nothing(), interleaved: nothing(), broken: [] };
  },
  merge: (_options, name, earlier, later) => ({
    sequence: mergePart(name, earlier.sequence, later.sequence),
    interleaved: mergePart(name, earlier.interleaved, later.interleaved),
    broken: leastSeeds(earlier.broken, later.broken),
  }),
  ends: (options, { broken }) => !options.all && broken.length > 0,
  failures: ({ broken }) =>
    broken.map(({ system, seed, mode, message }) => `${system}, seed ${seed}, ${mode}: ${message}`),
  describe: (_options, lanes) => describeRun(lanes),
  amount: ({ sequence, interleaved }) => sequence.counts.commands + interleaved.counts.commands,
  unitOfAmount: 'commands',
};
