import { freePages as freeSteps } from '@mm/buddy/stepped';
import { PageFlag, orderOfFlags } from '@mm/memory';
import { type Cell, Context, type Steps, compound } from '@mm/steps';
import { GFP_KERNEL, __GFP_COMP } from '@mm/zones';

import { type HeldBlock, PagesWorld, allocPagesTask, freePagesTask } from './pages-world.js';
import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';

const ORDER = 2;

/** Somebody who looks pages up without a lock, as readers of the page cache and of page tables do. */
class Speculator {
  readonly #world: PagesWorld;
  /** Getting a reference of the first page: it looks at what an allocation changes with its list locked. */
  readonly #get: Cell;
  readonly #slot: number;

  constructor(world: PagesWorld, { pfn }: HeldBlock) {
    const { pages, small } = world;
    this.#world = world;
    this.#slot = pages.frames.slotOf(pfn);
    const locks = Array.from({ length: pages.cpus }, (_, cpu) => pages.pcpLockCell + (cpu << 3));
    this.#get = small.cells.claimCompound('get_page_unless_zero', {
      reads: [...locks, pages.zoneLockCell],
      writes: [pages.refcountCell + (this.#slot & 255)],
    });
  }

  /** One more reference of the page if it has any, and gives it back. @see linux 6.1 include/linux/mm.h get_page_unless_zero, put_page */
  *look(ctx: Context): Steps<void> {
    const { pages, notes } = this.#world;
    const { frames } = pages;
    const slot = this.#slot;
    yield compound(this.#get);
    if (frames.refcount[slot] === 0) {
      notes.add('free');
      return;
    }
    frames.refcount[slot]! += 1;
    // The same access once more, so that others come between.
    yield compound(this.#get);
    if (frames.refcount[slot] === 1) notes.add('last');
    const flags = frames.flags[slot]!;
    const order = (flags & PageFlag.head) === 0 ? 0 : orderOfFlags(flags);
    yield* freeSteps(ctx, pages, frames.pfnOf(slot), order);
  }
}

function speculative(
  rest: Pick<NamedScenario, 'name' | 'purpose' | 'functions'>,
  gfp: number,
): NamedScenario {
  return {
    ...rest,
    holds: ['with the last reference all pages of a block are free', 'free + held pages = managed pages'],
    kills: [22],
    sizes: [SMALL, TWO_EACH, THREE_CPUS],
    at: ({ cpus, operations }) => {
      const world = new PagesWorld({ cpus, warm: 0 });
      const taken = world.take(0, ORDER, operations, gfp);
      const speculator = new Speculator(world, taken[0]!);
      const make = world.run(
        () =>
          Array.from({ length: cpus }, (_, cpu) => {
            const ctx = new Context(cpu);
            if (cpu === 0) return { ctx, name: 'free, alloc', steps: freeThenAlloc(world, ctx, taken, gfp) };
            return { ctx, name: `look ${cpu}`, steps: times(operations, () => speculator.look(ctx)) };
          }),
        {
          sometimes: {
            'found the page free': () => world.notes.has('free'),
            'was the last to have a reference': () => world.notes.has('last'),
          },
        },
      );
      return { cpus, make };
    },
  };
}

function* freeThenAlloc(
  world: PagesWorld,
  ctx: Context,
  taken: readonly HeldBlock[],
  gfp: number,
): Steps<void> {
  for (const block of taken) {
    yield* freePagesTask(world, ctx, [block]);
    yield* allocPagesTask(world, ctx, ORDER, 1, gfp);
  }
}

function* times(count: number, look: () => Steps<void>): Steps<void> {
  for (let i = 0; i < count; i++) yield* look();
}

/** The pages behind the first have no references of their own. */
export const buddySpeculative: NamedScenario = speculative(
  {
    name: 'buddy-speculative',
    purpose:
      'a block that is not compound is freed and allocated anew, while others get and drop references of its first page without a lock',
    functions: ['get_page_unless_zero', 'put_page', '__free_pages', '__free_pages_ok'],
  },
  GFP_KERNEL,
);

/** The whole block has one count. */
export const buddySpeculativeCompound: NamedScenario = speculative(
  {
    name: 'buddy-speculative-compound',
    purpose:
      'a compound block is freed and allocated anew, while others get and drop references of it without a lock',
    functions: ['get_page_unless_zero', 'put_page', '__free_pages', 'free_compound_page'],
  },
  GFP_KERNEL | __GFP_COMP,
);
