import { MigrateType } from '@mm/buddy';
import { unreserveHighatomic } from '@mm/buddy/stepped';
import { Context, type Steps } from '@mm/steps';
import { GFP_ATOMIC } from '@mm/zones';

import { checkReserve } from './buddy-highatomic.js';
import { PagesWorld, allocPagesTask, freePagesTask } from './pages-world.js';
import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';

/** Pages of a reserved pageblock that come back after it was given back. */
export const buddyUnreserveFree: NamedScenario = {
  name: 'buddy-unreserve-free',
  purpose:
    'a page of a reserved pageblock is freed by the type that it had, while the pageblock is given back',
  functions: ['unreserve_highatomic_pageblock', 'free_unref_page', '__free_one_page'],
  holds: ['reserved pages = pages of the pageblocks of that type'],
  kills: [26],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    // A percent of so many pages lets two pageblocks be reserved.
    const world = new PagesWorld({
      cpus,
      pages: 992,
      pageblockOrder: 3,
      warm: 0,
      batch: 1,
      high: 1,
      wmark: [4, 992],
    });
    // Each has a pageblock of its own reserved. The last fills its whole one, so that it stays.
    const taken = world.take(0, 1, operations, GFP_ATOMIC);
    world.held.push(...world.take(0, 3, 1, GFP_ATOMIC));
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 0) return { ctx, name: 'free', steps: freePagesTask(world, ctx, taken) };
          if (cpu === 1)
            return { ctx, name: 'unreserve twice', steps: unreserveTwice(world, ctx, operations) };
          return { ctx, name: 'alloc', steps: allocPagesTask(world, ctx, 1, operations, GFP_ATOMIC) };
        }),
      {
        check: () => checkReserve(world),
        sometimes: {
          'a stray page of the reserve was found': () => world.notes.has('stray'),
        },
      },
    );
    return { cpus, make };
  },
};

/** Gives the reserve back, pageblock by pageblock, and what of them came back late. */
function* unreserveTwice(world: PagesWorld, ctx: Context, rounds: number): Steps<void> {
  for (let i = 0; i < 2 * rounds; i++) {
    const before = world.reserved;
    const moved = yield* unreserveHighatomic(ctx, world.pages, 0, MigrateType.MOVABLE, true);
    if (moved && world.reserved === before) world.notes.add('stray');
  }
}
