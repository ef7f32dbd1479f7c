import { CPU_SHIFT, CpuWord, SlubStat } from '@mm/slub';
import { Context } from '@mm/steps';

import { ModelViolation } from '../model-violation.js';
import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';
import { SlubWorld, freeTask } from './slub-world.js';

/** Slabs that a CPU's partial list may hold here. */
const SLABS_MAX = 1;

/** A CPU's partial list that overflows to the node while others free into its slabs. */
export const slubCpuPartial: NamedScenario = {
  name: 'slub-cpu-partial',
  purpose:
    'a free that overflows its CPU’s partial list to the node, while another CPU frees into those slabs',
  functions: ['__slab_free', 'put_cpu_partial', '__unfreeze_partials'],
  holds: ['a CPU’s partial list is no longer than its limit', 'a slab is on one list at most'],
  kills: [10, 11],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlubWorld({ cpus, objects: 2, cpuPartialSlabs: SLABS_MAX, minPartial: 1 });
    // CPU 0 fills slabs; CPU 1 has freed one object of the first, which is now on its partial list.
    const taken = world.take(0, 2 * (operations + 3));
    world.give(1, taken.slice(0, 1));
    const rest = taken.slice(1);
    // One object of each further slab comes back on CPU 1, and the other one of the same slabs on the other CPUs.
    const own = rest.filter((_, i) => i % 2 === 1).slice(0, operations);
    const others = [rest[0]!, ...rest.filter((_, i) => i % 2 === 0).slice(1)];
    const shares = Array.from({ length: cpus }, (_, cpu) => {
      if (cpu === 1) return own;
      const at = cpu === 0 ? 0 : operations;
      return others.slice(at, at + operations);
    });
    const freed = new Set(shares.flat());
    world.hold(rest.filter((object) => !freed.has(object)));
    const cpuCells = Array.from({ length: cpus }, (_, cpu) => world.cache.cpuCell + cpu);
    const make = world.run(
      () =>
        shares.map((objects, cpu) => {
          const ctx = new Context(cpu);
          return { ctx, name: `free ${cpu}`, steps: freeTask(world, ctx, objects) };
        }),
      {
        always: () => checkPartialLists(world),
        alwaysCells: cpuCells,
        sometimes: {
          'a full list went to the node': () => world.stat(SlubStat.cpuPartialDrain) > 0,
          'freed into a frozen slab': () => world.stat(SlubStat.freeFrozen) > 0,
        },
      },
    );
    return { cpus, make };
  },
};

/** The list is walked: its own count may be what is wrong. */
function checkPartialLists(world: SlubWorld): void {
  const { cache, slub } = world;
  for (let cpu = 0; cpu < slub.cpus; cpu++) {
    let slabs = 0;
    let slot = cache.cpu[(cpu << CPU_SHIFT) + CpuWord.partial]!;
    for (; slot !== 0 && slabs <= SLABS_MAX + 1; slot = slub.frames.next[slot]!) slabs++;
    if (slabs > SLABS_MAX)
      throw new ModelViolation('a CPU’s partial list is no longer than its limit', `CPU ${cpu}: ${slabs}`);
  }
}
