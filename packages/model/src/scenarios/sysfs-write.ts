import { SlubStat } from '@mm/slub';
import { Context, type Steps } from '@mm/steps';
import { KERNEL_CONFIG, type SysfsParts } from '@mm/sysfs';
import { openFile, writeFile } from '@mm/sysfs/stepped';
import { VmSysctls } from '@mm/zones';

import { ModelViolation } from '../model-violation.js';
import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';
import { SlabWorld, slabAllocTask, slabFreeTask } from './slab-world.js';
import { SlubWorld, allocAndFreeTask, freeTask } from './slub-world.js';

const partsOf = ({ small }: SlubWorld | SlabWorld, kmem: SysfsParts['kmem']): SysfsParts => ({
  pages: small.pages,
  kmem,
  sysctls: new VmSysctls(small.pages.zones, small.pages.cpus),
  config: KERNEL_CONFIG,
});

/** Opens a file and writes it, `rounds` times. */
function* writeTask(
  ctx: Context,
  parts: SysfsParts,
  path: string,
  text: string,
  rounds: number,
): Steps<void> {
  for (let i = 0; i < rounds; i++) {
    const file = yield* openFile(ctx, parts, path, 'writing');
    const answer = typeof file === 'number' ? file : yield* writeFile(ctx, parts, file, text);
    if (answer !== text.length)
      throw new ModelViolation('a good write is taken', `${path}: ${String(answer)}`);
  }
}

/** A write to one of SLUB's files, while another CPU frees the last objects of slabs. */
function slubWrite(
  file: 'cpu_partial' | 'min_partial' | 'shrink',
  text: string,
  rest: Pick<NamedScenario, 'name' | 'purpose' | 'functions' | 'holds'>,
): NamedScenario {
  return {
    ...rest,
    kills: [],
    sizes: [SMALL, TWO_EACH, THREE_CPUS],
    at: ({ cpus, operations }) => {
      const world = new SlubWorld({ cpus, minPartial: 0, cpuPartialSlabs: 3 });
      const parts = partsOf(world, world.slub);
      // Full slabs: with a first free they come to a CPU's partial list, with the second they are empty. Or, on the node's
      // list, slabs of which the first has been freed.
      const taken = world.take(0, 2 * (operations + 1));
      world.hold(taken.splice(2 * operations));
      const early = file === 'min_partial' ? taken.filter((_, i) => i % 2 === 0) : [];
      world.give(0, early);
      world.drain();
      const freed = taken.filter((object) => !early.includes(object));
      const path = `/sys/kernel/slab/${world.cache.uid}/${file}`;
      const make = world.run(
        () =>
          Array.from({ length: cpus }, (_, cpu) => {
            const ctx = new Context(cpu);
            if (cpu === 0)
              return {
                ctx,
                name: `write ${file}`,
                steps: writeTask(ctx, parts, path, text, operations),
              };
            if (cpu === 1) return { ctx, name: 'free', steps: freeTask(world, ctx, freed) };
            return { ctx, name: 'alloc, free', steps: allocAndFreeTask(world, ctx, operations) };
          }),
        {
          sometimes: {
            'a slab was given back': () => world.stat(SlubStat.freeSlab) > 0,
            'all were freed, and a slab was kept': () =>
              world.freed === freed.length && world.stat(SlubStat.freeSlab) < operations,
          },
        },
      );
      return { cpus, make };
    },
  };
}

/** CPUs keep no partial slabs any more. */
export const sysfsWriteCpuPartial: NamedScenario = slubWrite('cpu_partial', '0\n', {
  name: 'sysfs-write-cpu-partial',
  purpose: 'a write to `cpu_partial`, which flushes every CPU, while one puts slabs on its partial list',
  functions: ['cpu_partial_store', 'flush_all', 'put_cpu_partial', '__slab_free'],
  holds: ['a CPU keeps no more partial slabs than it may', 'objects in use = objects held'],
});

/** The node keeps more empty slabs. */
export const sysfsWriteMinPartial: NamedScenario = slubWrite('min_partial', '4\n', {
  name: 'sysfs-write-min-partial',
  purpose: 'a write to `min_partial`, while another CPU frees the last object of a slab and looks at it',
  functions: ['min_partial_store', '__slab_free', '__unfreeze_partials'],
  holds: ['a slab is on one list, or given back', 'objects in use = objects held'],
});

/** All that is empty goes. */
export const sysfsWriteShrink: NamedScenario = slubWrite('shrink', '1\n', {
  name: 'sysfs-write-shrink',
  purpose: 'a write to `shrink`, while another CPU freezes a full slab for its partial list and empties it',
  functions: ['shrink_store', '__kmem_cache_do_shrink', '__slab_free', 'put_cpu_partial'],
  holds: ['a slab is given back once, and empty', 'objects in use = objects held'],
});

/** The arrays of SLAB get another size. */
export const slabinfoWrite: NamedScenario = {
  name: 'slabinfo-write',
  purpose: 'a write to /proc/slabinfo tunes a cache, while one CPU overflows its array and another takes',
  functions: ['slabinfo_write', 'do_tune_cpucache', 'cache_flusharray', 'cache_alloc_refill'],
  holds: ['no array is longer than its limit', 'objects in use = objects held'],
  kills: [],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlabWorld({ cpus, limit: 2, batch: 1 });
    const parts = partsOf(world, world.slab);
    // The array of CPU 1 is full: a free makes room first.
    const taken = world.take(1, operations + 2);
    world.give(1, taken.slice(operations));
    const text = 'object 1 1 0\n';
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 0)
            return {
              ctx,
              name: 'write slabinfo',
              steps: writeTask(ctx, parts, '/proc/slabinfo', text, operations),
            };
          if (cpu === 1)
            return { ctx, name: 'free', steps: slabFreeTask(world, ctx, taken.slice(0, operations)) };
          return { ctx, name: 'alloc', steps: slabAllocTask(world, ctx, operations) };
        }),
      {
        sometimes: {
          'the new array was filled': () => world.cache.limit === 1 && world.avail(1) === 1,
          'what the old one held went back': () => world.cache.limit === 1 && world.avail(1) === 0,
        },
      },
    );
    return { cpus, make };
  },
};
