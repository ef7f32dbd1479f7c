import { expectInteger, expectObject } from './expected.js';
import type { Interleaver } from './interleaver.js';
import { Random } from './random.js';
import { type Choice, type Scheduler, choiceOf } from './scheduler.js';

/** What a {@link PctScheduler} is made for. */
export interface PctOptions {
  /** Steps that have to come in one order for the bug to show, at least 1. Default 3. */
  readonly depth?: number;
  /** Steps that a run makes at most: where priorities change is drawn from these. */
  readonly steps: number;
  /** Moves to another CPU in a run, at steps drawn as the changes are. Default 0. */
  readonly moves?: number;
}

/** How surely a bug is found by {@link PctScheduler}s. */
export interface PctGuarantee {
  readonly depth: number;
  /** Tasks, and steps of the longest run, that the chance is computed with. */
  readonly tasks: number;
  readonly steps: number;
  /** The least chance that one run shows a bug of that depth: 1 / (tasks * steps^(depth - 1)). */
  readonly perRun: number;
  /** The same for all the runs together. */
  readonly overall: number;
}

/**
 * The chance that runs by {@link PctScheduler} show a bug that needs `depth` steps in one order.
 * @throws RangeError when a number is no integer from 0, or `depth` none from 1.
 * @example
 * pctGuarantee({ depth: 2, tasks: 2, steps: 20, runs: 100 }).overall; // 0.92
 */
export function pctGuarantee(of: {
  depth: number;
  tasks: number;
  steps: number;
  runs: number;
}): PctGuarantee {
  expectObject('of', of);
  const { depth, tasks, steps, runs } = of;
  expectInteger('depth', depth, 1);
  for (const field of ['tasks', 'steps', 'runs'] as const) expectInteger(field, of[field], 0);
  const perRun = 1 / (Math.max(1, tasks) * Math.max(1, steps) ** (depth - 1));
  // 1 - (1 - p)^n, exact also where p is tiny.
  return {
    depth,
    tasks,
    steps,
    perRun,
    overall: -Math.expm1(runs * Math.log1p(-Math.min(perRun, 1 - 2 ** -53))),
  };
}

/**
 * Always lets the task of the highest priority go on. Priorities are drawn by seed, and at `depth - 1`
 * steps, drawn too, the task that runs falls below all others: a run shows a bug of that depth with a chance
 * that does not hang on how many interleavings there are, see {@link pctGuarantee}.
 *
 * @see Burckhardt, Kothari, Musuvathi, Nagarakatte: A randomized scheduler with probabilistic guarantees, ASPLOS 2010
 * @example
 * const scheduler = new PctScheduler(7, { depth: 2, steps: 100 });
 */
export class PctScheduler implements Scheduler {
  readonly #random: Random;
  readonly #changes = new Set<number>();
  readonly #moves = new Set<number>();
  /** By task; drawn above 0, and below 0 after a change. */
  readonly #priorities: number[] = [];
  #lowest = 0;

  /** @throws RangeError when `depth` or `steps` is not a positive integer, or `moves` not one from 0. */
  constructor(seed: number, options: PctOptions) {
    expectObject('options', options);
    const { depth = 3, steps, moves = 0 } = options;
    expectInteger('depth', depth, 1);
    expectInteger('steps', steps, 1);
    expectInteger('moves', moves, 0);
    this.#random = new Random(seed);
    for (let i = 1; i < depth; i++) this.#changes.add(this.#random.below(steps));
    for (let i = 0; i < moves; i++) this.#moves.add(this.#random.below(steps));
  }

  choose(tasks: Interleaver): Choice {
    let choice = this.#best(tasks);
    if (choice >= 0 && this.#changes.has(tasks.steps)) {
      this.#changes.delete(tasks.steps);
      this.#priorities[choice >>> 6] = --this.#lowest;
      choice = this.#best(tasks);
    }
    return choice;
  }

  #best(tasks: Interleaver): Choice {
    const priorities = this.#priorities;
    const { taskCount } = tasks;
    while (priorities.length < taskCount) priorities.push(this.#random.next() >>> 1);
    let best = -1;
    for (let i = 0; i < tasks.liveCount; i++) {
      const task = tasks.liveTask(i);
      if (best >= 0 && priorities[task]! < priorities[best]!) continue;
      if (tasks.canRun(task, tasks.cpuOf(task))) best = task;
    }
    if (best < 0) return tasks.firstEnabled();
    const cpu = tasks.cpuOf(best);
    const other = cpu + 1 < tasks.cpus ? cpu + 1 : 0;
    return choiceOf(best, this.#moves.has(tasks.steps) && tasks.canRun(best, other) ? other : cpu);
  }
}
