import { expectArray, inWords } from './expected.js';
import type { Choice } from './scheduler.js';

/**
 * Who made how many steps in a row: pairs of a {@link Choice} and a count, as plain integers, so that it can
 * be kept in a file.
 *
 * steps of the run = sum of all counts
 */
export type Schedule = readonly number[];

/** Adds one step to a schedule that is being recorded. */
export function addStep(schedule: number[], choice: Choice): void {
  const at = schedule.length - 2;
  if (at >= 0 && schedule[at] === choice) schedule[at + 1]!++;
  else schedule.push(choice, 1);
}

/**
 * Steps in a schedule.
 * @throws RangeError when it is none.
 * @example
 * scheduleSteps([0, 3, 64, 2]); // 5
 */
export function scheduleSteps(schedule: Schedule): number {
  checkSchedule(schedule);
  let steps = 0;
  for (let i = 1; i < schedule.length; i += 2) steps += schedule[i]!;
  return steps;
}

/**
 * Changes from one task or CPU to another in a schedule.
 * @throws RangeError when it is none.
 * @example
 * scheduleSwitches([0, 3, 64, 2]); // 1
 */
export function scheduleSwitches(schedule: Schedule): number {
  checkSchedule(schedule);
  return Math.max(0, schedule.length / 2 - 1);
}

/**
 * Checks numbers that came from a file.
 * @param name of the field, for the message.
 * @throws RangeError when they are no schedule.
 * @example
 * checkSchedule([0, 3, 64, 2]); // task 0 three steps, then task 1 two, both on CPU 0
 */
export function checkSchedule(schedule: Schedule, name = 'schedule'): void {
  expectArray(name, schedule);
  if (schedule.length % 2 !== 0)
    throw new RangeError(`${name}: expected pairs of choice and count, got ${schedule.length} numbers`);
  schedule.forEach((value, i) => {
    if (!Number.isInteger(value) || value < i % 2 || value >= 2 ** 31)
      throw new RangeError(
        `${name}[${i}]: expected an integer from ${i % 2} to 2^31-1, got ${inWords(value)}`,
      );
  });
}
