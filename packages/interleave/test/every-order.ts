import { Interleaver } from '../src/interleaver.js';
import { type Scenario, asOutcome, startTasks } from '../src/run-schedule.js';
import { type Choice, choiceOf } from '../src/scheduler.js';

const UNUSED = { choose: (): number => -1 };

/** Makes each run of a scenario that there is, by brute force. */
export interface EveryOrderOptions {
  readonly moves: number;
  readonly preemptions: number;
  readonly runsMax: number;
  readonly onEnd: (failure: string | undefined) => void;
}

/** How many runs there are; or -1 when there are more than asked for. */
export function everyOrder(scenario: Scenario, options: EveryOrderOptions): number {
  const path: number[] = [];
  for (let runs = 1; ; runs++) {
    if (runs > options.runsMax) return -1;
    const widths = oneRun(scenario, options, path);
    while (path.length > 0 && path.at(-1)! + 1 >= widths[path.length - 1]!) path.pop();
    if (path.length === 0) return runs;
    path[path.length - 1]!++;
  }
}

/** Follows `path`, then always the first choice, which it adds; returns how many choices there were at each step. */
function oneRun(scenario: Scenario, options: EveryOrderOptions, path: number[]): number[] {
  const run = scenario.make();
  const machine = new Interleaver({
    cpus: scenario.cpus,
    scheduler: UNUSED,
    cells: run.cells,
    keepNumbers: true,
  });
  const moves: number[] = [];
  const widths: number[] = [];
  let preemptions = 0;
  let last = -1;
  try {
    startTasks(machine, run);
    while (machine.liveCount > 0) {
      const choices: Choice[] = [];
      for (let task = 0; task < machine.taskCount; task++) {
        if (machine.isWaiting(task)) continue;
        const cpu = machine.cpuOf(task);
        const next = (cpu + 1) % scenario.cpus;
        if (machine.canRun(task, cpu)) choices.push(choiceOf(task, cpu));
        if ((moves[task] ?? 0) < options.moves && machine.canRun(task, next))
          choices.push(choiceOf(task, next));
      }
      const goesOn = choices.filter((choice) => choice >>> 6 === last);
      const open = goesOn.length > 0 && preemptions >= options.preemptions ? goesOn : choices;
      if (open.length === 0) machine.reportDeadlock();
      const at = widths.length;
      widths.push(open.length);
      if (at >= path.length) path.push(0);
      const choice = open[path[at]!]!;
      const task = choice >>> 6;
      if (goesOn.length > 0 && task !== last) preemptions++;
      if ((choice & 63) !== machine.cpuOf(task)) moves[task] = (moves[task] ?? 0) + 1;
      machine.step(choice);
      last = task;
    }
    options.onEnd(undefined);
  } catch (error) {
    options.onEnd(asOutcome(error).kind);
    path.length = Math.min(path.length, widths.length);
  }
  return widths;
}
