import { type Access, AccessKind } from '@mm/steps';

import { Interleaver } from '../interleaver.js';
import { type Outcome, type Scenario, type ScenarioRun, asOutcome, startTasks } from '../run-schedule.js';
import type { Monitor } from '../monitors.js';
import { ScheduleError } from '../schedule-error.js';
import { choiceOf } from '../scheduler.js';
import { MOVED } from './dependency.js';
import { StepEffects } from './step-effects.js';

const NO_SCHEDULER = {
  choose: (): never => {
    throw new ScheduleError('wrong use', 'an execution is driven step by step');
  },
};

/** What an {@link Execution} needs beside the scenario. */
export interface ExecutionOptions {
  /** How often each task may be moved to the next CPU between two steps. */
  readonly moves: number;
  readonly stepsMax: number;
  readonly monitors: readonly Monitor[];
}

/**
 * One run of a scenario at a time, driven process by process. Process t < 16 is the next step of task t on its CPU;
 * process 16 + t is the same step made on the next CPU, to which the task moves.
 */
export class Execution {
  /** Of the last step. */
  access = 0 as Access;
  cpu = 0;
  effects = 0;
  readonly made = new StepEffects();
  /** How the run went wrong, if it did. */
  failure: Outcome | undefined;

  readonly #machine: Interleaver;
  readonly #scenario: Scenario;
  readonly #options: ExecutionOptions;
  /** Monitors that look before a step, after a lock's, and after every step. */
  readonly #before: readonly Monitor[];
  readonly #ofLocks: readonly Monitor[];
  readonly #ofSteps: readonly Monitor[];
  readonly #isWatched: boolean;
  #run!: ScenarioRun;
  #tasks = 0;
  readonly #moves = new Int32Array(MOVED);
  #steps = 0;

  constructor(scenario: Scenario, options: ExecutionOptions) {
    this.#scenario = scenario;
    this.#options = options;
    const { monitors } = options;
    this.#before = monitors.filter((monitor) => monitor.beforeStep !== undefined);
    this.#ofLocks = monitors.filter((monitor) => monitor.locksOnly === true);
    this.#ofSteps = monitors.filter((monitor) => monitor.locksOnly !== true);
    this.#isWatched = this.#before.length > 0 || this.#ofSteps.length > 0;
    this.#machine = new Interleaver({ cpus: scenario.cpus, scheduler: NO_SCHEDULER, keepNumbers: true });
  }

  /** Starts over from fresh state. */
  begin(): ScenarioRun {
    const machine = this.#machine;
    machine.reset();
    const run = this.#scenario.make();
    machine.cells = run.cells;
    this.#run = run;
    this.failure = undefined;
    this.#moves.fill(this.#scenario.cpus > 1 ? this.#options.moves : 0);
    this.#steps = 0;
    startTasks(machine, run);
    this.#count();
    try {
      for (const monitor of this.#options.monitors) monitor.begin(run, machine);
    } catch (error) {
      this.failure = asOutcome(error);
    }
    return run;
  }

  /** The processes that can make a step, as bits. */
  enabled(): number {
    const machine = this.#machine;
    let bits = 0;
    for (let task = 0; task < this.#tasks; task++) {
      if (machine.isWaiting(task)) continue;
      const cpu = machine.cpuOf(task);
      if (machine.canRun(task, cpu)) bits |= 1 << task;
      if (this.#moves[task]! > 0 && machine.canRun(task, this.#nextCpu(cpu))) bits |= 1 << (task + MOVED);
    }
    return bits;
  }

  /** The task that spawned a task, or -1. */
  parentOf(task: number): number {
    return this.#machine.parentOf(task);
  }

  /** The CPU that a task stays on unless that goes offline, or -1. */
  homeOf(task: number): number {
    const machine = this.#machine;
    const roams = this.#options.moves > 0 && !machine.isPinned(task);
    return roams ? -1 : machine.cpuOf(task);
  }

  /** Makes a step without looking at what it did, as when a prefix is made again. */
  repeat(process: number): void {
    const machine = this.#machine;
    const task = process & (MOVED - 1);
    let cpu = machine.cpuOf(task);
    if (process >= MOVED) {
      cpu = this.#nextCpu(cpu);
      this.#moves[task]!--;
    }
    this.#steps++;
    this.access = machine.pendingAccess(task);
    this.cpu = cpu;
    try {
      if (this.#before.length > 0)
        for (const monitor of this.#before) monitor.beforeStep!(task, this.access, cpu);
      machine.step(choiceOf(task, cpu));
      this.#watch(task, cpu);
    } catch (error) {
      this.failure = asOutcome(error);
    }
    if (machine.taskCount !== this.#tasks) this.#count();
  }

  /** Whether a step only touched its cell and nobody looks at it: {@link repeatPlain} makes it again. */
  isPlain(process: number, access: number, effects: number): boolean {
    if (effects !== 0 || process >= MOVED || this.#isWatched) return false;
    const kind = access & 15;
    return kind <= AccessKind.rmw || kind === AccessKind.compound;
  }

  /** As {@link repeat}, of a plain step of a task. Returns whether it was that access, and nothing was thrown. */
  repeatPlain(task: number, access: number): boolean {
    this.access = this.#machine.pendingAccess(task);
    if (this.access !== access) return false;
    this.#steps++;
    try {
      this.#machine.repeat(task);
    } catch (error) {
      this.failure = asOutcome(error);
      return false;
    }
    return true;
  }

  #watch(task: number, cpu: number): void {
    const { access } = this;
    const kind = access & 15;
    if (this.#ofLocks.length > 0 && kind >= AccessKind.lock && kind <= AccessKind.tryLock)
      for (const monitor of this.#ofLocks) monitor.onStep(task, access, cpu);
    if (this.#ofSteps.length > 0) for (const monitor of this.#ofSteps) monitor.onStep(task, access, cpu);
  }

  /** Makes a step and notes what it did in {@link effects} and {@link made}. */
  step(process: number): void {
    const machine = this.#machine;
    const task = process & (MOVED - 1);
    const cpu = process >= MOVED ? this.#nextCpu(machine.cpuOf(task)) : machine.cpuOf(task);
    this.made.before(machine, task, cpu);
    this.repeat(process);
    this.effects = this.made.after(machine, task, this.access, cpu);
    if (this.#steps >= this.#options.stepsMax && machine.liveCount > 0 && this.failure === undefined)
      this.failure = asOutcome(
        new ScheduleError('livelock', `${machine.liveCount} tasks have not ended in ${this.#steps} steps`),
      );
  }

  /** Ends a run in which nothing can go on: a deadlock, or the check of its end. */
  finish(): void {
    try {
      if (this.#machine.liveCount > 0) this.#machine.reportDeadlock();
    } catch (error) {
      this.failure = asOutcome(error);
      return;
    }
    try {
      this.#run.check?.();
    } catch (error) {
      this.failure = asOutcome(error, 'check failed');
    }
  }

  #nextCpu(cpu: number): number {
    return cpu + 1 < this.#scenario.cpus ? cpu + 1 : 0;
  }

  /** Tasks made so far: all have numbers below. */
  get tasks(): number {
    return this.#tasks;
  }

  #count(): void {
    this.#tasks = this.#machine.taskCount;
    if (this.#tasks > MOVED)
      throw new ScheduleError('wrong use', `expected at most ${MOVED} tasks to explore, got ${this.#tasks}`);
  }
}
