import { type Access, AccessKind } from '@mm/steps';

import type { Interleaver } from './interleaver.js';
import type { ScenarioRun } from './run-schedule.js';
import { NO_TASK } from './task-table.js';

/** Looks at every step of a run, and throws what is wrong. */
export interface Monitor {
  /** It looks at steps of kind lock, unlock and trylock only: it may be left out of others. */
  readonly locksOnly?: boolean;
  /** A run begins, its tasks started. */
  begin(run: ScenarioRun, machine: Interleaver): void;
  /** `task` is about to make a step: `access`, on `cpu`. */
  beforeStep?(task: number, access: Access, cpu: number): void;
  /** `task` has made a step: `access`, on `cpu`. */
  onStep(task: number, access: Access, cpu: number): void;
  /** No more runs will come. */
  dispose?(): void;
}

/**
 * Something that must hold after every step does not.
 * @example
 * if (result.failure?.outcome.kind === 'always failed') throw result.failure.outcome.error as InvariantError;
 */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/**
 * Holds the scenario's `always` against the state after every step.
 * @example
 * runSchedule(scenario, scheduler, { monitors: [new AlwaysMonitor()] });
 */
export class AlwaysMonitor implements Monitor {
  #always: (() => void) | undefined;

  begin(run: ScenarioRun): void {
    this.#always = run.always;
    this.onStep();
  }

  onStep(): void {
    try {
      this.#always?.();
    } catch (error) {
      throw new InvariantError(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }
}

/**
 * Notes which of the scenario's `sometimes` have been reached in any run.
 * @example
 * const sometimes = new SometimesMonitor();
 * runSchedule(scenario, scheduler, { monitors: [sometimes] });
 * console.log(sometimes.missing);
 */
export class SometimesMonitor implements Monitor {
  /** By name: in how many runs it was reached. */
  readonly reached = new Map<string, number>();
  #open: Array<[string, () => boolean]> = [];

  begin(run: ScenarioRun): void {
    this.#open = Object.entries(run.sometimes ?? {});
    for (const [name] of this.#open) if (!this.reached.has(name)) this.reached.set(name, 0);
    this.onStep();
  }

  onStep(): void {
    for (let i = 0; i < this.#open.length; i++) {
      const [name, holds] = this.#open[i]!;
      if (!holds()) continue;
      this.reached.set(name, this.reached.get(name)! + 1);
      this.#open.splice(i--, 1);
    }
  }

  /** What no run has reached. */
  get missing(): string[] {
    return [...this.reached].filter(([, runs]) => runs === 0).map(([name]) => name);
  }
}

/** Records what each step gave, and what it changed in the scenario's `state` and `sometimes`. */
export class StepRecorder implements Monitor {
  readonly changes: string[][] = [];
  /** By step: whether a trylock took its lock, and what a task ended with. */
  readonly results: Array<string | undefined> = [];
  #run: ScenarioRun | undefined;
  #machine: Interleaver | undefined;
  #last: Readonly<Record<string, unknown>> = {};
  #ended: unknown;

  begin(run: ScenarioRun, machine: Interleaver): void {
    this.#run = run;
    this.#machine = machine;
    this.#last = this.#read();
    machine.hooks.onEnd = (_tag, value) => {
      this.#ended = value;
    };
  }

  onStep(task: number, access: Access): void {
    const now = this.#read();
    const changed: string[] = [];
    for (const name of new Set([...Object.keys(this.#last), ...Object.keys(now)]))
      if (this.#last[name] !== now[name])
        changed.push(`${name}: ${String(this.#last[name])} -> ${String(now[name])}`);
    this.changes.push(changed);
    this.#last = now;
    this.results.push(this.#result(task, access));
  }

  #read(): Readonly<Record<string, unknown>> {
    const reached = Object.entries(this.#run?.sometimes ?? {}).map(([name, holds]) => [name, holds()]);
    return { ...this.#run?.state?.(), ...(Object.fromEntries(reached) as Record<string, boolean>) };
  }

  #result(task: number, access: Access): string | undefined {
    const machine = this.#machine!;
    const words: string[] = [];
    if ((access & 15) === AccessKind.tryLock)
      words.push(machine.holderOf(access >>> 4) === task ? 'taken' : 'busy');
    if (machine.pendingAccess(task) === NO_TASK) {
      words.push(this.#ended === undefined ? 'ends' : `ends with ${inWords(this.#ended)}`);
      this.#ended = undefined;
    }
    return words.length === 0 ? undefined : words.join(', ');
  }
}

const inWords = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
