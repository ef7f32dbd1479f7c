import { type Access, AccessKind } from '@mm/steps';

import { Interleaver } from '../interleaver.js';
import { type Outcome, type Scenario, type ScenarioRun, asOutcome, startTasks } from '../run-schedule.js';
import type { Monitor } from '../monitors.js';
import { ScheduleError } from '../schedule-error.js';
import { choiceOf } from '../scheduler.js';
import { Effect, MOVE, MOVERS, takesLock } from './dependency.js';

const NO_SCHEDULER = {
  choose: (): never => {
    throw new ScheduleError('wrong use', 'an execution is driven step by step');
  },
};

/** What an {@link Execution} needs beside the scenario. */
export interface ExecutionOptions {
  /** How often tasks may be moved to another CPU between two steps. */
  readonly moves: number;
  readonly stepsMax: number;
  readonly monitors: readonly Monitor[];
}

/**
 * One run of a scenario at a time, driven process by process. Process t < 16 is task t; process 16 + t
 * moves task t to the next CPU.
 */
export class Execution {
  /** Of the last step. */
  access = 0 as Access;
  cpu = 0;
  effects = 0;
  /** How the run went wrong, if it did. */
  failure: Outcome | undefined;
  /** Processes that there are in this run: all have numbers below. */
  processes = 0;

  readonly #machine: Interleaver;
  readonly #scenario: Scenario;
  readonly #options: ExecutionOptions;
  #run!: ScenarioRun;
  #tasks = 0;
  #moves = 0;
  #steps = 0;

  constructor(scenario: Scenario, options: ExecutionOptions) {
    this.#scenario = scenario;
    this.#options = options;
    this.#machine = new Interleaver({ cpus: scenario.cpus, scheduler: NO_SCHEDULER, keepNumbers: true });
  }

  /** Starts over from fresh state. */
  begin(): ScenarioRun {
    const machine = this.#machine;
    machine.reset();
    const run = this.#scenario.make();
    this.#run = run;
    this.failure = undefined;
    this.#moves = 0;
    this.#steps = 0;
    startTasks(machine, run);
    this.#tasks = run.tasks.length;
    try {
      for (const monitor of this.#options.monitors) monitor.begin(run, machine);
    } catch (error) {
      this.failure = asOutcome(error);
    }
    this.#count();
    return run;
  }

  /** The processes that can make a step, as bits. */
  enabled(): number {
    const machine = this.#machine;
    const canMove = this.#moves < this.#options.moves;
    let bits = 0;
    for (let task = 0; task < this.#tasks; task++) {
      if (machine.pendingAccess(task) === 15) continue;
      if (machine.canRun(task, machine.cpuOf(task))) bits |= 1 << task;
      if (canMove && machine.canMove(task)) bits |= 1 << (MOVERS + task);
    }
    return bits;
  }

  /** Whether tasks are left. */
  get isLive(): boolean {
    return this.#machine.liveCount > 0;
  }

  /** What a process does next, as far as it is known before. */
  pending(process: number): Access {
    return process >= MOVERS ? MOVE : this.#machine.pendingAccess(process);
  }

  /** The CPU that a process's next step is made on. */
  cpuOf(process: number): number {
    return this.#machine.cpuOf(process & (MOVERS - 1));
  }

  /** Makes a step without looking at what it did, as when a prefix is made again. */
  repeat(process: number): void {
    const machine = this.#machine;
    this.#steps++;
    this.access = this.pending(process);
    if (process >= MOVERS) {
      machine.moveTask(process - MOVERS);
      this.#moves++;
      return;
    }
    try {
      machine.step(choiceOf(process, machine.cpuOf(process)));
      const { monitors } = this.#options;
      if (monitors.length > 0) {
        const cpu = machine.cpuOf(process);
        for (const monitor of monitors) monitor.onStep(process, this.access, cpu);
      }
    } catch (error) {
      this.failure = asOutcome(error);
    }
    if (machine.taskCount !== this.#tasks) this.#count();
  }

  /** Makes a step and notes what it did in {@link access}, {@link cpu} and {@link effects}. */
  step(process: number): void {
    const machine = this.#machine;
    const cpu = this.cpuOf(process);
    this.cpu = cpu;
    this.effects = 0;
    if (process >= MOVERS) {
      this.repeat(process);
      return;
    }
    const tasks = this.#tasks;
    const keeperBefore = machine.keepStateOf(cpu);
    const rcuBefore = machine.readDepthOf(process);
    this.repeat(process);
    const next = machine.pendingAccess(process);
    let effects = 0;
    if (machine.keepStateOf(cpu) !== keeperBefore) effects |= Effect.keeper;
    if (machine.readDepthOf(process) !== rcuBefore) effects |= Effect.readSection;
    if ((next & 15) === AccessKind.gracePeriod || (this.access & 15) === AccessKind.gracePeriod)
      effects |= Effect.wait;
    if (this.#tasks !== tasks || (this.access & 15) === AccessKind.spawn) effects |= Effect.spawn;
    if (next === 15) effects |= Effect.end;
    if (takesLock(this.access) && machine.holderOf(this.access >>> 4) === process) effects |= Effect.took;
    this.effects = effects;
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

  #count(): void {
    this.#tasks = this.#machine.taskCount;
    if (this.#tasks > MOVERS)
      throw new ScheduleError('wrong use', `expected at most ${MOVERS} tasks to explore, got ${this.#tasks}`);
    this.processes = this.#options.moves > 0 ? MOVERS + this.#tasks : this.#tasks;
  }
}
