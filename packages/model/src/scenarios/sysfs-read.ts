import { kmemCacheDestroy, slubCpuDead } from '@mm/slub/stepped';
import { Context, type Steps } from '@mm/steps';
import { KERNEL_CONFIG, type SysfsParts } from '@mm/sysfs';
import { openFile, readFile, writeFile } from '@mm/sysfs/stepped';
import { VmSysctls } from '@mm/zones';

import { ModelViolation } from '../model-violation.js';
import { type NamedScenario, SMALL, THREE_CPUS } from './scenario.js';
import { SlubWorld, allocTask, flushTask } from './slub-world.js';

const partsOf = ({ small, slub }: SlubWorld): SysfsParts => ({
  pages: small.pages,
  kmem: slub,
  sysctls: new VmSysctls(small.pages.zones, small.pages.cpus),
  config: KERNEL_CONFIG,
});

/** Reading how many objects are in use, and slabinfo, while a first slab comes and is given up with most of its objects free. */
export const sysfsReadObjects: NamedScenario = {
  name: 'sysfs-read-objects',
  purpose: 'a read of `objects` while a slab is made on one CPU and put on the partial list',
  functions: ['show_slab_objects', 'count_partial', 'inc_slabs_node', 'deactivate_slab'],
  holds: ['a reader never sees an impossible number', 'objects in use = objects held'],
  kills: [],
  sizes: [SMALL, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlubWorld({ cpus, objects: 8 });
    const parts = partsOf(world);
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 0) return { ctx, name: 'read', steps: readTask(world, parts, ctx, operations) };
          if (cpu === 1) return { ctx, name: 'alloc, flush', steps: allocThenFlush(world, ctx, operations) };
          return { ctx, name: 'alloc', steps: allocTask(world, ctx, operations) };
        }),
      {
        sometimes: {
          'saw no slab': () => world.notes.has('0'),
          'saw the slab in use by a CPU': () => world.notes.has('8'),
          'saw the slab on the partial list': () => world.notes.has('1'),
        },
      },
    );
    return { cpus, make };
  },
};

function* allocThenFlush(world: SlubWorld, ctx: Context, operations: number): Steps<void> {
  yield* allocTask(world, ctx, operations);
  yield* flushTask(world, ctx, 1);
}

function* readTask(world: SlubWorld, parts: SysfsParts, ctx: Context, rounds: number): Steps<void> {
  const path = `/sys/kernel/slab/${world.cache.uid}/objects`;
  for (let i = 0; i < rounds; i++) {
    const file = yield* openFile(ctx, parts, path, 'reading');
    const text = typeof file === 'number' ? file : yield* readFile(ctx, parts, file);
    // Three CPUs make at most a slab of eight objects each.
    if (typeof text === 'number' || !/^\d+\n$/u.test(text) || Number(text) > 8 * 3)
      throw new ModelViolation('a reader never sees an impossible number', `objects ${text}`);
    world.notes.add(text.trimEnd());
  }
}

/** Using a file of a cache, by reading or by shrinking through it, while the cache is destroyed. */
function beside(
  name: 'partial' | 'shrink',
  rest: Omit<NamedScenario, 'at' | 'holds' | 'sizes'>,
): NamedScenario {
  return {
    ...rest,
    holds: [
      'a directory is given up when nobody uses its files any more',
      'no lock is waited for in a circle',
    ],
    sizes: [SMALL, THREE_CPUS],
    at: ({ cpus, operations }) => {
      // A CPU goes beside a writer: the last, on which nothing runs.
      const hasHotplug = name === 'shrink';
      const all = hasHotplug ? cpus + 1 : cpus;
      const world = new SlubWorld({ cpus: all });
      const parts = partsOf(world);
      const make = world.run(
        () => {
          const tasks = Array.from({ length: cpus }, (_, cpu) => {
            const ctx = new Context(cpu);
            if (cpu === cpus - 1) return { ctx, name: 'destroy', steps: destroyTask(world, ctx) };
            return { ctx, name, steps: useTask(world, parts, ctx, name, operations) };
          });
          const ctx = new Context(0);
          if (hasHotplug) tasks.push({ ctx, name: 'hotplug', steps: slubCpuDead(ctx, world.slub, cpus) });
          return tasks;
        },
        {
          sometimes: {
            'used before the directory went': () => world.notes.has('used'),
            'found no directory': () => world.notes.has('gone'),
          },
        },
      );
      return { cpus: all, make };
    },
  };
}

/** A reader of a file holds on to its directory. */
export const sysfsReadDestroy: NamedScenario = beside('partial', {
  name: 'sysfs-read-destroy',
  purpose: 'a read of a file while the cache is destroyed and its directory removed',
  functions: ['kernfs_get_active', 'kernfs_drain', 'kmem_cache_destroy', 'show_slab_objects'],
  kills: [],
});

/** A writer holds on to the directory, and needs the CPUs to stay. */
export const sysfsShrinkDestroy: NamedScenario = beside('shrink', {
  name: 'sysfs-shrink-destroy',
  purpose: 'a write to `shrink`, which needs the CPUs to stay, while one goes and the cache is destroyed',
  functions: ['kernfs_get_active', 'kernfs_drain', 'kmem_cache_destroy', 'shrink_store', 'cpus_read_lock'],
  kills: [15],
});

function* destroyTask(world: SlubWorld, ctx: Context): Steps<void> {
  const clean = yield* kmemCacheDestroy(ctx, world.cache);
  if (!clean) throw new ModelViolation('a cache without objects can be destroyed', world.cache.name);
}

function* useTask(
  world: SlubWorld,
  parts: SysfsParts,
  ctx: Context,
  name: 'partial' | 'shrink',
  rounds: number,
): Steps<void> {
  const { cache, slub } = world;
  const path = `/sys/kernel/slab/${cache.uid}/${name}`;
  for (let i = 0; i < rounds; i++) {
    const file = yield* openFile(ctx, parts, path, name === 'shrink' ? 'writing' : 'reading');
    if (typeof file === 'number') {
      world.notes.add('gone');
      continue;
    }
    const answer =
      name === 'shrink' ? yield* writeFile(ctx, parts, file, '1') : yield* readFile(ctx, parts, file);
    if (typeof answer === 'number' && answer < 0) {
      world.notes.add('gone');
      continue;
    }
    world.notes.add('used');
    if (slub.names.directories.get(cache.uid) !== cache)
      throw new ModelViolation('a directory is given up when nobody uses its files any more', cache.uid);
  }
}
