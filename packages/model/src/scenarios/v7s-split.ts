import { type V7sBehaviour } from '@iommu/v7s-pgtable';
import type { Scenario } from '@mm/interleave';
import { Context } from '@mm/steps';

import { type NamedScenario, SMALL, type ScenarioSize, THREE_CPUS, TWO_EACH } from './scenario.js';
import { TablesWorld, mapTask, unmapTask } from './tables-world.js';

const SECTION = 0x100000;
const SUPERSECTION = 0x1000000;

/** Two unmappers of one section. */
export const v7sSplitSection: NamedScenario = {
  name: 'v7s-split-section',
  purpose:
    'two unmaps of a page each in one section: both split it, and the one that comes second must still unmap',
  functions: ['__arm_v7s_unmap', 'arm_v7s_split_blk_unmap', 'arm_v7s_install_table'],
  holds: [
    'unmapped = reported',
    'one table for a section, none lost',
    'the rest of the section stays mapped',
  ],
  kills: [34],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: (size) => splitting(size, SECTION, 'corrected'),
};

/** Two unmappers of one supersection. */
export const v7sSplitSupersection: NamedScenario = {
  name: 'v7s-split-supersection',
  purpose:
    'two unmaps of a page each in one supersection, whose sixteen entries are split under a lock first',
  functions: ['arm_v7s_split_cont', 'arm_v7s_split_blk_unmap', 'arm_v7s_install_table'],
  holds: ['unmapped = reported', 'the rest of the supersection stays mapped'],
  kills: [34],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: (size) => splitting(size, SUPERSECTION, 'corrected'),
};

function splitting({ cpus, operations }: ScenarioSize, block: number, behaviour: V7sBehaviour): Scenario {
  const world = new TablesWorld(behaviour);
  world.map(0, 0x80000000, block);
  const make = world.run(
    () =>
      Array.from({ length: cpus }, (_, cpu) => {
        const ctx = new Context(cpu);
        const iovas = Array.from({ length: operations }, (_op, i) => (cpu * operations + i) * 0x1000);
        return { ctx, name: `unmap ${cpu}`, steps: unmapTask(world, ctx, iovas) };
      }),
    { sometimes: { 'two tables were made': () => world.source.alive.size > 1 } },
  );
  return { cpus, make };
}

/** Maps and unmaps of different pages in one table. */
export const v7sMapUnmap: NamedScenario = {
  name: 'v7s-map-unmap',
  purpose: 'a map and an unmap of neighbouring pages of one table, which have no lock between them',
  functions: ['__arm_v7s_map', '__arm_v7s_unmap'],
  holds: ['an IOVA translates as it was mapped last'],
  kills: [],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new TablesWorld();
    for (let i = 0; i < operations; i++) world.map(0x1000 * i, 0x80000000 + 0x1000 * i, 0x1000);
    const mapped = Array.from({ length: operations }, (_, i) => 0x1000 * i);
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 0) return { ctx, name: 'unmap', steps: unmapTask(world, ctx, mapped) };
          const pages = Array.from({ length: operations }, (_op, i): [number, number] => {
            const page = (8 * cpu + i) * 0x1000;
            return [page, 0x90000000 + page];
          });
          return { ctx, name: `map ${cpu}`, steps: mapTask(world, ctx, pages) };
        }),
      { sometimes: { 'all were unmapped': () => world.unmappedBytes === 4096 * operations } },
    );
    return { cpus, make };
  },
};
