import { SlubStat } from '@mm/slub';
import { Context } from '@mm/steps';

import { type NamedScenario, SMALL, TWO_EACH } from './scenario.js';
import { SlubWorld, allocTask } from './slub-world.js';

/** A task that is moved to another CPU between two reads of the fast path. */
export const slubMigrate: NamedScenario = {
  name: 'slub-migrate',
  purpose:
    'a task that is moved to another CPU in the middle of the fast path, while that CPU allocates as well',
  functions: ['slab_alloc_node', 'do_slab_free'],
  holds: ['transaction ids of different CPUs never meet', 'no object is handed out twice'],
  kills: [],
  sizes: [SMALL, TWO_EACH],
  moves: 1,
  at: ({ cpus, operations }) => {
    const world = new SlubWorld({ cpus, objects: 8 });
    // Both CPUs have made as many transactions, so that only the CPU's part of the ids differs.
    for (let cpu = 0; cpu < cpus; cpu++) world.hold(world.take(cpu, 1));
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          return { ctx, name: `alloc ${cpu}`, pinned: cpu > 0, steps: allocTask(world, ctx, operations) };
        }),
      {
        sometimes: {
          'the exchange failed on the other CPU': world.exchangeFailed,
          'one CPU served both': () =>
            world.held.length === 2 + 2 * operations && world.stat(SlubStat.allocFastpath) >= 2 * operations,
        },
      },
    );
    return { cpus, make };
  },
};
