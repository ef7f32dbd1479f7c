import { Context } from '@mm/steps';

import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';
import { TablesWorld, mapTask } from './tables-world.js';

/** Two maps into one section that has no table yet. */
export const v7sInstallTable: NamedScenario = {
  name: 'v7s-install-table',
  purpose: 'maps on several CPUs into one section without a table: each makes one, and only one may stay',
  functions: ['__arm_v7s_map', 'arm_v7s_install_table'],
  holds: ['one table for a section, none lost', 'no mapping is lost'],
  kills: [42],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new TablesWorld();
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          const pages = Array.from({ length: operations }, (_op, i): [number, number] => {
            const page = (cpu * operations + i) * 0x1000;
            return [0x100000 + page, 0x80000000 + page];
          });
          return { ctx, name: `map ${cpu}`, steps: mapTask(world, ctx, pages) };
        }),
      { sometimes: { 'two tables were made': () => world.source.alive.size > 1 } },
    );
    return { cpus, make };
  },
};
