import type { PctGuarantee } from '../pct-scheduler.js';
import type { Monitor } from '../monitors.js';
import type { Outcome, Scenario } from '../run-schedule.js';
import type { Schedule } from '../schedule.js';
import { Dpor, type DporState } from './dpor.js';
import { Execution } from './execution.js';

/** A run that failed, as a search came upon it. */
export interface Failing {
  readonly outcome: Outcome;
  readonly schedule: Schedule;
}

/** One way of choosing the next run. */
export interface Search {
  executions: number;
  blocked: number;
  steps: number;
  deepest: number;
  /** Nothing is left to explore. */
  readonly exhausted: boolean;
  /** Makes one run, and tells if it failed. */
  next(): Failing | undefined;
  readonly dpor: DporState | null;
  readonly tasks: number;
  readonly leftAt: number;
  readonly guarantee: PctGuarantee | undefined;
  /** The schedule of the run that {@link next} made last; empty before the first. */
  lastSchedule(): Schedule;
}

/** Where counts stand when a search is taken up again. */
export interface SearchStart {
  readonly executions: number;
  readonly blocked: number;
  readonly steps: number;
  readonly deepest: number;
  readonly tasks: number;
  readonly dpor: DporState | null;
}

/** What bounds each run of a search. */
export interface SearchBounds {
  readonly preemptions: number;
  readonly moves: number;
  readonly stepsMax: number;
  readonly monitors: readonly Monitor[];
}

/** Partial-order reduction as a {@link Search}. */
export class DporSearch implements Search {
  readonly tasks = 0;
  readonly leftAt = -1;
  readonly guarantee = undefined;
  readonly #execution: Execution;
  readonly #dpor: Dpor;

  constructor(scenario: Scenario, bounds: SearchBounds, start: SearchStart | undefined) {
    this.#execution = new Execution(scenario, bounds);
    this.#dpor = new Dpor(this.#execution, bounds.preemptions);
    if (start?.dpor != null) this.#dpor.restore(start.dpor);
  }

  get executions(): number {
    return this.#dpor.counts.executions;
  }
  get blocked(): number {
    return this.#dpor.counts.blocked;
  }
  get steps(): number {
    return this.#dpor.counts.steps;
  }
  get deepest(): number {
    return this.#dpor.counts.deepest;
  }
  get exhausted(): boolean {
    return this.#dpor.complete;
  }
  get dpor(): DporState {
    return this.#dpor.save();
  }

  next(): Failing | undefined {
    this.#dpor.next();
    const outcome = this.#execution.failure;
    return outcome === undefined ? undefined : { outcome, schedule: this.#dpor.schedule() };
  }

  lastSchedule(): Schedule {
    return this.#dpor.schedule();
  }
}
