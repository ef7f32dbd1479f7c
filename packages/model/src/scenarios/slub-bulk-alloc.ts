import { SlubStat } from '@mm/slub';
import { slubAllocBulk } from '@mm/slub/stepped';
import { Context, type Steps } from '@mm/steps';
import { GFP_KERNEL } from '@mm/zones';

import { type NamedScenario, SMALL, TWO_EACH } from './scenario.js';
import { SlubWorld, allocAndFreeTask } from './slub-world.js';

/** A bulk allocation that sleeps for a new slab, preempted by single ones on its CPU. */
export const slubBulkAlloc: NamedScenario = {
  name: 'slub-bulk-alloc',
  purpose:
    'a bulk allocation that empties the free list and sleeps for a new slab, preempted by alloc and free',
  functions: ['kmem_cache_alloc_bulk', '___slab_alloc', 'slab_alloc_node', 'do_slab_free'],
  holds: ['no object is handed out twice', 'what bulk has taken shows in the transaction id'],
  kills: [7],
  sizes: [SMALL, TWO_EACH],
  at: ({ cpus, operations }) => {
    const world = new SlubWorld({ cpus, objects: 4 });
    world.hold(world.take(0, 3));
    const make = world.run(
      () => {
        const bulk = new Context(0);
        const single = new Context(0);
        return [
          { ctx: bulk, name: 'bulk', steps: bulkTask(world, bulk, 2, operations) },
          { ctx: single, name: 'alloc and free', steps: allocAndFreeTask(world, single, operations) },
        ];
      },
      {
        sometimes: {
          'bulk needed the slow path': () => world.held.length > 3 && world.stat(SlubStat.allocSlowpath) > 0,
          'a compare-exchange on the CPU failed': world.exchangeFailed,
        },
      },
    );
    return { cpus, make };
  },
};

function* bulkTask(world: SlubWorld, ctx: Context, many: number, rounds: number): Steps<void> {
  for (let i = 0; i < rounds; i++) {
    const objects: number[] = [];
    yield* slubAllocBulk(ctx, world.cache, GFP_KERNEL, many, objects);
    world.held.push(...objects);
  }
}
