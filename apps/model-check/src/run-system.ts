import {
  type Counts,
  type Op,
  type Subsystem,
  type WorldOptions,
  newCounts,
  randomProgram,
  runInterleaved,
  runSequence,
  shrinkProgram,
} from '@mm/model';

import type { Counterexample } from './counterexample.js';

/** How to search one subsystem. */
export interface SearchOptions {
  readonly seed: number;
  /** Runs at most. */
  readonly runs: number;
  /** Commands of a run. */
  readonly commands: number;
  /** Milliseconds at most. */
  readonly milliseconds: number;
  readonly world: WorldOptions;
  /** Invariants whose failures are passed over, as they are known. */
  readonly known?: ReadonlySet<string>;
}

/** What a search found and counted. Sequential and interleaved runs are timed apart. */
export interface SearchResult {
  readonly counts: Counts;
  readonly milliseconds: number;
  readonly found: Counterexample | null;
}

/** Programs tried while shrinking. */
const SHRINK_TRIES = 1500;

/** Every other run is interleaved, and each run has a seed of its own. Stops at the first failure, shrunk. */
function searchSystem(
  system: Subsystem<unknown>,
  options: SearchOptions,
  stop: () => boolean,
  onRun: (commands: number) => void,
): SearchResult {
  const counts = newCounts(system);
  const began = Date.now();
  for (let run = 0; run < options.runs && Date.now() - began < options.milliseconds && !stop(); run++) {
    const seed = (options.seed + run) | 0;
    const program = randomProgram(system, seed, options.commands, options.world.cpus ?? 1);
    const scheduleSeed = run % 2 === 0 ? null : seed;
    const before = counts.commands;
    const failure = failureOf(system, options.world, program, counts, scheduleSeed);
    onRun(counts.commands - before);
    if (failure === null || options.known?.has(invariantOf(failure.message)) === true) continue;
    const found = shrunk(system, options.world, program, scheduleSeed);
    return { counts, milliseconds: Date.now() - began, found };
  }
  return { counts, milliseconds: Date.now() - began, found: null };
}

/** One search, which ends at the first failure. */
export const searchOnce: Search = (system, options, stop, onRun) => [
  searchSystem(system, options, stop, onRun),
];

/** Searches on for the whole time, each time past the invariants that failed already. */
export const searchAll: Search = (system, options, stop, onRun) => {
  const known = new Set<string>();
  const results: SearchResult[] = [];
  const began = Date.now();
  let { seed, runs } = options;
  for (;;) {
    const milliseconds = options.milliseconds - (Date.now() - began);
    const result = searchSystem(system, { ...options, seed, runs, milliseconds, known }, stop, onRun);
    results.push(result);
    seed += result.counts.runs;
    runs -= result.counts.runs;
    if (result.found === null) return results;
    known.add(invariantOf(result.found.failure));
  }
};

type Search = (
  system: Subsystem<unknown>,
  options: SearchOptions,
  stop: () => boolean,
  onRun: (commands: number) => void,
) => SearchResult[];

function failureOf(
  system: Subsystem<unknown>,
  world: WorldOptions,
  program: readonly Op[],
  counts: Counts,
  scheduleSeed: number | null,
): Error | null {
  if (scheduleSeed === null) return runSequence(system, world, program, counts)?.error ?? null;
  return runInterleaved(system, world, program, counts, { schedule: scheduleSeed }).failure?.error ?? null;
}

/** The invariant that a failure names: what stands before its first colon. */
export const invariantOf = (failure: string): string => failure.split(':', 1)[0]!;

/** The shortest program that breaks the same invariant; an interleaved one keeps the seed of its scheduler. */
function shrunk(
  system: Subsystem<unknown>,
  options: WorldOptions,
  program: readonly Op[],
  scheduleSeed: number | null,
): Counterexample {
  const first = failureOf(system, options, program, newCounts(system), scheduleSeed)?.message ?? '';
  const fails = (shorter: readonly Op[]): boolean => {
    const failure = failureOf(system, options, shorter, newCounts(system), scheduleSeed);
    return failure !== null && invariantOf(failure.message) === invariantOf(first);
  };
  const shortest = shrinkProgram(program, fails, SHRINK_TRIES);
  const failure =
    failureOf(system, options, shortest, newCounts(system), scheduleSeed)?.message ?? 'not repeatable';
  return {
    format: 'mm-counterexample/1',
    system: system.name,
    scheduleSeed,
    options,
    program: shortest,
    failure,
  };
}
