import { type Schedule, choiceCpu, choiceOf, choiceTask, shrinkReplay } from '@mm/interleave';

import { checkInteger, checkObject } from '@mm/printk';

import type { Op, Subsystem, WorldOptions } from '../subsystem.js';
import { renumbered } from './command-schedule.js';
import { type Example, runExample } from './example.js';
import type { Failure } from './failure.js';

/** An example that fails, and how. */
export interface FailingExample {
  readonly example: Example;
  readonly failure: Failure;
  /** Runs that were made to find it. */
  readonly runs: number;
}

/** Runs to make at most. */
const RUNS_MAX = 1500;

/** How a search for a short example is bounded and watched. Its runs are numbered from 1, the same ones in every search of one example. */
export interface ShrinkWatch {
  /** Runs to make at most, about. Default 1500. */
  readonly runsMax?: number;
  /** Told of each run before it is made: what does not return from it has no end. */
  readonly onRun?: (run: number) => void;
  /** Runs that have no end, as an earlier search has shown: they are not made, and taken to break nothing. */
  readonly isEndless?: (run: number) => boolean;
}

/**
 * Looks for a short program and a schedule of few switches that break the same invariant. Commands are left out, whole
 * stretches first; an interleaved program is tried one command after the other; CPUs and arguments are made small; switches
 * are left out. In the end whole structures are looked at after every command, so that the run stops where it goes wrong: what
 * breaks first then may be another invariant, and is the one reported. Deterministic.
 *
 * @returns null when the example does not fail.
 * @example
 * const program = randomProgram(slubSubsystem, 1, 1000, 3);
 * shrinkExample(slubSubsystem, { series: 'none', preset: 'arm64-2018' }, { program, schedule: null });
 */
export function shrinkExample<W>(
  subsystem: Subsystem<W>,
  options: WorldOptions,
  example: Example,
  watch: ShrinkWatch = {},
): FailingExample | null {
  checkObject('watch', watch, 'an object');
  const { runsMax = RUNS_MAX } = watch;
  checkInteger('runsMax', runsMax, 0, Number.MAX_SAFE_INTEGER);
  const play = numberedRuns(subsystem, options, watch);
  const first = play(example, false);
  if (first.failure === null) return null;
  const rough = new Shrinker(play, first.example, first.failure, runsMax, false);
  rough.shrink();
  const careful = play(rough.best, true);
  if (careful.failure === null) return { example: rough.best, failure: rough.failure, runs: rough.runs };
  // Often it is short already, and stops where it did.
  const { invariant, commands } = careful.failure;
  if (invariant === rough.failure.invariant && commands === rough.best.program.length)
    return { example: careful.example, failure: careful.failure, runs: rough.runs };
  const left = Math.max(100, runsMax - rough.runs);
  const fine = new Shrinker(play, careful.example, careful.failure, left, true);
  fine.shrink();
  return { example: fine.best, failure: fine.failure, runs: rough.runs + fine.runs };
}

/** Runs a candidate; null: it breaks nothing. */
type Play = (example: Example, careful: boolean) => { example: Example; failure: Failure | null };

function numberedRuns<W>(subsystem: Subsystem<W>, options: WorldOptions, watch: ShrinkWatch): Play {
  let run = 0;
  return (example, careful) => {
    run++;
    if (watch.isEndless?.(run) === true) return { example, failure: null };
    watch.onRun?.(run);
    return runExample(subsystem, options, example, { record: true, careful });
  };
}

class Shrinker {
  best: Example;
  failure: Failure;
  runs = 1;

  readonly #play: Play;
  readonly #runsMax: number;
  readonly #careful: boolean;

  constructor(play: Play, example: Example, failure: Failure, runsMax: number, careful: boolean) {
    this.#play = play;
    this.#runsMax = runsMax;
    this.#careful = careful;
    this.best = example;
    this.failure = failure;
    this.#improves(began(example, failure));
  }

  shrink(): void {
    for (let size = Infinity; size !== sizeOf(this.best) && this.#budget();) {
      size = sizeOf(this.best);
      this.#inSequence();
      this.#shorten();
      this.#simplify();
      this.#fewerSwitches();
    }
    this.#improves(inOrderOfBeginning(this.best));
  }

  #budget(): boolean {
    return this.runs < this.#runsMax;
  }

  #replay(example: Example): { example: Example; failure: Failure | null } {
    this.runs++;
    return this.#play(example, this.#careful);
  }

  /** Takes a candidate that breaks the same invariant, cut to what it came to. */
  #improves(candidate: Example): boolean {
    if (!this.#budget()) return false;
    const { example, failure } = this.#replay(candidate);
    if (failure === null || failure.invariant !== this.failure.invariant) return false;
    this.best = example;
    this.failure = failure;
    return true;
  }

  /** Where no two commands need to overlap there is nothing to schedule. */
  #inSequence(): void {
    if (this.best.schedule === null) return;
    this.#improves({ program: inOrderOfBeginning(this.best).program, schedule: null });
  }

  #shorten(): void {
    let size = this.best.program.length >> 1;
    while (size >= 1 && this.#budget()) {
      let shortened = false;
      for (let at = this.best.program.length - size; at >= 0 && this.#budget(); at -= size)
        if (this.#improves(without(this.best, at, size))) shortened = true;
      // Single commands are tried again until none can go.
      if (size > 1 || !shortened) size >>= 1;
    }
  }

  #simplify(): void {
    for (let at = 0; at < this.best.program.length && this.#budget(); at++)
      for (const field of ['cpu', 'a', 'b'] as const)
        for (const value of simplerThan(this.best.program[at]![field]))
          if (this.#improves(changed(this.best, at, field, value))) break;
  }

  #fewerSwitches(): void {
    const { program, schedule } = this.best;
    if (!Array.isArray(schedule)) return;
    const shortest = shrinkReplay(
      asResult(this.best, this.failure),
      (candidate) => {
        const { example, failure } = this.#replay({ program, schedule: candidate });
        return asResult(example, failure);
      },
      {
        runsMax: Math.min(600, this.#runsMax - this.runs),
        isSame: ({ failure }) => failure?.invariant === this.failure.invariant,
      },
    );
    this.best = { program, schedule: shortest.schedule };
    this.failure = shortest.failure!;
  }
}

type Replayed = Parameters<typeof shrinkReplay>[0] & { readonly failure: Failure | null };

const asResult = (example: Example, failure: Failure | null): Replayed => ({
  outcome: failure === null ? { kind: 'ended' } : { kind: 'check failed', error: failure.error },
  schedule: example.schedule as Schedule,
  failure,
});

/** Small numbers, then smaller ones of the same kind: arguments are mostly taken modulo something small. */
function* simplerThan(value: number): Generator<number> {
  for (const small of [0, 1, 2, 3, value & 0xff, value & 0xffff]) if (small < value) yield small;
}

/** Commands, then switches, then the size of the arguments. */
const sizeOf = ({ program, schedule }: Example): number =>
  program.length * 2 ** 20 + (Array.isArray(schedule) ? schedule.length : 0);

/** The operations that had begun when a run failed: without schedule, the first ones. */
function began({ program, schedule }: Example, failure: Failure): Example {
  if (!Array.isArray(schedule)) return { program: program.slice(0, failure.commands), schedule };
  const used = new Set(schedule.filter((_, i) => i % 2 === 0).map(choiceTask));
  return kept({ program, schedule }, (op) => used.has(op));
}

const without = (example: Example, at: number, size: number): Example =>
  kept(example, (op) => op < at || op >= at + size);

function kept({ program, schedule }: Example, keep: (op: number) => boolean): Example {
  let next = 0;
  const numbers = program.map((_, op) => (keep(op) ? next++ : -1));
  return {
    program: program.filter((_, op) => keep(op)),
    schedule: Array.isArray(schedule) ? renumbered(schedule as Schedule, numbers) : schedule,
  };
}

/** An operation with one number changed. On another CPU it is also scheduled there. */
function changed(example: Example, at: number, field: 'cpu' | 'a' | 'b', value: number): Example {
  const { program, schedule } = example;
  const old = program[at]!;
  const next = { program: program.with(at, { ...old, [field]: value } satisfies Op), schedule };
  if (field !== 'cpu' || !Array.isArray(schedule)) return next;
  const moved = (schedule as Schedule).map((choice, i) =>
    i % 2 === 0 && choiceTask(choice) === at && choiceCpu(choice) === old.cpu ? choiceOf(at, value) : choice,
  );
  return { ...next, schedule: moved };
}

/** The program in the order in which its operations begin: it reads as it runs. */
function inOrderOfBeginning(example: Example): Example {
  const { program, schedule } = example;
  if (!Array.isArray(schedule)) return example;
  const order = [...new Set((schedule as Schedule).filter((_, i) => i % 2 === 0).map(choiceTask))];
  const numbers = program.map((_, op) => order.indexOf(op));
  return { program: order.map((op) => program[op]!), schedule: renumbered(schedule as Schedule, numbers) };
}
