import { Context } from '@mm/steps';

import { PagesWorld, allocPagesTask, freePagesTask } from './pages-world.js';
import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';

/** An order that does not come from per-cpu lists. */
const ORDER = 4;

/** Blocks that are split and merged on several CPUs at once. */
export const buddySplitMerge: NamedScenario = {
  name: 'buddy-split-merge',
  purpose: 'one CPU splits a block for an allocation while another frees the buddy that it would merge with',
  functions: ['rmqueue_buddy', 'expand', '__free_one_page'],
  holds: ['no two free buddies stand unmerged', 'free + held pages = managed pages'],
  kills: [],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new PagesWorld({ cpus, pages: 240, warm: 1 });
    const taken = world.take(0, ORDER, 2 * operations);
    const shares = Array.from({ length: cpus }, (_, cpu) => {
      const at = cpu === 0 ? 0 : operations;
      return cpu === 1 ? [] : taken.slice(at, at + operations);
    });
    const freed = new Set(shares.flat().map(({ pfn }) => pfn));
    world.held.push(...taken.filter(({ pfn }) => !freed.has(pfn)));
    const before = world.held.length;
    const got = (again: boolean): boolean =>
      world.held.slice(before).some(({ pfn }) => freed.has(pfn) === again);
    const make = world.run(
      () =>
        shares.map((blocks, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 1) return { ctx, name: 'alloc', steps: allocPagesTask(world, ctx, ORDER, operations) };
          return { ctx, name: `free ${cpu}`, steps: freePagesTask(world, ctx, blocks) };
        }),
      {
        sometimes: {
          'a freed block was handed out again': () => got(true),
          'another block was split': () => got(false),
        },
      },
    );
    return { cpus, make };
  },
};
