import { expectOptions, expected } from './expected.js';
import type { Interleaver } from './interleaver.js';
import { Random } from './random.js';
import { type Choice, type Scheduler, choiceOf } from './scheduler.js';

/** How a {@link SeededScheduler} chooses. Chances count in steps of 2^-16. */
export interface SeededOptions {
  /** Chance, 0..1, that another task than the one that ran last is asked for. Default 0.25. */
  readonly switchChance?: number;
  /** Chance, 0..1, that a task that may move is moved to another CPU as it continues. Default 0.02. */
  readonly moveChance?: number;
  /** How often each task is moved at most. Default: no limit. */
  readonly movesMax?: number;
}

/** Two chances are drawn from one random integer: 16 bits each. */
const CHANCE_ONE = 2 ** 16;

function threshold(field: string, chance: number): number {
  if (typeof chance !== 'number' || !(chance >= 0 && chance <= 1))
    throw expected(field, 'a chance from 0 to 1', chance);
  return Math.round(chance * CHANCE_ONE);
}

/**
 * Chooses at random, by seed: the same seed over the same tasks gives the same schedule.
 *
 * @example
 * const scheduler = new SeededScheduler(42, { switchChance: 0.5 });
 */
export class SeededScheduler implements Scheduler {
  readonly asksFirst = true;
  readonly #random: Random;
  readonly #switchBelow: number;
  readonly #moveBelow: number;
  readonly #movesMax: number;
  /** By task: moves made. */
  readonly #moves: number[] = [];

  /** @throws RangeError when a chance is not in 0..1, or the seed or `movesMax` is no integer. */
  constructor(seed: number, options: SeededOptions = {}) {
    expectOptions(options, { movesMax: 'count' });
    const { switchChance = 0.25, moveChance = 0.02, movesMax = Infinity } = options;
    this.#random = new Random(seed);
    this.#switchBelow = threshold('switchChance', switchChance);
    this.#moveBelow = threshold('moveChance', moveChance);
    this.#movesMax = movesMax;
  }

  /** Starts the sequence of another seed, for the next run with the same object. @throws RangeError when it is no integer. */
  reseed(seed: number): void {
    this.#random.reseed(seed);
    this.#moves.length = 0;
  }

  choose(tasks: Interleaver): Choice {
    const dice = this.#random.next();
    const moves = (dice & 0xffff) < this.#moveBelow;
    const last = tasks.lastTask;
    if (last < 0 || dice >>> 16 < this.#switchBelow || !tasks.canGoOn(last))
      return this.#another(tasks, moves);
    return moves ? this.#moved(tasks, last) : choiceOf(last, tasks.cpuOf(last));
  }

  /** Mostly some task drawn blindly can run; after four failures all are looked at. */
  #another(tasks: Interleaver, moves: boolean): Choice {
    for (let attempt = 0; attempt < 4; attempt++) {
      const task = tasks.liveTask(this.#random.below(tasks.liveCount));
      if (tasks.canGoOn(task)) return moves ? this.#moved(tasks, task) : choiceOf(task, tasks.cpuOf(task));
    }
    return tasks.firstEnabled(this.#random.below(tasks.liveCount));
  }

  #moved(tasks: Interleaver, task: number): Choice {
    const other = this.#random.below(tasks.cpus);
    const cpu = tasks.cpuOf(task);
    if (other === cpu || !tasks.canRun(task, other)) return choiceOf(task, cpu);
    if (this.#movesMax !== Infinity) {
      const moves = this.#moves[task] ?? 0;
      if (moves >= this.#movesMax) return choiceOf(task, cpu);
      this.#moves[task] = moves + 1;
    }
    return choiceOf(task, other);
  }
}
