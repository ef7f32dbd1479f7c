import { NodeWord, SlubStat } from '@mm/slub';
import { Context } from '@mm/steps';

import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';
import { SlubWorld, allocTask, freeTask } from './slub-world.js';

/** The last objects of a slab on the node's list, from several CPUs at once. */
export const slubFreeDiscard: NamedScenario = {
  name: 'slub-free-discard',
  purpose:
    'two CPUs free the last two objects of a partial slab, which the second gives back; a third allocates',
  functions: ['__slab_free', 'remove_partial', 'discard_slab'],
  holds: ['a slab is given back once', 'free + taken pages = managed pages'],
  kills: [],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlubWorld({ cpus, objects: 4, minPartial: 0 });
    // Slabs with two of four in use, all on the node.
    const taken = world.take(0, 4 * operations);
    world.give(
      0,
      taken.filter((_, i) => i % 4 < 2),
    );
    world.drain();
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 2) return { ctx, name: 'alloc', steps: allocTask(world, ctx, operations) };
          const objects = taken.filter((_object, i) => i % 4 === 2 + cpu);
          return { ctx, name: `free ${cpu}`, steps: freeTask(world, ctx, objects) };
        }),
      {
        sometimes: {
          'an empty slab was given back': () => world.stat(SlubStat.freeSlab) > 0,
          'a compare-exchange on the slab failed': world.slabExchangeFailed,
          'no slab is left': () => cpus > 2 || world.cache.node[NodeWord.nrSlabs] === 0,
        },
      },
    );
    return { cpus, make };
  },
};
