import { SlubStat } from '@mm/slub';
import { Context } from '@mm/steps';

import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';
import { SlubWorld, allocTask, flushTask } from './slub-world.js';

/** The fast path of allocation while its CPU's slab is taken away. */
export const slubAllocFlush: NamedScenario = {
  name: 'slub-alloc-flush',
  purpose: 'allocation by transaction id while a flush takes the slab away between its reads',
  functions: ['slab_alloc_node', 'flush_cpu_slab', 'deactivate_slab'],
  holds: ['a free list is taken together with its slab', 'no object is handed out twice or lost'],
  kills: [9],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlubWorld({ cpus, objects: 4 });
    for (let cpu = 0; cpu < cpus; cpu++) if (cpu !== 1) world.hold(world.take(cpu, 1));
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu !== 1) return { ctx, name: `alloc ${cpu}`, steps: allocTask(world, ctx, operations) };
          return { ctx, name: 'flush', steps: flushTask(world, ctx, operations) };
        }),
      {
        sometimes: {
          'the fast path took the object': () => world.stat(SlubStat.allocFastpath) > 0,
          'the slab was flushed': () => world.stat(SlubStat.cpuslabFlush) > 0,
          'a compare-exchange on the CPU failed': world.exchangeFailed,
        },
      },
    );
    return { cpus, make };
  },
};
