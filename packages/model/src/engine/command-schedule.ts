import {
  type Choice,
  type Interleaver,
  type Schedule,
  type Scheduler,
  choiceCpu,
  choiceOf,
  choiceTask,
} from '@mm/interleave';

import type { Op } from '../subsystem.js';

/**
 * Follows a schedule of a program: a {@link Schedule} in which the index of an operation stands where the number of a task
 * would, so that it outlives the removal of other operations. Every operation is started with its index as tag.
 *
 * Where the recorded step cannot be made, operations that stand in its way on its CPU are brought to their end; where that
 * does not help, the rest of its segment is left out. After the end of the recording the last task goes on, else the first operation.
 */
export class CommandScheduler implements Scheduler {
  /** The first step (from 0) that was not made as recorded, or -1. */
  leftAt = -1;
  readonly #schedule: Schedule;
  readonly #program: readonly Op[];
  #at = 0;
  #made = 0;

  constructor(schedule: Schedule, program: readonly Op[]) {
    this.#schedule = schedule;
    this.#program = program;
  }

  choose(tasks: Interleaver): Choice {
    while (this.#at < this.#schedule.length) {
      const wanted = this.#schedule[this.#at]!;
      if (this.#made >= this.#schedule[this.#at + 1]!) {
        this.#next();
        continue;
      }
      const task = this.#taskOf(tasks, choiceTask(wanted), choiceCpu(wanted));
      if (task >= 0) {
        this.#made++;
        return choiceOf(task, choiceCpu(wanted));
      }
      if (this.leftAt < 0) this.leftAt = tasks.steps;
      const before = this.#predecessor(tasks, choiceTask(wanted));
      if (before >= 0) return before;
      this.#next();
    }
    const last = tasks.lastTask;
    if (last >= 0 && tasks.canRun(last, tasks.cpuOf(last))) return choiceOf(last, tasks.cpuOf(last));
    return this.#firstOperation(tasks);
  }

  #next(): void {
    this.#at += 2;
    this.#made = 0;
  }

  /** The task of an operation that can make a step on `cpu`: itself, or the one that it spawned there. */
  #taskOf(tasks: Interleaver, op: number, cpu: number): number {
    for (let i = 0; i < tasks.liveCount; i++) {
      const task = tasks.liveTask(i);
      if (tasks.tagOf(task) === op && tasks.canRun(task, cpu)) return task;
    }
    return -1;
  }

  /** A step of an earlier operation of the same CPU, which has to end before this one can begin. */
  #predecessor(tasks: Interleaver, op: number): Choice {
    for (let i = 0; i < tasks.liveCount; i++) {
      const task = tasks.liveTask(i);
      const tag = tasks.tagOf(task);
      if (tag >= op || this.#program[tag]!.cpu !== this.#program[op]?.cpu) continue;
      if (tasks.canRun(task, tasks.cpuOf(task))) return choiceOf(task, tasks.cpuOf(task));
    }
    return -1;
  }

  #firstOperation(tasks: Interleaver): Choice {
    let best = -1;
    for (const choice of tasks.enabled())
      if (best < 0 || tasks.tagOf(choiceTask(choice)) < tasks.tagOf(choiceTask(best))) best = choice;
    return best;
  }
}

/** The schedule without some operations, the others numbered anew. `numbers[old]` is the new index, or -1. */
export function renumbered(schedule: Schedule, numbers: readonly number[]): number[] {
  const result: number[] = [];
  for (let i = 0; i < schedule.length; i += 2) {
    const op = numbers[choiceTask(schedule[i]!)] ?? -1;
    if (op < 0) continue;
    const choice = choiceOf(op, choiceCpu(schedule[i]!));
    if (result.at(-2) === choice) result[result.length - 1]! += schedule[i + 1]!;
    else result.push(choice, schedule[i + 1]!);
  }
  return result;
}
