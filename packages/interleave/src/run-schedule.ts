import type { Access, Cell, CellSpace, SpawnedTask, Steps } from '@mm/steps';

import { checkRun, checkScenario } from './check-scenario.js';
import { expectOptions, expected } from './expected.js';
import { Interleaver } from './interleaver.js';
import { InvariantError, type Monitor, StepRecorder } from './monitors.js';
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
  /** An interrupt handler: it begins whenever its CPU has interrupts on, and runs before the task there goes on. */
  readonly interrupt?: boolean;
}

/** What tasks share, for a check that each access to it is announced. */
export interface Footprint {
  /** By name: objects from which shared arrays, typed arrays, maps, sets and fields are reached. */
  readonly roots: Readonly<Record<string, object>>;
  /**
   * What need not be announced, since the order of its accesses shows in nothing: counters that are only added to.
   * `path` is that of the array or object, such as `cache.cpu`; `key` the index or field.
   */
  readonly exempt?: (path: string, key: string | number) => boolean;
}

/** One run's tasks, with what must hold when all have ended. */
export interface ScenarioRun {
  readonly tasks: readonly ScenarioTask[];
  /** Names for the cells. */
  readonly cells?: CellSpace;
  /** Throws what is wrong with the state after the run. */
  readonly check?: () => void;
  /** Throws what is wrong with the state after any step. */
  readonly always?: () => void;
  /**
   * The cells that `always` looks at together. A search that leaves out equivalent runs keeps all orders
   * of their changes; without this, every state it happens to visit is looked at, but not every one there is.
   */
  readonly alwaysCells?: readonly Cell[];
  /** What a campaign must see at least once in some run, by name; else its result is vacuous. */
  readonly sometimes?: Readonly<Record<string, () => boolean>>;
  /** Cells that no two tasks may touch, one of them writing, unless something orders them. */
  readonly unsynchronised?: readonly Cell[];
  /** What the footprint check of `explore` watches: the objects that tasks share. */
  readonly footprint?: Footprint;
  /** The state as flat values, for traces that show what each step changed. */
  readonly state?: () => Readonly<Record<string, string | number | boolean>>;
}

/** Something to run again and again: `make` builds fresh state and fresh tasks, the same each time. */
export interface Scenario {
  readonly cpus: number;
  readonly make: () => ScenarioRun;
}

/** How a run ended. */
export type Outcome =
  | { readonly kind: 'ended' }
  | { readonly kind: ScheduleFault | 'threw' | 'check failed' | 'always failed'; readonly error: Error };

/** Everything needed to make and to show the same run again. */
export interface RunResult {
  readonly outcome: Outcome;
  readonly schedule: Schedule;
  readonly steps: number;
  /** Pairs of choice and access, in order. */
  readonly trace: readonly number[];
  readonly names: readonly string[];
  readonly cells: CellSpace | undefined;
  /** By step: what it changed in the state, as `name: before -> after`. Empty without `recordState`. */
  readonly changes: readonly (readonly string[])[];
  /** By step: what it gave, where it gave something: `taken` or `busy` of a trylock, `ends with 7`. */
  readonly results?: readonly (string | undefined)[];
  /** By step: words to show in place of its access, where it has any. */
  readonly labels?: readonly (string | undefined)[];
}

/** How a run is bounded, and what it is held against. */
export interface RunOptions {
  /** The livelock bound. Default 100,000. */
  readonly stepsMax?: number;
  /** The trace of an earlier run of the same schedule: an access that differs ends the run as 'nondeterminism'. */
  readonly expectTrace?: readonly number[];
  /** Looks at every step. */
  readonly monitors?: readonly Monitor[];
  /** Notes what each step changes in the scenario's `state`. */
  readonly recordState?: boolean;
}

/**
 * Runs a scenario once, from fresh state, as the scheduler decides, and records what was done.
 *
 * @throws RangeError for what is no scenario, scheduler or option.
 * @example
 * const result = runSchedule(scenario, new SeededScheduler(7));
 * if (result.outcome.kind !== 'ended') console.log(formatTrace(result));
 */
export function runSchedule(scenario: Scenario, scheduler: Scheduler, options: RunOptions = {}): RunResult {
  checkScenario(scenario);
  const { cpus } = scenario;
  checkRunOptions(options);
  const machine = new Interleaver({ cpus, scheduler, keepNumbers: true });
  return runOn(machine, { cpus, make: () => checkRun(scenario.make()) }, options);
}

/** @throws RangeError that names the field. */
function checkRunOptions(options: RunOptions): void {
  expectOptions(options, RUN_OPTIONS);
  if (options.stepsMax === 0) throw expected('stepsMax', 'an integer from 1', 0);
  for (const [i, monitor] of (options.monitors ?? []).entries())
    if (typeof monitor?.begin !== 'function' || typeof monitor.onStep !== 'function')
      throw expected(`monitors[${i}]`, 'a Monitor', monitor);
}

const RUN_OPTIONS = {
  stepsMax: 'count',
  expectTrace: 'array',
  monitors: 'array',
  recordState: 'boolean',
} as const;

/** {@link runSchedule} on an interleaver that is used again: half the cost of a short run is making one. */
export function runOn(machine: Interleaver, scenario: Scenario, options: RunOptions): RunResult {
  machine.reset();
  const run = scenario.make();
  const { tasks, cells } = run;
  machine.cells = cells;
  const schedule: number[] = [];
  const trace: number[] = [];
  const names = tasks.map((task, i) => task.name ?? `task ${i}`);
  machine.hooks.nameOf = (task) => names[task] ?? `task ${task}`;
  const recorder = options.recordState === true ? new StepRecorder() : undefined;
  const monitors: Monitor[] = [...(options.monitors ?? []), ...(recorder === undefined ? [] : [recorder])];
  const earlier = options.expectTrace;
  machine.hooks.onStep = (choice, access) => {
    const at = trace.length;
    for (const monitor of monitors) monitor.beforeStep?.(choice >>> 6, access, choice & 63);
    addStep(schedule, choice);
    trace.push(choice, access);
    if (earlier === undefined || at >= earlier.length) return;
    if (earlier[at] === choice && earlier[at + 1] === access) return;
    throw new ScheduleError(
      'nondeterminism',
      `step ${at / 2} was access ${earlier[at + 1]} by choice ${earlier[at]}, is access ${access} by choice ${choice}`,
    );
  };
  let outcome: Outcome = { kind: 'ended' };
  try {
    startTasks(machine, run);
    if (monitors.length > 0) watchWith(monitors, run, machine);
    machine.run(options.stepsMax ?? STEPS_MAX);
  } catch (error) {
    outcome = asOutcome(error);
    // What a step did before it failed is seen, too.
    if (recorder !== undefined && recorder.changes.length < trace.length / 2)
      recorder.onStep((trace.at(-2) ?? 0) >>> 6, trace.at(-1) as Access);
  }
  if (outcome.kind === 'ended') {
    try {
      run.check?.();
    } catch (error) {
      outcome = asOutcome(error, 'check failed');
    }
  }
  return {
    outcome,
    schedule,
    steps: trace.length / 2,
    trace,
    names,
    cells,
    changes: recorder?.changes ?? [],
    ...(recorder === undefined ? {} : { results: recorder.results }),
  };
}

/** The livelock bound where none is given. */
export const STEPS_MAX = 100_000;

/** Starts the tasks of a run, in their order. */
export function startTasks(machine: Interleaver, run: ScenarioRun): void {
  for (const task of run.tasks)
    if (task.interrupt === true) machine.startInterrupt(task.ctx, task.steps);
    else machine.start(task.ctx, task.steps, 0, task.pinned ?? false);
}

function watchWith(monitors: readonly Monitor[], run: ScenarioRun, machine: Interleaver): void {
  for (const monitor of monitors) monitor.begin(run, machine);
  machine.hooks.afterStep = (choice, access) => {
    for (const monitor of monitors) monitor.onStep(choice >>> 6, access, choice & 63);
  };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** What was thrown, as the end of a run. */
export function asOutcome(error: unknown, kind: 'threw' | 'check failed' = 'threw'): Outcome {
  if (error instanceof ScheduleError) return { kind: error.fault, error };
  if (error instanceof InvariantError) return { kind: 'always failed', error };
  return { kind, error: asError(error) };
}
