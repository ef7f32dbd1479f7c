import { flushAll, kmemCacheDestroy, slubAllocBulk, validateCache } from '@mm/slub/stepped';
import { showAttribute } from '@mm/sysfs/stepped';
import { ModelViolation } from '@mm/model';

import type { OwnScenario } from './scenarios.js';
import { GFP, SlubBench, tasksOf } from './slub-bench.js';

/** A slab of the CPU of which every object is taken: its free list is empty. */
function fullSlab(bench: SlubBench): number[] {
  return bench.take(0, bench.slabObjects);
}

/** SLUB's fast paths against what else changes a CPU's slab. */
export const SLUB_SCENARIOS: Readonly<Record<string, OwnScenario>> = {
  'slub: take against take, take, give on one CPU': {
    scenario: {
      cpus: 1,
      make() {
        const bench = new SlubBench(1);
        bench.give(0, bench.take(0, 4));
        const got: number[] = [];
        return {
          cells: bench.cells,
          tasks: tasksOf([
            [0, 'takes two', (ctx) => bench.taking(ctx, 2)],
            [
              0,
              'takes two, gives the first back',
              function* work(ctx) {
                yield* bench.taking(ctx, 2, got);
                yield* bench.giving(ctx, [got[0]!]);
              },
            ],
          ]),
          check: () => bench.check(),
        };
      },
    },
  },
  'slub: give against take from a full slab': {
    scenario: {
      cpus: 1,
      make() {
        const bench = new SlubBench(1);
        const objects = fullSlab(bench);
        return {
          cells: bench.cells,
          tasks: tasksOf([
            [0, 'gives', (ctx) => bench.giving(ctx, [objects[1]!])],
            [0, 'takes', (ctx) => bench.taking(ctx, 2)],
          ]),
          check: () => bench.check(),
        };
      },
    },
  },
  'slub: give against flush of a full slab': {
    scenario: {
      cpus: 2,
      make() {
        const bench = new SlubBench(2);
        const objects = fullSlab(bench);
        return {
          cells: bench.cells,
          tasks: tasksOf([
            [0, 'gives', (ctx) => bench.giving(ctx, [objects[1]!])],
            [0, 'flushes', (ctx) => flushAll(ctx, bench.cache)],
          ]),
          check: () => bench.check(),
        };
      },
    },
  },
  'slub: take against remote give': {
    scenario: {
      cpus: 2,
      make() {
        const bench = new SlubBench(2);
        const objects = fullSlab(bench);
        // The slab has a free list of its own, beside the CPU's that is empty.
        bench.give(1, [objects[0]!]);
        return {
          cells: bench.cells,
          tasks: tasksOf([
            [0, 'takes', (ctx) => bench.taking(ctx, 1)],
            [1, 'gives', (ctx) => bench.giving(ctx, [objects[1]!])],
          ]),
          check: () => bench.check(),
        };
      },
    },
  },
  'slub: take against flush': {
    scenario: {
      cpus: 1,
      make() {
        const bench = new SlubBench(1);
        bench.give(0, bench.take(0, 3));
        return {
          cells: bench.cells,
          tasks: tasksOf([
            [0, 'takes', (ctx) => bench.taking(ctx, 2)],
            [0, 'flushes', (ctx) => flushAll(ctx, bench.cache)],
          ]),
          check: () => bench.check(),
        };
      },
    },
  },
  'slub: give against bulk take that runs out': {
    scenario: {
      cpus: 1,
      make() {
        const bench = new SlubBench(1);
        const objects = bench.take(0, bench.slabObjects - 1);
        const got: number[] = [];
        return {
          cells: bench.cells,
          tasks: tasksOf([
            [0, 'gives', (ctx) => bench.giving(ctx, [objects[0]!])],
            [
              0,
              'takes two in bulk',
              function* work(ctx) {
                yield* slubAllocBulk(ctx, bench.cache, GFP, 2, got);
                for (const object of got) bench.received(object);
              },
            ],
          ]),
          check: () => bench.check(),
        };
      },
    },
  },
  'slub: a task that moves between its reads': {
    moves: 1,
    scenario: {
      cpus: 2,
      make() {
        const bench = new SlubBench(2);
        bench.give(0, bench.take(0, 2));
        bench.give(1, bench.take(1, 2));
        return {
          cells: bench.cells,
          tasks: tasksOf([
            [0, 'takes', (ctx) => bench.taking(ctx, 2)],
            [1, 'takes', (ctx) => bench.taking(ctx, 2)],
          ]),
          check: () => bench.check(),
        };
      },
    },
  },
  'slub: validate against give, debugged': {
    scenario: {
      cpus: 2,
      make() {
        const bench = new SlubBench(2, 64, { cmdline: 'slub_debug=FZP' });
        const objects = bench.take(0, 6);
        return {
          cells: bench.cells,
          tasks: tasksOf([
            [0, 'gives', (ctx) => bench.giving(ctx, objects.slice(2))],
            [1, 'validates', (ctx) => validateCache(ctx, bench.cache)],
          ]),
          check() {
            bench.check();
            const report = bench.system.log.dmesg().find((line) => line.startsWith('BUG '));
            if (report !== undefined) throw new ModelViolation('validate reports nothing false', report);
          },
        };
      },
    },
  },
  'sysfs: read against destroy': {
    scenario: {
      cpus: 2,
      make() {
        const bench = new SlubBench(2);
        bench.give(0, bench.take(0, 3));
        return {
          cells: bench.cells,
          tasks: tasksOf([
            [0, 'reads', (ctx) => showAttribute(ctx, bench.cache, 'objects')],
            [1, 'destroys', (ctx) => kmemCacheDestroy(ctx, bench.cache)],
          ]),
        };
      },
    },
  },
};
