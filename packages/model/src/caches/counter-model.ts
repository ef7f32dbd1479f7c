import { NodeWord, type SlubCache, SLUB_STAT_NAMES, readStats } from '@mm/slub';

import { ModelViolation } from '../model-violation.js';

/** A counter, by the name of its file. */
export type StatName = (typeof SLUB_STAT_NAMES)[number];

const total = (events: readonly number[]): number => events.reduce((all, some) => all + some, 0);

/** What was done to a cache since it was made. */
interface History {
  /** By CPU where it began. */
  readonly allocs: number[];
  readonly frees: number[];
  /** Bulk operations count once for each slab or slow path that they take: at least and at most so often. */
  bulkAllocsMax: number;
  bulkFreesMin: number;
  bulkFreesMax: number;
  /** Shrinking gives slabs back without counting them. */
  shrunk: boolean;
  /** What counters had reached by CPU when they were set to zero. */
  readonly cleared: Map<StatName, number[]>;
}

/**
 * SLUB's counters as the history of a cache foretells them:
 *
 *   alloc_fastpath + alloc_slowpath = allocations;   free_fastpath + free_slowpath = frees
 *   alloc_slab - free_slab = slabs, more once the cache was shrunk
 *   order_fallback <= alloc_slab <= alloc_slowpath;   alloc_refill <= alloc_slowpath
 *   free_frozen + cpu_partial_free <= free_slowpath;   free_remove_partial <= free_slab
 *   a debugged cache has no fast path;   without others that run meanwhile no compare-exchange fails
 *
 * A counter of the rules is what it is now and what it had reached whenever it was set to zero.
 */
export class CounterModel {
  readonly #histories = new Map<SlubCache, History>();
  readonly #left = new WeakSet<SlubCache>();
  readonly #cpus: number;

  constructor(cpus: number) {
    this.#cpus = cpus;
  }

  /** The history of a cache; begins with the first call. */
  of(cache: SlubCache): History {
    let known = this.#histories.get(cache);
    if (known === undefined) {
      const zeroes = (): number[] => Array.from({ length: this.#cpus }, () => 0);
      known = {
        allocs: zeroes(),
        frees: zeroes(),
        bulkAllocsMax: 0,
        bulkFreesMin: 0,
        bulkFreesMax: 0,
        shrunk: false,
        cleared: new Map(),
      };
      if (!this.#left.has(cache)) this.#histories.set(cache, known);
    }
    return known;
  }

  /** From now on nothing is foretold of a cache: something wrote over its memory. */
  leave(cache: SlubCache): void {
    this.#left.add(cache);
    this.#histories.delete(cache);
  }

  /**
   * A counter was set to zero on every CPU, with nothing else under way.
   * @param reached what it was by CPU before.
   * @throws ModelViolation
   */
  cleared(cache: SlubCache, name: StatName, reached: readonly number[]): void {
    const known = this.of(cache).cleared;
    const before = known.get(name);
    known.set(
      name,
      reached.map((events, cpu) => events + (before?.[cpu] ?? 0)),
    );
    const left = this.reached(cache, name);
    if (left.some((events) => events !== 0))
      throw new ModelViolation(
        'a counter that is cleared is zero',
        `${cache.name}: ${name} = ${left.join(', ')}`,
      );
  }

  /** A counter as it is, by CPU. */
  reached(cache: SlubCache, name: StatName): number[] {
    const at = SLUB_STAT_NAMES.indexOf(name);
    return Array.from({ length: this.#cpus }, (_, cpu) => readStats(cache, cpu)[at]!);
  }

  /** A destroyed cache has no counters any more. */
  forget(cache: SlubCache): void {
    this.#histories.delete(cache);
  }

  /**
   * Nothing is under way: every counter that the rules determine.
   * @param alone one command ran after the other so far.
   * @throws ModelViolation
   */
  check(alone: boolean): void {
    for (const [cache, history] of this.#histories) {
      const each = Array.from({ length: this.#cpus }, (_, cpu) => readStats(cache, cpu));
      const on = (cpu: number, name: StatName): number =>
        each[cpu]![SLUB_STAT_NAMES.indexOf(name)]! + (history.cleared.get(name)?.[cpu] ?? 0);
      const sum = (...names: StatName[]): number =>
        names.reduce((all, name) => all + each.reduce((some, _, cpu) => some + on(cpu, name), 0), 0);
      const holds = (rule: string, whether: boolean): void => {
        if (whether) return;
        const shown = SLUB_STAT_NAMES.map((name) => [name, sum(name)] as const)
          .filter(([, events]) => events > 0)
          .map(([name, events]) => `${name} ${events}`);
        throw new ModelViolation(
          'counters are what the history says',
          `${cache.name}: ${rule}: ${shown.join(', ')}`,
        );
      };
      const allocs = total(history.allocs);
      const frees = total(history.frees);
      const allocated = sum('alloc_fastpath', 'alloc_slowpath');
      const freed = sum('free_fastpath', 'free_slowpath');
      holds(
        `alloc_fastpath + alloc_slowpath = ${allocs} and up to ${history.bulkAllocsMax} of bulk`,
        allocated >= allocs && allocated <= allocs + history.bulkAllocsMax,
      );
      holds(
        `free_fastpath + free_slowpath = ${frees} and ${history.bulkFreesMin} to ${history.bulkFreesMax} of bulk`,
        freed >= frees + history.bulkFreesMin && freed <= frees + history.bulkFreesMax,
      );
      const released = sum('alloc_slab') - sum('free_slab') - cache.node[NodeWord.nrSlabs]!;
      holds(
        'alloc_slab - free_slab = slabs, or more once shrunk',
        history.shrunk ? released >= 0 : released === 0,
      );
      holds('order_fallback <= alloc_slab', sum('order_fallback') <= sum('alloc_slab'));
      holds('alloc_slab <= alloc_slowpath', sum('alloc_slab') <= sum('alloc_slowpath'));
      holds('alloc_refill <= alloc_slowpath', sum('alloc_refill') <= sum('alloc_slowpath'));
      holds(
        'free_frozen + cpu_partial_free <= free_slowpath',
        sum('free_frozen', 'cpu_partial_free') <= sum('free_slowpath'),
      );
      holds('free_remove_partial <= free_slab', sum('free_remove_partial') <= sum('free_slab'));
      holds('alloc_node_mismatch = 0 on one node', sum('alloc_node_mismatch') === 0);
      if (cache.debugging)
        holds('a debugged cache has no fast path', sum('alloc_fastpath', 'free_fastpath') === 0);
      if (!alone) continue;
      holds(
        'no compare-exchange fails without others',
        sum('cmpxchg_double_fail', 'cmpxchg_double_cpu_fail') === 0,
      );
      if (history.bulkAllocsMax + history.bulkFreesMax > 0) continue;
      for (let cpu = 0; cpu < this.#cpus; cpu++) {
        holds(
          `allocations of CPU ${cpu} = ${history.allocs[cpu]}`,
          on(cpu, 'alloc_fastpath') + on(cpu, 'alloc_slowpath') === history.allocs[cpu],
        );
        holds(
          `frees of CPU ${cpu} = ${history.frees[cpu]}`,
          on(cpu, 'free_fastpath') + on(cpu, 'free_slowpath') === history.frees[cpu],
        );
      }
    }
  }
}
