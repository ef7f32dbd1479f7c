import {
  type Choice,
  Interleaver,
  type RunResult,
  ReplayScheduler,
  type Schedule,
  type Scheduler,
  SeededScheduler,
} from '@mm/interleave';
import type { Access } from '@mm/steps';

import type { Op, Subsystem, WorldOptions } from '../subsystem.js';
import type { Counts } from './program.js';
import type { Failure } from './run-sequence.js';

/** Commands that run against each other before all are waited for and local invariants are looked at. */
export const ROUND_COMMANDS = 64;
/** Rounds between two looks at whole structures. */
const WHOLE_EVERY_ROUNDS = 16;
/** A command makes some hundreds of steps at most; a round that makes more than this does not end. */
const STEPS_PER_ROUND_MAX = 400_000;

/** How an interleaved run is scheduled, and what is kept of it. */
export interface InterleavedOptions {
  /** Seed of the scheduler, or the schedule of an earlier run. */
  readonly schedule: number | Schedule;
  /** Keep schedule and trace, to show and to shrink. Default false. */
  readonly record?: boolean;
}

/** An interleaved run. */
export interface InterleavedRun {
  readonly failure: Failure | null;
  /** Pairs of choice and count; empty unless recorded. */
  readonly schedule: Schedule;
  /** For `formatTrace`; undefined unless recorded. */
  readonly trace: RunResult | undefined;
  /** The first step at which a given schedule could not be followed, or -1. */
  readonly leftAt: number;
}

/**
 * Runs a program with every CPU's commands interleaved with the others' at each access to shared state. Commands of one CPU
 * keep their order. In rounds of 64 commands: between rounds nothing is under way, and invariants are looked at.
 * @example
 * const program = randomProgram(slubSubsystem, 1, 1000, 3);
 * const counts = newCounts(slubSubsystem);
 * runInterleaved(slubSubsystem, { cpus: 3 }, program, counts, { schedule: 1 }).failure; // null: all held
 */
export function runInterleaved<W>(
  subsystem: Subsystem<W>,
  options: WorldOptions,
  program: readonly Op[],
  counts: Counts,
  { schedule, record = false }: InterleavedOptions,
): InterleavedRun {
  const world = subsystem.setup(options);
  const cpus = options.cpus ?? 1;
  const scheduler: Scheduler =
    typeof schedule === 'number' ? new SeededScheduler(schedule) : new ReplayScheduler(schedule);
  const cells = subsystem.cellsOf(world);
  const tasks = new Interleaver({ cpus, scheduler, cells });
  const recorded: number[] = [];
  const trace: number[] = [];
  const names: string[] = [];
  if (record) tasks.hooks.onStep = (choice, access) => note(recorded, trace, choice, access);
  let done = 0;
  const run = (): void => {
    counts.runs++;
    for (let start = 0, round = 1; start < program.length; start += ROUND_COMMANDS, round++) {
      playRound(program.slice(start, start + ROUND_COMMANDS));
      subsystem.checkLocal(world);
      counts.checks += subsystem.checks.local;
      if (round % WHOLE_EVERY_ROUNDS === 0) whole();
    }
    whole();
  };
  const whole = (): void => {
    subsystem.checkWhole(world);
    counts.checks += subsystem.checks.whole;
  };
  const playRound = (ops: readonly Op[]): void => {
    const queues = Array.from({ length: cpus }, (_, cpu) => ops.filter((op) => op.cpu === cpu));
    const next = (cpu: number): void => {
      for (let op = queues[cpu]!.shift(); op !== undefined; op = queues[cpu]!.shift()) {
        done++;
        const command = subsystem.commands[op.command]!;
        const count = counts.byCommand[op.command]!;
        count.chosen++;
        if (!command.enabled(world)) continue;
        count.ran++;
        counts.commands++;
        const ctx = tasks.takeContext(cpu);
        const task = tasks.start(ctx, guarded(command.enabled, world, command.steps(world, ctx, op)), cpu);
        if (record) names[task] = `CPU ${cpu}: ${command.name}`;
        return;
      }
    };
    tasks.hooks.onEnd = (tag) => next(tag);
    for (let cpu = 0; cpu < cpus; cpu++) next(cpu);
    const before = tasks.steps;
    tasks.run(STEPS_PER_ROUND_MAX);
    counts.transitions += tasks.steps - before;
  };
  const failure = failureOf(run, () => done);
  const outcome = outcomeOf(failure);
  const shown = record
    ? { outcome, schedule: recorded, steps: trace.length / 2, trace, names, cells, changes: [] }
    : undefined;
  return {
    failure,
    schedule: recorded,
    trace: shown,
    leftAt: scheduler instanceof ReplayScheduler ? scheduler.leftAt : -1,
  };
}

function failureOf(run: () => void, done: () => number): Failure | null {
  try {
    run();
    return null;
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)), commands: done() };
  }
}

const outcomeOf = (failure: Failure | null): RunResult['outcome'] =>
  failure === null ? { kind: 'ended' } : { kind: 'check failed', error: failure.error };

/** Between its start and its first step another CPU may have taken what a command needs. */
function* guarded<W>(
  enabled: (world: W) => boolean,
  world: W,
  steps: Generator<Access, void, boolean>,
): Generator<Access, void, boolean> {
  if (enabled(world)) yield* steps;
}

function note(schedule: number[], trace: number[], choice: Choice, access: Access): void {
  const at = schedule.length - 2;
  if (at >= 0 && schedule[at] === choice) schedule[at + 1]!++;
  else schedule.push(choice, 1);
  trace.push(choice, access);
}
