import { type Access, AccessKind, type Cell } from '@mm/steps';

import { cellName } from './describe-waits.js';
import { expectArray, expected } from './expected.js';
import type { Interleaver } from './interleaver.js';
import type { Monitor } from './monitors.js';
import { ScheduleError } from './schedule-error.js';
import type { ScenarioRun } from './run-schedule.js';

/**
 * Finds locks that are taken in both orders, even where no deadlock came of it: an edge a -> b for each
 * lock b waited for while a is held, over all runs, and no cycle. A trylock waits for nothing and adds
 * no edge, but what is held by it counts.
 *
 * @example
 * runSchedule(scenario, scheduler, { monitors: [new LockOrderMonitor()] });
 * @see linux 6.1 Documentation/locking/lockdep-design.rst
 */
export class LockOrderMonitor implements Monitor {
  readonly locksOnly = true;
  /** after.get(a) = locks that were waited for with a held */
  readonly #after = new Map<Cell, Set<Cell>>();
  readonly #held: Array<Cell[] | undefined> = [];
  #machine: Interleaver | undefined;

  /** Pairs of locks, the second waited for while the first was held: seen so far, as plain data. */
  get edges(): Array<[Cell, Cell]> {
    return [...this.#after].flatMap(([before, after]) =>
      [...after].map((cell): [Cell, Cell] => [before, cell]),
    );
  }

  /** Goes on from {@link edges} that were seen before. @throws RangeError when they are no pairs of cells. */
  restore(edges: ReadonlyArray<readonly [Cell, Cell]>): void {
    expectArray('edges', edges);
    for (const edge of edges)
      if (!Array.isArray(edge) || edge.length !== 2 || !edge.every((cell) => Number.isInteger(cell)))
        throw expected('edges', 'pairs of cells', edge);
    for (const [before, cell] of edges) {
      const after = this.#after.get(before);
      if (after === undefined) this.#after.set(before, new Set([cell]));
      else after.add(cell);
    }
  }

  begin(_run: ScenarioRun, machine: Interleaver): void {
    this.#machine = machine;
    this.#held.length = 0;
  }

  onStep(task: number, access: Access): void {
    const kind = access & 15;
    if (kind < AccessKind.lock || kind > AccessKind.tryLock) return;
    const cell = access >>> 4;
    const held = (this.#held[task] ??= []);
    if (kind === AccessKind.unlock) {
      held.splice(held.lastIndexOf(cell), 1);
      return;
    }
    // A trylock that failed, or a lock that has been given back with the end of the task.
    if (this.#machine!.holderOf(cell) !== task) return;
    if (kind === AccessKind.lock) for (const before of held) this.#addEdge(before, cell);
    held.push(cell);
  }

  #addEdge(before: Cell, cell: Cell): void {
    let after = this.#after.get(before);
    if (after === undefined) this.#after.set(before, (after = new Set()));
    if (after.has(cell)) return;
    after.add(cell);
    const path = this.#pathTo(cell, before);
    if (path === undefined) return;
    const names = [before, ...path].map((at) => cellName(this.#machine!, at));
    throw new ScheduleError('lock order', `${names.join(' -> ')} closes a cycle`);
  }

  /** The locks from `from` to `to` along the edges, or undefined. */
  #pathTo(from: Cell, to: Cell): Cell[] | undefined {
    const seen = new Set<Cell>([from]);
    const paths: Cell[][] = [[from]];
    for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
      const last = path.at(-1)!;
      if (last === to) return path;
      for (const next of this.#after.get(last) ?? [])
        if (!seen.has(next)) {
          seen.add(next);
          paths.push([...path, next]);
        }
    }
    return undefined;
  }
}
