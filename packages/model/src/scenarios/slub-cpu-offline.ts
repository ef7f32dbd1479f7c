import { CPU_SHIFT, CpuWord, SlubStat } from '@mm/slub';
import { slubCpuDead } from '@mm/slub/stepped';
import { Context } from '@mm/steps';

import { ModelViolation } from '../model-violation.js';
import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';
import { SlubWorld, allocAndFreeTask, freeTask } from './slub-world.js';

/** The CPU that goes: the last, on which no task runs any more. */
export const slubCpuOffline: NamedScenario = {
  name: 'slub-cpu-offline',
  purpose:
    'what an offline CPU held is given back by another, while objects of its slabs are freed and taken',
  functions: ['slub_cpu_dead', '__flush_cpu_slab', '__slab_free'],
  holds: ['nothing that the CPU held is lost', 'objects in use = objects held'],
  kills: [],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const gone = cpus;
    const world = new SlubWorld({ cpus: cpus + 1, objects: 4, cpuPartialSlabs: 2 });
    // The CPU works on one slab, and has another on its partial list.
    const first = world.take(0, 4);
    const taken = world.take(gone, 3);
    world.give(gone, first.slice(0, 1));
    world.hold([...first.slice(1), ...taken.slice(operations)]);
    const make = world.run(
      () => {
        const hotplug = new Context(0);
        const freer = new Context(1);
        const tasks = [
          { ctx: hotplug, name: 'hotplug', pinned: true, steps: slubCpuDead(hotplug, world.slub, gone) },
          {
            ctx: freer,
            name: 'free',
            pinned: true,
            steps: freeTask(world, freer, taken.slice(0, operations)),
          },
        ];
        for (let cpu = 2; cpu < cpus; cpu++) {
          const ctx = new Context(cpu);
          tasks.push({
            ctx,
            name: `user ${cpu}`,
            pinned: true,
            steps: allocAndFreeTask(world, ctx, operations),
          });
        }
        return tasks;
      },
      {
        sometimes: {
          'freed while the CPU still had the slab': () => world.stat(SlubStat.freeFrozen) > 0,
          'freed after it had given the slab back': () =>
            world.stat(SlubStat.freeFrozen) === 0 && world.stat(SlubStat.freeSlowpath) > 0,
        },
      },
    );
    return { cpus: cpus + 1, make };
  },
};

/** The CPU that goes, in the middle of what a task does there. */
export const slubCpuOfflineBusy: NamedScenario = {
  name: 'slub-cpu-offline-busy',
  purpose:
    'a CPU goes offline between the steps of a task that allocates and frees on it, and that goes on elsewhere',
  functions: ['takedown_cpu', 'slub_cpu_dead', '__flush_cpu_slab', 'slab_alloc_node', 'do_slab_free'],
  holds: ['a CPU that is offline holds no slab', 'objects in use = objects held'],
  kills: [],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    // Who takes it away is on the last CPU, and its task goes on on the first.
    const gone = 1;
    const world = new SlubWorld({ cpus: cpus + 1, objects: 4, cpuPartialSlabs: 2 });
    // The CPU works on a slab with two objects left; others of it are freed from elsewhere.
    const taken = world.take(gone, 2);
    const freed = cpus > 2 ? taken.slice(0, 1) : [];
    world.hold(taken.slice(freed.length));
    const make = world.run(
      () => {
        const [hotplug, user, freer] = [new Context(cpus), new Context(gone), new Context(2)];
        const tasks = [
          { ctx: hotplug, name: 'unplug', steps: slubCpuDead(hotplug, world.slub, gone) },
          { ctx: user, name: 'alloc, free', steps: allocAndFreeTask(world, user, operations) },
        ];
        if (cpus > 2) tasks.push({ ctx: freer, name: 'free', steps: freeTask(world, freer, freed) });
        return tasks;
      },
      {
        sometimes: {
          'the task noticed that it had been moved': world.exchangeFailed,
          'the task worked on another CPU': () => world.cache.cpu[CpuWord.slab] !== -1,
        },
        check: () => {
          const at = gone << CPU_SHIFT;
          if (world.cache.cpu[at | CpuWord.slab] !== -1 || world.cache.cpu[at | CpuWord.partial] !== 0)
            throw new ModelViolation('a CPU that is offline holds no slab', `CPU ${gone} does`);
        },
      },
    );
    return { cpus: cpus + 1, make };
  },
};
