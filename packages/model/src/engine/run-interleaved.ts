import {
  type Choice,
  Interleaver,
  type Schedule,
  SeededScheduler,
  choiceCpu,
  choiceOf,
  choiceTask,
} from '@mm/interleave';
import { checkObject } from '@mm/printk';
import type { Access, Steps } from '@mm/steps';

import { type Answer, type Op, type Subsystem, type WorldOptions } from '../subsystem.js';
import { checkCounts, checkRun, checkScheduled } from './check-arguments.js';
import { CommandScheduler } from './command-schedule.js';
import { type Counts, countAnswer, countBegun } from './counts.js';
import { type Failure, failureOf } from './failure.js';
import type { RunExtras } from './run-watch.js';

/** Commands that run against each other before all are waited for and whole structures may be looked at. */
export const ROUND_COMMANDS = 64;
/** Rounds between two looks at whole structures. */
const WHOLE_EVERY_ROUNDS = 16;
/** A command makes some hundreds of steps at most; a round that makes more than this does not end. */
const STEPS_PER_ROUND_MAX = 400_000;

/** How an interleaved run is scheduled, and what is kept of it. */
export interface InterleavedOptions<W> extends RunExtras<W> {
  /** Seed of the scheduler, or the schedule of an earlier run: see {@link InterleavedRun.schedule}. */
  readonly schedule: number | Schedule;
  /** Keep the schedule. Default false. */
  readonly record?: boolean | undefined;
}

/** An interleaved run. */
export interface InterleavedRun {
  readonly failure: Failure | null;
  /** Pairs of choice and count, an operation's index standing where a task's number would; empty unless recorded. */
  readonly schedule: Schedule;
  /** The first step at which a given schedule could not be followed, or -1. */
  readonly leftAt: number;
}

/**
 * Runs a program with every CPU's commands interleaved with the others' at each access to shared state. Commands of one CPU
 * keep their order. The model and local invariants are looked at after each command; whole structures between rounds of 64
 * commands, at intervals and at the end, and, if `careful`, whenever no command is under way.
 *
 * @example
 * const program = randomProgram(buddySubsystem, 2, 1000, 2);
 * runInterleaved(buddySubsystem, { cpus: 2 }, program, newCounts(buddySubsystem), { schedule: 2 }).failure; // null
 */
export function runInterleaved<W>(
  subsystem: Subsystem<W>,
  options: WorldOptions,
  program: readonly Op[],
  counts: Counts,
  extras: InterleavedOptions<W>,
): InterleavedRun {
  checkRun(subsystem, options, program);
  checkCounts('counts', counts, subsystem.commands.length);
  checkObject('extras', extras, 'an object with schedule');
  checkScheduled(extras.schedule);
  counts.runs++;
  let play: Play<W> | undefined;
  let failure: Failure | null = null;
  try {
    play = new Play(subsystem, options, program, counts, extras);
    play.run();
  } catch (error) {
    failure = failureOf(error, play?.begun ?? 0);
  }
  return { failure, schedule: play?.recorded ?? [], leftAt: play?.leftAt ?? -1 };
}

class Play<W> {
  /** Operations that have been started. */
  begun = 0;
  readonly recorded: number[] = [];

  readonly #subsystem: Subsystem<W>;
  readonly #program: readonly Op[];
  readonly #counts: Counts;
  readonly #extras: InterleavedOptions<W>;
  readonly #world: W;
  readonly #scheduler: SeededScheduler | CommandScheduler;
  readonly #tasks: Interleaver;
  /** By CPU: where in the program to look for its next operation. */
  readonly #next: Int32Array;
  #roundEnd = 0;
  /** Commands in their middle. */
  #underWay = 0;
  /** The step that is being made, where it is watched. */
  #shown: readonly [Choice, Access] | undefined;

  constructor(
    subsystem: Subsystem<W>,
    options: WorldOptions,
    program: readonly Op[],
    counts: Counts,
    extras: InterleavedOptions<W>,
  ) {
    const { cpus = 1 } = options;
    const { schedule, watch } = extras;
    this.#subsystem = subsystem;
    this.#program = program;
    this.#counts = counts;
    this.#extras = extras;
    this.#world = extras.worlds?.take(options) ?? subsystem.setup(options);
    this.#scheduler =
      typeof schedule === 'number' ? new SeededScheduler(schedule) : new CommandScheduler(schedule, program);
    const cells = subsystem.cellsOf(this.#world);
    this.#tasks = new Interleaver({ cpus, scheduler: this.#scheduler, cells });
    this.#next = new Int32Array(cpus);
    this.#tasks.hooks.nameOf = (_task, op) => this.#nameOf(op);
    this.#tasks.hooks.onEnd = (op) => this.#start(program[op]!.cpu);
    if (extras.record === true || watch !== undefined || extras.onTurn !== undefined)
      this.#tasks.hooks.onStep = (choice, access) => this.#note(choice, access);
    if (watch !== undefined) this.#tasks.hooks.afterStep = () => this.#show();
    watch?.begin(this.#world, cells);
  }

  get leftAt(): number {
    return this.#scheduler instanceof CommandScheduler ? this.#scheduler.leftAt : -1;
  }

  run(): void {
    for (let start = 0, round = 1; start < this.#program.length; start += ROUND_COMMANDS, round++) {
      this.#roundEnd = Math.min(this.#program.length, start + ROUND_COMMANDS);
      this.#next.fill(start);
      for (let cpu = 0; cpu < this.#next.length; cpu++) this.#start(cpu);
      const before = this.#tasks.steps;
      try {
        this.#tasks.run(STEPS_PER_ROUND_MAX);
      } finally {
        // A step that throws is no less to be seen.
        if (this.#shown !== undefined) this.#show();
        this.#counts.transitions += this.#tasks.steps - before;
      }
      if (round % WHOLE_EVERY_ROUNDS === 0) this.#checkWhole();
    }
    this.#checkWhole();
    this.#extras.worlds?.giveBack(this.#world);
  }

  #nameOf(op: number): string {
    return `${op} ${this.#subsystem.commands[this.#program[op]!.command]!.name}`;
  }

  #checkWhole(): void {
    this.#subsystem.checkWhole(this.#world);
    this.#counts.checks += this.#subsystem.invariants.whole.length;
  }

  /** Starts the next operation of a CPU, if its round has one. */
  #start(cpu: number): void {
    const program = this.#program;
    let at = this.#next[cpu]!;
    while (at < this.#roundEnd && program[at]!.cpu !== cpu) at++;
    this.#next[cpu] = at + 1;
    if (at >= this.#roundEnd) return;
    this.begun++;
    const ctx = this.#tasks.takeContext(cpu);
    const { pinned = false } = this.#subsystem.commands[program[at]!.command]!;
    this.#tasks.start(ctx, this.#steps(at, ctx), at, pinned);
  }

  /** An operation: whether it is enabled is seen at its first step, for until then other CPUs may change that. */
  *#steps(index: number, ctx: ReturnType<Interleaver['takeContext']>): Steps<void> {
    const op = this.#program[index]!;
    const command = this.#subsystem.commands[op.command]!;
    const count = this.#counts.byCommand[op.command]!;
    count.chosen++;
    if (!command.enabled(this.#world)) {
      this.#extras.watch?.ended(index, undefined, false);
      return;
    }
    countBegun(count);
    this.#counts.commands++;
    this.#underWay++;
    const answer = yield* command.steps(this.#world, ctx, op);
    this.#underWay--;
    this.#ended(index, answer);
    countAnswer(count, answer);
  }

  #ended(index: number, answer: Answer): void {
    this.#extras.watch?.ended(index, answer, true);
    this.#subsystem.checkLocal(this.#world, this.#underWay);
    this.#counts.checks += this.#subsystem.invariants.local.length;
    if (this.#extras.careful === true && this.#underWay === 0) this.#checkWhole();
  }

  #note(choice: Choice, access: Access): void {
    const op = this.#tasks.tagOf(choiceTask(choice));
    const mine = choiceOf(op, choiceCpu(choice));
    const { recorded } = this;
    if (recorded.at(-2) === mine) recorded[recorded.length - 1]!++;
    else {
      recorded.push(mine, 1);
      this.#extras.onTurn?.(op);
    }
    this.#shown = this.#extras.watch === undefined ? undefined : [mine, access];
  }

  #show(): void {
    const [choice, access] = this.#shown!;
    this.#shown = undefined;
    this.#extras.watch!.step(choice, access);
  }
}
