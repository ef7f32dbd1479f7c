import { type Access, AccessKind } from '@mm/steps';

import { Dependency, Effect, TASKS } from '../explore/dependency.js';
import type { RunResult } from '../run-schedule.js';
import { describeStep } from './describe-access.js';

/** The parser expression to give ShiViz with a {@link shivizLog}: two lines for each event. */
export const SHIVIZ_PARSER = String.raw`(?<event>.*)\n(?<host>\S*) (?<clock>{.*})`;

/**
 * A run as a log for ShiViz: an event for each step, tasks as hosts, and vector clocks that order two steps where one
 * touches what the other has written, or takes what it gave back. Steps without an arrow between them could be made in either order.
 *
 * @throws RangeError for more than 16 tasks.
 * @example
 * const text = shivizLog(result); // paste it into ShiViz with SHIVIZ_PARSER
 */
export function shivizLog(result: RunResult): string {
  const { trace } = result;
  const length = trace.length / 2;
  const columns = {
    task: new Int32Array(length),
    access: new Int32Array(length),
    cpu: new Int32Array(length),
    effects: new Int32Array(length),
  };
  const dependency = new Dependency(result.cells);
  const clocks: number[][] = [];
  const last = new Map<number, number[]>();
  const lines: string[] = [];
  for (let step = 0; step < length; step++) {
    const task = trace[2 * step]! >>> 6;
    if (task >= TASKS) throw new RangeError(`result: expected at most ${TASKS} tasks, got task ${task}`);
    const access = trace[2 * step + 1]! as Access;
    const kind = access & 15;
    columns.task[step] = task;
    columns.access[step] = access;
    columns.cpu[step] = trace[2 * step]! & 63;
    const busy = result.results?.[step]?.startsWith('busy') === true;
    columns.effects[step] =
      (kind === AccessKind.lock || kind === AccessKind.tryLock) && !busy ? Effect.took : 0;
    const clock = [...(last.get(task) ?? Array.from({ length: TASKS }, () => 0))];
    for (let i = 0; i < step; i++)
      if (columns.task[i] !== task && dependency.holds(columns, i, columns, step))
        clocks[i]!.forEach((time, t) => (clock[t] = Math.max(clock[t]!, time)));
    clock[task]!++;
    clocks.push(clock);
    last.set(task, clock);
    const named = clock.flatMap((time, t) => (time === 0 ? [] : [[hostOf(result, t), time] as const]));
    const text = `step ${step}: ${describeStep(result, step)} (CPU ${columns.cpu[step]})`;
    lines.push(
      text.replaceAll('\n', ' '),
      `${hostOf(result, task)} ${JSON.stringify(Object.fromEntries(named))}`,
    );
  }
  return lines.join('\n');
}

/** A task's name without spaces, told apart by its number. */
const hostOf = ({ names }: RunResult, task: number): string =>
  `${(names[task] ?? 'task').replaceAll(/[^\w.-]+/gu, '_')}#${task}`;
