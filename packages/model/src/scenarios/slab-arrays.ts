import { NodeWord, tuneCache as tuneNow } from '@mm/slab';
import { drainAll, slabCpuDead, slabShrink, tuneCache } from '@mm/slab/stepped';
import { Context, type Steps } from '@mm/steps';

import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';
import { SlabWorld, slabAllocTask, slabFreeTask } from './slab-world.js';

/** Every CPU empties its array while one allocates. */
export const slabDrainAlloc: NamedScenario = {
  name: 'slab-drain-alloc',
  purpose:
    'every CPU is made to empty its array while one fills its own from the lists, sleeping for a new slab',
  functions: ['drain_cpu_caches', 'do_drain', 'cache_alloc_refill', 'cache_grow_begin'],
  holds: ['objects in use = objects held', 'no object is in two arrays'],
  kills: [],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlabWorld({ cpus, limit: 3, batch: 2 });
    // CPU 0's array is empty, and its slab full: it needs a new one.
    world.held.push(...world.take(0, 4));
    world.drain();
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 1)
            return { ctx, name: 'drain', steps: times(operations, () => drainAll(ctx, world.cache)) };
          return { ctx, name: `alloc ${cpu}`, steps: slabAllocTask(world, ctx, operations) };
        }),
      {
        sometimes: {
          'the array was emptied after it had been filled': () =>
            world.held.length > 4 && world.avail(0) === 0,
          'it was filled last': () => world.held.length > 4 && world.avail(0) > 0,
        },
      },
    );
    return { cpus, make };
  },
};

/** Arrays of other sizes take the place of those in use. */
export const slabTuneAlloc: NamedScenario = {
  name: 'slab-tune-alloc',
  purpose:
    'a write to slabinfo gives every CPU a new, shorter array while one allocates from, and frees to, the old',
  functions: ['do_tune_cpucache', 'kick_all_cpus_sync', 'cache_alloc_refill', 'cache_flusharray'],
  holds: ['no array is longer than its limit', 'what old arrays held goes back'],
  kills: [],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlabWorld({ cpus, limit: 4, batch: 3 });
    const taken = world.take(0, 6);
    const freed = cpus > 2 ? taken.slice(0, operations) : [];
    world.held.push(...taken.slice(freed.length));
    world.drain();
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 0) return { ctx, name: 'alloc', steps: slabAllocTask(world, ctx, operations) };
          if (cpu === 1) return { ctx, name: 'tune', steps: tuneTask(world, ctx, operations) };
          return { ctx, name: 'free', steps: slabFreeTask(world, ctx, freed) };
        }),
      {
        sometimes: {
          'the new array was filled': () => world.cache.limit < 4 && world.avail(0) > 0,
          'the new array was not used yet': () => world.cache.limit < 4 && world.avail(0) === 0,
        },
      },
    );
    return { cpus, make };
  },
};

/** Shrinking under a free. */
export const slabShrinkFree: NamedScenario = {
  name: 'slab-shrink-free',
  purpose:
    'shrinking a cache, which empties all arrays and gives free slabs back, while a full array overflows',
  functions: ['__kmem_cache_shrink', 'drain_freelist', 'cache_flusharray', 'slab_destroy'],
  holds: ['a slab is given back once, and empty', 'total_slabs and free_objects = what a walk counts'],
  kills: [],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlabWorld({ cpus, limit: 2, batch: 2 });
    const share = operations + 2;
    const taken = Array.from({ length: cpus }, (_, cpu) => (cpu === 1 ? [] : world.take(cpu, share)));
    world.drain();
    // The arrays are full: the next free makes room first.
    for (const [cpu, objects] of taken.entries()) world.give(cpu, objects.slice(0, 2));
    const make = world.run(
      () =>
        taken.map((objects, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 1)
            return { ctx, name: 'shrink', steps: times(operations, () => shrinkOnce(world, ctx)) };
          return { ctx, name: `free ${cpu}`, steps: slabFreeTask(world, ctx, objects.slice(2)) };
        }),
      {
        sometimes: {
          'all slabs were given back': () => world.cache.node[NodeWord.totalSlabs] === 0,
          'the last object came after': () => world.avail(0) > 0,
        },
      },
    );
    return { cpus, make };
  },
};

/** Shrinking while the shared array is exchanged. */
export const slabShrinkTune: NamedScenario = {
  name: 'slab-shrink-tune',
  purpose:
    'shrinking a cache empties the shared array, of which a write to slabinfo gives back the same objects',
  functions: ['drain_cpu_caches', 'drain_array_locked', 'do_tune_cpucache', 'drain_freelist'],
  holds: ['an object comes back once', 'total_slabs and free_objects = what a walk counts'],
  kills: [],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlabWorld({ cpus, limit: 2, batch: 1 });
    tuneNow(new Context(0), world.cache, 2, 1, 4);
    // Two stay in the array of CPU 0, the others overflow into the shared one.
    world.give(0, world.take(0, 5));
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 0) return { ctx, name: 'tune', steps: tuneTask(world, ctx, operations) };
          return { ctx, name: `shrink ${cpu}`, steps: times(operations, () => shrinkOnce(world, ctx)) };
        }),
      {
        sometimes: {
          'all slabs were given back': () => world.cache.node[NodeWord.totalSlabs] === 0,
          'the last object came after': () => world.cache.node[NodeWord.totalSlabs]! > 0,
        },
      },
    );
    return { cpus, make };
  },
};

/** A CPU that goes offline with a full array. */
export const slabCpuOffline: NamedScenario = {
  name: 'slab-cpu-offline',
  purpose: 'what an offline CPU’s array held goes back to slabs from which others allocate',
  functions: ['cpuup_canceled', 'free_block', 'cache_alloc_refill'],
  holds: ['nothing that the CPU held is lost', 'objects in use = objects held'],
  kills: [],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const gone = cpus;
    const world = new SlabWorld({ cpus: cpus + 1, limit: 3, batch: 2 });
    const taken = world.take(gone, 4);
    world.drain();
    world.give(gone, taken.slice(0, 3));
    world.held.push(...taken.slice(3));
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 1)
            return { ctx, name: 'hotplug', pinned: true, steps: slabCpuDead(ctx, world.slab, gone) };
          return { ctx, name: `alloc ${cpu}`, pinned: true, steps: slabAllocTask(world, ctx, operations) };
        }),
      {
        sometimes: {
          'one slab served all': () => world.held.length > 1 && world.cache.node[NodeWord.totalSlabs] === 1,
          'another was made before the objects were back': () => world.cache.node[NodeWord.totalSlabs]! > 1,
        },
      },
    );
    return { cpus: cpus + 1, make };
  },
};

function* times(rounds: number, work: () => Steps<void>): Steps<void> {
  for (let i = 0; i < rounds; i++) yield* work();
}

function* shrinkOnce(world: SlabWorld, ctx: Context): Steps<void> {
  yield* slabShrink(ctx, world.cache);
}

/** Each time an object shorter. */
function* tuneTask(world: SlabWorld, ctx: Context, rounds: number): Steps<void> {
  for (let i = 0; i < rounds; i++) yield* tuneCache(ctx, world.cache, 2 - i, 1, 0);
}
