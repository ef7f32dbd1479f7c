import { SlubStat } from '@mm/slub';
import { Context } from '@mm/steps';

import { type NamedScenario, SMALL, TWO_EACH } from './scenario.js';
import { SlubWorld, allocTask, freeTask } from './slub-world.js';

/** A free on a CPU whose slab is found full, and dropped, by an allocation that preempts it. */
export const slubFreeDeactivation: NamedScenario = {
  name: 'slub-free-deactivation',
  purpose:
    'freeing into a full slab, preempted by an allocation that drops the slab and sleeps for a new one',
  functions: ['do_slab_free', '___slab_alloc', 'get_freelist', 'new_slab'],
  holds: ['a slab is given up with a new transaction id', 'objects in use = objects held'],
  kills: [8],
  sizes: [SMALL, TWO_EACH],
  at: ({ cpus, operations }) => {
    const world = new SlubWorld({ cpus, objects: 4 });
    const taken = world.take(0, 4);
    world.hold(taken.slice(operations));
    const make = world.run(
      () => {
        const freer = new Context(0);
        const taker = new Context(0);
        return [
          { ctx: freer, name: 'free', steps: freeTask(world, freer, taken.slice(0, operations)) },
          { ctx: taker, name: 'alloc', steps: allocTask(world, taker, operations) },
        ];
      },
      {
        sometimes: {
          'the full slab was dropped': () => world.stat(SlubStat.deactivateBypass) > 0,
          'a compare-exchange on the CPU failed': world.exchangeFailed,
          'the object was freed to a slab of nobody': () => world.stat(SlubStat.freeSlowpath) > 0,
        },
      },
    );
    return { cpus, make };
  },
};
