import { SlubStat } from '@mm/slub';
import { Context } from '@mm/steps';

import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';
import { SlubWorld, flushTask, freeTask } from './slub-world.js';

/** The fast path of freeing while its CPU's slab is taken away. */
export const slubFreeFlush: NamedScenario = {
  name: 'slub-free-flush',
  purpose: 'freeing by transaction id into a slab with an empty free list, while a flush takes the slab away',
  functions: ['do_slab_free', 'flush_cpu_slab', '__slab_free'],
  holds: ['a free list belongs to a slab', 'objects in use = objects held'],
  kills: [8],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlubWorld({ cpus, objects: 4 });
    // All four of the CPU's slab, so that its free list is empty as it is without a slab.
    const taken = Array.from({ length: cpus }, (_, cpu) => (cpu === 1 ? [] : world.take(cpu, 4)));
    for (const objects of taken) world.hold(objects.slice(operations));
    const make = world.run(
      () =>
        taken.map((objects, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 1) return { ctx, name: 'flush', steps: flushTask(world, ctx, operations) };
          return { ctx, name: `free ${cpu}`, steps: freeTask(world, ctx, objects.slice(0, operations)) };
        }),
      {
        sometimes: {
          'the fast path freed': () => world.stat(SlubStat.freeFastpath) > 0,
          'the slow path freed': () => world.stat(SlubStat.freeSlowpath) > 0,
          'a compare-exchange on the CPU failed': world.exchangeFailed,
        },
      },
    );
    return { cpus, make };
  },
};
