import { SlubStat } from '@mm/slub';
import { flushCpu } from '@mm/slub/stepped';
import { Context, type Steps } from '@mm/steps';

import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';
import { SlubWorld, freeTask } from './slub-world.js';

/** Frees from other CPUs into a slab that its own CPU is giving up. */
export const slubRemoteFree: NamedScenario = {
  name: 'slub-remote-free',
  purpose:
    'a free from another CPU into a slab that is being deactivated: both exchange its list and counters',
  functions: ['__slab_free', 'deactivate_slab', 'put_cpu_partial'],
  holds: [
    'objects of a slab = in use + free',
    'a slab is frozen as long as a CPU has it, and on one list at most',
  ],
  kills: [],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlubWorld({ cpus, objects: 8 });
    const taken = world.take(0, 6);
    world.hold(taken.slice((cpus - 1) * operations));
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 0) return { ctx, name: 'deactivate', steps: deactivateTask(world, ctx, operations) };
          const objects = taken.slice((cpu - 1) * operations, cpu * operations);
          return { ctx, name: `free ${cpu}`, steps: freeTask(world, ctx, objects) };
        }),
      {
        sometimes: {
          'freed into a frozen slab': () => world.stat(SlubStat.freeFrozen) > 0,
          'the slab got remote frees before it was given up': () =>
            world.stat(SlubStat.deactivateRemoteFrees) > 0,
          'a compare-exchange on the slab failed': world.slabExchangeFailed,
        },
      },
    );
    return { cpus, make };
  },
};

function* deactivateTask(world: SlubWorld, ctx: Context, rounds: number): Steps<void> {
  for (let i = 0; i < rounds; i++) yield* flushCpu(ctx, world.cache, ctx.cpu);
}
