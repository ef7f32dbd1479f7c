import { CPU_SHIFT, CpuWord, SlubStat } from '@mm/slub';
import { Context } from '@mm/steps';

import { ModelViolation } from '../model-violation.js';
import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';
import { SlubWorld, allocTask, freeTask } from './slub-world.js';

/** A CPU takes one slab to allocate from, and of others half its limit and one more. */
const CPU_PARTIAL_SLABS = 2;

/** An allocation that takes slabs off the node's list while others free into them. */
export const slubGetPartial: NamedScenario = {
  name: 'slub-get-partial',
  purpose: 'an allocation that takes partial slabs off the node, while another CPU frees objects of theirs',
  functions: ['get_partial_node', 'acquire_slab', '__slab_free', 'put_cpu_partial'],
  holds: [
    'a CPU takes no more partial slabs than half its limit and one',
    'objects of a slab = in use + free',
  ],
  kills: [10],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlubWorld({ cpus, objects: 4, cpuPartialSlabs: CPU_PARTIAL_SLABS, minPartial: 0 });
    // Five slabs of four: all but the last are partial on the node, with two objects in use each.
    const taken = world.take(0, 20);
    const back = taken.slice(0, 16).filter((_, i) => i % 4 < 2);
    world.give(1, back);
    world.give(1, taken.slice(16));
    world.drain();
    const live = taken.slice(0, 16).filter((_, i) => i % 4 >= 2);
    const freed = live.slice(0, operations);
    world.hold(live.slice(operations));
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 1) return { ctx, name: 'free', steps: freeTask(world, ctx, freed) };
          return { ctx, name: `alloc ${cpu}`, steps: allocTask(world, ctx, operations) };
        }),
      {
        check: () => checkPartialLists(world),
        sometimes: {
          'slabs went to a CPU’s partial list': () => world.stat(SlubStat.cpuPartialNode) > 0,
          'freed into a slab on the node': () =>
            world.stat(SlubStat.freeSlowpath) > 0 && world.stat(SlubStat.freeFrozen) === 0,
          'freed into a slab that had been taken': () => world.stat(SlubStat.freeFrozen) > 0,
        },
      },
    );
    return { cpus, make };
  },
};

function checkPartialLists(world: SlubWorld): void {
  const { cache, slub } = world;
  const most = (CPU_PARTIAL_SLABS >> 1) + 1;
  for (let cpu = 0; cpu < slub.cpus; cpu++) {
    let slabs = 0;
    for (
      let slot = cache.cpu[(cpu << CPU_SHIFT) + CpuWord.partial]!;
      slot !== 0;
      slot = slub.frames.next[slot]!
    )
      slabs++;
    if (slabs > most)
      throw new ModelViolation(`a CPU takes at most ${most} further slabs`, `CPU ${cpu} has ${slabs}`);
  }
}
