import { MigrateType, blockTypeOf } from '@mm/buddy';
import { unreserveHighatomic } from '@mm/buddy/stepped';
import { Context, type Steps } from '@mm/steps';
import { GFP_ATOMIC } from '@mm/zones';

import { ModelViolation } from '../model-violation.js';
import { PagesWorld, allocPagesTask, freePagesTask } from './pages-world.js';
import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';

const BLOCK_ORDER = 3;

/** The reserve for atomic allocations of higher order, grown and shrunk at once. */
export const buddyHighatomic: NamedScenario = {
  name: 'buddy-highatomic',
  purpose:
    'atomic allocations of higher order reserve pageblocks while the reserve is given back and pages of it freed',
  functions: ['reserve_highatomic_pageblock', 'unreserve_highatomic_pageblock', 'free_unref_page_commit'],
  holds: ['reserved pages = pages of the pageblocks of that type', 'the reserve keeps its limit'],
  kills: [26],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    // Below the low watermark, so that an atomic allocation goes the slow way, and reserves.
    const world = new PagesWorld({ cpus, pages: 64, pageblockOrder: BLOCK_ORDER, warm: 0, wmark: [4, 64] });
    const taken = world.take(0, 1, operations, GFP_ATOMIC);
    if (cpus < 3) world.held.push(...taken);
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 0)
            return { ctx, name: 'alloc', steps: allocPagesTask(world, ctx, 1, operations, GFP_ATOMIC) };
          if (cpu === 1) return { ctx, name: 'unreserve', steps: unreserveTask(world, ctx, operations) };
          return { ctx, name: 'free', steps: freePagesTask(world, ctx, taken) };
        }),
      {
        check: () => checkReserve(world),
        sometimes: {
          'a pageblock is reserved': () => world.reserved > 0,
          'the reserve was given back': () => world.notes.has('given back'),
          'nothing is reserved': () => world.reserved === 0,
        },
      },
    );
    return { cpus, make };
  },
};

function* unreserveTask(world: PagesWorld, ctx: Context, rounds: number): Steps<void> {
  for (let i = 0; i < rounds; i++)
    if (yield* unreserveHighatomic(ctx, world.pages, 0, MigrateType.MOVABLE, true))
      world.notes.add('given back');
}

/** The count of reserved pages against the pageblocks. @throws ModelViolation */
export function checkReserve(world: PagesWorld): void {
  const { pages } = world;
  let blocks = 0;
  for (let pfn = 0; pfn < 1024; pfn += 2 ** BLOCK_ORDER)
    if (blockTypeOf(pages, pfn) === MigrateType.HIGHATOMIC) blocks++;
  const counted = world.reserved;
  if (counted !== blocks << BLOCK_ORDER)
    throw new ModelViolation(
      'reserved pages = pages of the pageblocks of that type',
      `${counted} counted, ${blocks} pageblocks of ${2 ** BLOCK_ORDER}`,
    );
}
