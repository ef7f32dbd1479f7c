import { allocPagesBulk, drainPagesZone } from '@mm/buddy/stepped';
import { Context, type Steps } from '@mm/steps';
import { GFP_KERNEL } from '@mm/zones';

import { PagesWorld, allocPagesTask, freePagesTask } from './pages-world.js';
import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';

/** A drain of a CPU's lists by another, while the CPU allocates from them. */
export const buddyDrainAlloc: NamedScenario = {
  name: 'buddy-drain-alloc',
  purpose:
    'a CPU allocates from its lists while another drains them: the lists may be locked, or empty by then',
  functions: ['drain_pages_zone', 'rmqueue_pcplist', 'free_pcppages_bulk'],
  holds: ['a CPU’s count = pages on its lists', 'free + held pages = managed pages'],
  kills: [24, 25],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new PagesWorld({ cpus, warm: 3, batch: 2 });
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 1) return { ctx, name: 'drain', steps: drainTask(world, ctx, 0, operations) };
          return { ctx, name: `alloc ${cpu}`, steps: allocPagesTask(world, ctx, 0, operations) };
        }),
      {
        sometimes: {
          'the lists were drained first, and filled again': () =>
            world.held.length > 0 && world.onCpu(0) > 0 && world.onCpu(0) !== 3 - operations,
          'the lists ended empty': () => world.held.length > 0 && world.onCpu(0) === 0,
        },
      },
    );
    return { cpus, make };
  },
};

/** A drain while the CPU frees, and gives some back itself. */
export const buddyDrainFree: NamedScenario = {
  name: 'buddy-drain-free',
  purpose: 'a free that finds its CPU’s lists too long and gives some back, while another CPU drains them',
  functions: ['drain_pages_zone', 'free_unref_page_commit', 'free_pcppages_bulk'],
  holds: ['no more pages are given back than are on the lists', 'a CPU’s count = pages on its lists'],
  kills: [24, 25],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new PagesWorld({ cpus, warm: 4, batch: 2, high: 4 });
    const taken = Array.from({ length: cpus }, (_, cpu) => world.take(cpu, 0, operations));
    world.held.push(...taken[1]!);
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 1) return { ctx, name: 'drain', steps: drainTask(world, ctx, 0, operations) };
          return { ctx, name: `free ${cpu}`, steps: freePagesTask(world, ctx, taken[cpu]!) };
        }),
      {
        sometimes: {
          'the page came back to empty lists': () => world.onCpu(0) > 0,
          'the lists ended empty': () => world.onCpu(0) === 0,
        },
      },
    );
    return { cpus, make };
  },
};

/** A bulk allocation that fills its array from lists that are being drained. */
export const buddyBulkAlloc: NamedScenario = {
  name: 'buddy-bulk-alloc',
  purpose: 'a bulk allocation of single pages, while another CPU drains the lists that they come from',
  functions: ['__alloc_pages_bulk', 'drain_pages_zone'],
  holds: ['no page is handed out twice', 'a CPU’s count = pages on its lists'],
  kills: [24, 25],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new PagesWorld({ cpus, warm: 2, batch: 2 });
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 1) return { ctx, name: 'drain', steps: drainTask(world, ctx, 0, operations) };
          return { ctx, name: `bulk ${cpu}`, steps: bulkTask(world, ctx, operations) };
        }),
      {
        sometimes: {
          'all three were had at once': () => world.notes.has('all'),
          'the lists were in use, and one page was all': () => world.notes.has('one'),
        },
      },
    );
    return { cpus, make };
  },
};

function* drainTask(world: PagesWorld, ctx: Context, cpu: number, rounds: number): Steps<void> {
  for (let i = 0; i < rounds; i++) yield* drainPagesZone(ctx, world.pages, cpu, 0);
}

function* bulkTask(world: PagesWorld, ctx: Context, rounds: number): Steps<void> {
  for (let i = 0; i < rounds; i++) {
    const pfns = new Int32Array(3).fill(-1);
    const got = yield* allocPagesBulk(ctx, world.pages, GFP_KERNEL, 3, pfns);
    world.notes.add(got === 3 ? 'all' : 'one');
    for (const pfn of pfns) if (pfn >= 0) world.held.push({ pfn, order: 0 });
  }
}
