import type { CellSpace, SpawnedTask, Steps } from '@mm/steps';

import { Interleaver } from './interleaver.js';
import { ScheduleError, type ScheduleFault } from './schedule-error.js';
import { type Schedule, addStep } from './schedule.js';
import type { Scheduler } from './scheduler.js';

/** A task of a scenario: stepped code and the context that it was made with. */
export interface ScenarioTask extends Omit<SpawnedTask, 'steps'> {
  readonly steps: Steps<unknown>;
  /** For messages and traces; by default `task 0`, `task 1`, ... */
  readonly name?: string;
  /** The task never changes its CPU. */
  readonly pinned?: boolean;
}

/** One run's tasks, with what must hold when all have ended. */
export interface ScenarioRun {
  readonly tasks: readonly ScenarioTask[];
  /** Names for the cells. */
  readonly cells?: CellSpace;
  /** Throws what is wrong with the state after the run. */
  readonly check?: () => void;
}

/** Something to run again and again: `make` builds fresh state and fresh tasks, the same each time. */
export interface Scenario {
  readonly cpus: number;
  readonly make: () => ScenarioRun;
}

/** How a run ended. */
export type Outcome =
  | { readonly kind: 'ended' }
  | { readonly kind: ScheduleFault | 'threw' | 'check failed'; readonly error: Error };

/** Everything needed to make and to show the same run again. */
export interface RunResult {
  readonly outcome: Outcome;
  readonly schedule: Schedule;
  readonly steps: number;
  /** Pairs of choice and access, in order. */
  readonly trace: readonly number[];
  readonly names: readonly string[];
  readonly cells: CellSpace | undefined;
}

/** How a run is bounded, and what it is held against. */
export interface RunOptions {
  /** The livelock bound. Default 100,000. */
  readonly stepsMax?: number;
  /** The trace of an earlier run of the same schedule: an access that differs ends the run as 'nondeterminism'. */
  readonly expectTrace?: readonly number[];
}

/**
 * Runs a scenario once, from fresh state, as the scheduler decides, and records what was done.
 *
 * @example
 * const result = runSchedule(scenario, new SeededScheduler(7));
 * if (result.outcome.kind !== 'ended') console.log(formatTrace(result));
 */
export function runSchedule(scenario: Scenario, scheduler: Scheduler, options: RunOptions = {}): RunResult {
  const { tasks, cells, check } = scenario.make();
  const machine = new Interleaver({ cpus: scenario.cpus, scheduler, cells });
  const schedule: number[] = [];
  const trace: number[] = [];
  const names = tasks.map((task, i) => task.name ?? `task ${i}`);
  machine.hooks.nameOf = (task) => names[task] ?? `task ${task}`;
  const expected = options.expectTrace;
  machine.hooks.onStep = (choice, access) => {
    const at = trace.length;
    addStep(schedule, choice);
    trace.push(choice, access);
    if (expected === undefined || at >= expected.length) return;
    if (expected[at] === choice && expected[at + 1] === access) return;
    throw new ScheduleError(
      'nondeterminism',
      `step ${at / 2} was access ${expected[at + 1]} by choice ${expected[at]}, is access ${access} by choice ${choice}`,
    );
  };
  const outcome = outcomeOf(() => {
    for (const task of tasks) machine.start(task.ctx, task.steps, 0, task.pinned ?? false);
    machine.run(options.stepsMax ?? 100_000);
  }, check);
  return { outcome, schedule, steps: trace.length / 2, trace, names, cells };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

function outcomeOf(run: () => void, check: (() => void) | undefined): Outcome {
  try {
    run();
  } catch (error) {
    if (error instanceof ScheduleError) return { kind: error.fault, error };
    return { kind: 'threw', error: asError(error) };
  }
  try {
    check?.();
  } catch (error) {
    return { kind: 'check failed', error: asError(error) };
  }
  return { kind: 'ended' };
}
