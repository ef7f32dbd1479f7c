import { NodeWord, SlubStat } from '@mm/slub';
import { slubShrink } from '@mm/slub/stepped';
import { Context, type Steps } from '@mm/steps';

import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';
import { SlubWorld, allocTask, freeTask } from './slub-world.js';

/** Shrinking while somebody allocates. */
export const slubShrinkAlloc: NamedScenario = {
  name: 'slub-shrink-alloc',
  purpose: 'shrinking a cache, which flushes every CPU and discards empty slabs, while another CPU allocates',
  functions: ['__kmem_cache_shrink', 'flush_all', '___slab_alloc', 'get_partial_node'],
  holds: ['a slab that is given back has no object in use', 'nr_partial and nr_slabs = what a walk counts'],
  kills: [],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlubWorld({ cpus, objects: 2 });
    // An empty slab on the node.
    world.give(0, world.take(0, 2));
    world.drain();
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 1) return { ctx, name: 'shrink', steps: shrinkTask(world, ctx, operations) };
          return { ctx, name: `alloc ${cpu}`, steps: allocTask(world, ctx, operations) };
        }),
      {
        sometimes: {
          'the allocation was served by a slab that was there': () =>
            world.stat(SlubStat.allocFromPartial) > 0,
          'it was gone, and a new slab was made': () => world.stat(SlubStat.allocSlab) > 0,
        },
      },
    );
    return { cpus, make };
  },
};

/** Shrinking while the last objects of a slab come back. */
export const slubShrinkFree: NamedScenario = {
  name: 'slub-shrink-free',
  purpose:
    'shrinking a cache while the last object of a slab comes back, which stays on the node as an empty one',
  functions: ['__kmem_cache_do_shrink', '__slab_free', 'discard_slab'],
  holds: ['a slab is given back once', 'free + taken pages = managed pages'],
  kills: [],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlubWorld({ cpus, objects: 2 });
    const freers = cpus - 1;
    // Half used slabs on the node; their last objects come back.
    const taken = world.take(0, 2 * freers * operations);
    world.give(
      0,
      taken.filter((_, i) => i % 2 === 0),
    );
    world.drain();
    const last = taken.filter((_, i) => i % 2 === 1);
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 1) return { ctx, name: 'shrink', steps: shrinkTask(world, ctx, operations) };
          const at = (cpu === 0 ? 0 : 1) * operations;
          return { ctx, name: `free ${cpu}`, steps: freeTask(world, ctx, last.slice(at, at + operations)) };
        }),
      {
        sometimes: {
          'shrinking found the slab empty': () => world.cache.node[NodeWord.nrSlabs] === 0,
          'the object came back after a flush': () => world.stat(SlubStat.freeSlowpath) > 0,
        },
      },
    );
    return { cpus, make };
  },
};

function* shrinkTask(world: SlubWorld, ctx: Context, rounds: number): Steps<void> {
  for (let i = 0; i < rounds; i++) yield* slubShrink(ctx, world.cache);
}
