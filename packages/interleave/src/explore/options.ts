import { expectOptions, expected } from '../expected.js';
import type { PctGuarantee } from '../pct-scheduler.js';
import type { RunResult } from '../run-schedule.js';
import { type Schedule, checkSchedule } from '../schedule.js';
import type { ExploreState } from './state.js';

/** How schedules are chosen: see `explore`. */
export type Strategy = 'dpor' | 'pct' | 'random' | Schedule;

/** How far `explore` looks, and what it says meanwhile. */
export interface ExploreOptions {
  /**
   * - `dpor` (default): every interleaving, but for those that differ only in the order of steps that commute.
   * - `pct`: priorities at random, with a chance of finding a bug that can be computed.
   * - `random`: a switch at any step, by chance.
   * - a schedule: that one run.
   */
  readonly strategy?: Strategy;
  /** `dpor` only: runs with at most so many switches away from a task that could have gone on. Default: no bound. */
  readonly preemptions?: number;
  /** How often each task may go on on the next CPU. Default 0: tasks stay where they are. Not `pinned` ones. */
  readonly moves?: number;
  /** `pct` only: the depth of the bugs that its guarantee is about. Default 3. */
  readonly depth?: number;
  /** Stop after so many runs of this call. Default: none for `dpor`, else 1000. */
  readonly runsMax?: number;
  /** Stop after so many milliseconds of this call. Default: no limit. */
  readonly milliseconds?: number;
  /** For `pct` and `random`. Default 1. */
  readonly seed?: number;
  /** The livelock bound of a run, in steps. Default 100,000. */
  readonly stepsMax?: number;
  /** Go on from the `state` of an earlier result: same scenario, strategy, bounds and seed. */
  readonly resume?: ExploreState;
  /** Called about every 100 ms. Answering `false` stops the search, as a bound does. */
  readonly onProgress?: (progress: ExploreProgress) => boolean | void;
  /**
   * Trap accesses to what the scenario's `footprint` reaches that were not announced. Default false: it costs some 20 times
   * the time. Where it holds, partial-order reduction has left nothing out.
   */
  readonly footprints?: boolean;
  /** Runs to spend on making a counterexample small. Default 2000; 0 leaves it as it was found. */
  readonly shrinkRunsMax?: number;
}

/** How far a search is. */
export interface ExploreProgress {
  /** Runs made to their end, in this call and those before it. */
  readonly executions: number;
  /** Runs given up part of the way, since the rest had been explored. */
  readonly blocked: number;
  readonly steps: number;
  /** Steps of the longest run. */
  readonly deepest: number;
  /** Of this call. */
  readonly milliseconds: number;
}

/** What a search has found. */
export interface ExploreResult extends ExploreProgress {
  /**
   * - `holds`: no run failed.
   * - `counterexample`: one did, see `failure`.
   * - `vacuous`: no run failed, but none reached what the scenario says must be reached sometimes (see `missing`), or
   *   none was made at all.
   */
  readonly outcome: 'holds' | 'counterexample' | 'vacuous';
  /** Every interleaving has been seen to, without a bound on preemptions. Moves are as `bounds` says. */
  readonly complete: boolean;
  /** Nothing is left to explore within the bounds. */
  readonly exhausted: boolean;
  /** What was left out, in words. */
  readonly bounds: readonly string[];
  /** The failing run, as small as shrinking made it, with what each step changed. */
  readonly failure: RunResult | undefined;
  /** The failing run as it was found. */
  readonly found: RunResult | undefined;
  /** The schedule of the run that this call made last, failed or not; undefined when it made none. */
  readonly last: Schedule | undefined;
  /** By name: in how many runs it was reached. */
  readonly sometimes: Readonly<Record<string, number>>;
  /** Names of what no run has reached. */
  readonly missing: readonly string[];
  /** Of `pct`. */
  readonly guarantee: PctGuarantee | undefined;
  /** For a given schedule: the first step that could not be made as given, or -1. */
  readonly leftAt: number;
  /** To go on from, as plain data for a JSON file. */
  readonly state: ExploreState;
}

const KINDS = {
  preemptions: 'count',
  moves: 'count',
  depth: 'count',
  runsMax: 'count',
  seed: 'count',
  stepsMax: 'count',
  shrinkRunsMax: 'count',
  onProgress: 'function',
  footprints: 'boolean',
} as const;

/**
 * Checks options before anything is run.
 * @throws RangeError that names the field, what came and what was expected.
 */
export function checkExploreOptions(options: ExploreOptions): void {
  expectOptions(options, KINDS);
  const { strategy = 'dpor', milliseconds = 0 } = options;
  if (Array.isArray(strategy)) checkSchedule(strategy);
  else if (!['dpor', 'pct', 'random'].includes(strategy as string))
    throw expected('strategy', 'dpor, pct, random or a schedule', strategy);
  if (typeof milliseconds !== 'number' || !(milliseconds >= 0))
    throw expected('milliseconds', 'a number from 0', milliseconds);
  const only = (field: 'preemptions' | 'depth' | 'seed' | 'moves', strategies: readonly string[]): void => {
    const name = typeof strategy === 'string' ? strategy : 'a given schedule';
    if (options[field] !== undefined && !strategies.includes(name))
      throw new RangeError(`${field}: expected with ${strategies.join(' or ')} only, got with ${name}`);
  };
  only('preemptions', ['dpor']);
  only('depth', ['pct']);
  only('seed', ['pct', 'random']);
  only('moves', ['dpor', 'pct', 'random']);
  if (options.stepsMax === 0) throw new RangeError('stepsMax: expected an integer from 1, got 0');
  if (options.depth === 0) throw new RangeError('depth: expected an integer from 1, got 0');
}
