import { AccessKind } from '@mm/steps';

import type { Interleaver } from './interleaver.js';
import { hotplugCpu } from './online-cpus.js';

/** The name of a cell as far as it is known. */
export const cellName = (tasks: Interleaver, cell: number): string =>
  tasks.cells?.describe(cell) ?? `cell ${cell}`;

/** One line on what each live task waits for, and who has it. */
export function describeWaits(tasks: Interleaver): string {
  const lines: string[] = [];
  for (let i = 0; i < tasks.liveCount; i++) {
    const task = tasks.liveTask(i);
    lines.push(`${tasks.describeTask(task)} ${describeWait(tasks, task)}`);
  }
  return lines.sort().join('; ');
}

function describeWait(tasks: Interleaver, task: number): string {
  const access = tasks.pendingAccess(task);
  const cell = access >>> 4;
  if (!tasks.isWaiting(task)) {
    const keeper = tasks.keeperOf(tasks.cpuOf(task));
    return `waits for its CPU, which ${tasks.describeTask(keeper)} keeps`;
  }
  if ((access & 15) === AccessKind.lock)
    return `waits for lock ${cellName(tasks, cell)}, held by ${tasks.describeTask(tasks.holderOf(cell))}`;
  if ((access & 15) === AccessKind.spawn) return 'waits for the tasks that it spawned';
  if ((access & 15) === AccessKind.hotplug) {
    const cpu = hotplugCpu(access);
    const keeper = tasks.keeperOf(cpu);
    const why = keeper < 0 ? 'the last that is online' : `which ${tasks.describeTask(keeper)} keeps`;
    return `waits to take down CPU ${cpu}, ${why}`;
  }
  return `waits for the read section of ${tasks.describeTask(tasks.readerBefore(task))}`;
}
