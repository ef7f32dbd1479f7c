import { SlubStat } from '@mm/slub';
import { slubFreeBulk } from '@mm/slub/stepped';
import { Context, type Steps } from '@mm/steps';

import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';
import { SlubWorld, freeTask } from './slub-world.js';

/** A bulk free of objects of several slabs, some of them in use by others. */
export const slubBulkFree: NamedScenario = {
  name: 'slub-bulk-free',
  purpose: 'a bulk free that takes objects of two slabs apart, while others free into the same slabs',
  functions: ['kmem_cache_free_bulk', 'build_detached_freelist', '__slab_free'],
  holds: ['a slab’s count of objects in use falls by as many as come back'],
  kills: [12, 13],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlubWorld({ cpus, objects: 8 });
    const taken = world.take(0, 16);
    // Each bulk takes two objects of the first slab and one of the second, mixed.
    const bulk = Array.from({ length: operations }, (_, i) => [
      taken[2 * i]!,
      taken[8 + i]!,
      taken[2 * i + 1]!,
    ]);
    const singles = [taken[4]!, taken[12]!, taken[5]!, taken[13]!].slice(0, (cpus - 1) * operations);
    const gone = new Set([...bulk.flat(), ...singles]);
    world.hold(taken.filter((object) => !gone.has(object)));
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 1) return { ctx, name: 'bulk free', steps: bulkFreeTask(world, ctx, bulk) };
          const at = (cpu === 0 ? 0 : 1) * operations;
          return {
            ctx,
            name: `free ${cpu}`,
            steps: freeTask(world, ctx, singles.slice(at, at + operations)),
          };
        }),
      {
        sometimes: {
          'freed into a frozen slab': () => world.stat(SlubStat.freeFrozen) > 0,
          'a compare-exchange on a slab failed': world.slabExchangeFailed,
        },
      },
    );
    return { cpus, make };
  },
};

function* bulkFreeTask(world: SlubWorld, ctx: Context, bulks: ReadonlyArray<readonly number[]>): Steps<void> {
  for (const objects of bulks) yield* slubFreeBulk(ctx, world.cache, objects);
}
