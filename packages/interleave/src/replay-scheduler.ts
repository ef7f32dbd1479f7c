import type { Interleaver } from './interleaver.js';
import { type Schedule, checkSchedule } from './schedule.js';
import { type Choice, type Scheduler, choiceCpu, choiceOf, choiceTask } from './scheduler.js';

/**
 * Follows a recorded schedule. Where the recorded choice cannot be made any more (the code has changed), the rest
 * of its segment is left out and `leftAt` says at which step that happened first. After the end of
 * the recording, and where all of it is left out, the task that ran last goes on, else the lowest.
 *
 * @example
 * const replay = new ReplayScheduler(result.schedule);
 * runSchedule(scenario, replay);
 * replay.leftAt; // -1: exactly as recorded
 */
export class ReplayScheduler implements Scheduler {
  /** The first step (from 0) that was not made as recorded, or -1. */
  leftAt = -1;
  readonly #schedule: Schedule;
  #at = 0;
  #made = 0;

  /** @throws RangeError when `schedule` is not pairs of choice and count. */
  constructor(schedule: Schedule) {
    checkSchedule(schedule);
    this.#schedule = schedule;
  }

  choose(tasks: Interleaver): Choice {
    while (this.#at < this.#schedule.length) {
      const choice = this.#schedule[this.#at]!;
      if (this.#made >= this.#schedule[this.#at + 1]!) {
        this.#at += 2;
        this.#made = 0;
      } else if (tasks.canRun(choiceTask(choice), choiceCpu(choice))) {
        this.#made++;
        return choice;
      } else {
        if (this.leftAt < 0) this.leftAt = tasks.steps;
        this.#at += 2;
        this.#made = 0;
      }
    }
    const last = tasks.lastTask;
    if (last >= 0 && tasks.canRun(last, tasks.cpuOf(last))) return choiceOf(last, tasks.cpuOf(last));
    return tasks.enabled()[0] ?? -1;
  }
}
