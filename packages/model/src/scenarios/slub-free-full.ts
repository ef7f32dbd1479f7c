import { SlubStat } from '@mm/slub';
import { Context } from '@mm/steps';

import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';
import { SlubWorld, freeTask } from './slub-world.js';

/** Objects of a full slab, which is on no list, come back on several CPUs at once. */
export const slubFreeFull: NamedScenario = {
  name: 'slub-free-full',
  purpose:
    'several CPUs free into a full slab, which is on no list: one of them freezes it for its partial list',
  functions: ['__slab_free', 'put_cpu_partial'],
  holds: ['a full slab goes to one CPU’s partial list', 'objects of a slab = in use + free'],
  kills: [11],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlubWorld({ cpus, objects: 8 });
    // The first slab is full and nobody's: CPU 0 has gone on to the next.
    const taken = world.take(0, 9);
    world.hold(taken.slice(cpus * operations));
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          const objects = taken.slice(cpu * operations, (cpu + 1) * operations);
          return { ctx, name: `free ${cpu}`, steps: freeTask(world, ctx, objects) };
        }),
      {
        sometimes: {
          'a CPU froze the slab': () => world.stat(SlubStat.cpuPartialFree) > 0,
          'freed into the frozen slab': () => world.stat(SlubStat.freeFrozen) > 0,
          'a compare-exchange on the slab failed': world.slabExchangeFailed,
        },
      },
    );
    return { cpus, make };
  },
};
