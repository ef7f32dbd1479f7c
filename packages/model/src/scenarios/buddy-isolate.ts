import { MAX_ORDER, MIGRATE_TYPES, MigrateType, blockTypeOf, freeListPfns } from '@mm/buddy';
import { isolatePageblock, unisolatePageblock } from '@mm/buddy/stepped';
import type { Scenario } from '@mm/interleave';
import { Context, type Steps } from '@mm/steps';

import { ModelViolation } from '../model-violation.js';
import { type HeldBlock, PagesWorld, freePagesTask } from './pages-world.js';
import { type NamedScenario, SMALL, type ScenarioSize, THREE_CPUS, TWO_EACH } from './scenario.js';

/** log2 of the pages of a pageblock. */
const BLOCK_ORDER = 3;
const BLOCK_PAGES = 8;

/** A pageblock that is isolated while its last pages come back. */
export const buddyIsolateFree: NamedScenario = {
  name: 'buddy-isolate-free',
  purpose:
    'a pageblock is taken out of use while its last pages are on their way back, by way of a CPU’s lists',
  functions: ['set_migratetype_isolate', 'free_unref_page_commit', 'free_pcppages_bulk', '__free_one_page'],
  holds: ['free pages of an isolated block lie on its own lists', 'they do not count as free'],
  kills: [23],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: (size) => isolation(size, 0, ['isolated', 'refused', 'under way']),
};

/** A pageblock that is isolated while the last page of its buddy comes back. */
export const buddyIsolateMerge: NamedScenario = {
  name: 'buddy-isolate-merge',
  purpose:
    'a pageblock is taken out of use while the last page of its buddy comes back, which must not merge with it',
  functions: ['set_migratetype_isolate', 'unset_migratetype_isolate', '__free_one_page'],
  holds: [
    'a block does not merge across the border of an isolated one',
    'isolated pages do not count as free',
  ],
  kills: [27],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: (size) => isolation(size, BLOCK_PAGES, ['isolated']),
};

/** All is free but the pages from `offset` on that come back; the pageblock at the start is isolated. */
function isolation({ cpus, operations }: ScenarioSize, offset: number, seen: readonly string[]): Scenario {
  const world = new PagesWorld({ cpus, pages: 32, pageblockOrder: BLOCK_ORDER, warm: 0, batch: 1, high: 1 });
  const all = world.take(0, 0, 32).toSorted((a, b) => a.pfn - b.pfn);
  const block = all[0]!.pfn;
  const frees = Array.from({ length: cpus }, (_, cpu) => {
    const at = offset + (cpu === 0 ? 0 : operations);
    return cpu === 1 ? [] : all.slice(at, at + operations);
  });
  const last = new Set(frees.flat());
  // One page of the buddy stays in use, where the block itself is waited for.
  if (offset === 0) last.add(all[BLOCK_PAGES]!);
  world.give(
    0,
    all.filter((page) => !last.has(page)),
  );
  world.drain();
  if (offset === 0) world.held.push(all[BLOCK_PAGES]!);
  const make = world.run(
    () =>
      frees.map((pages, cpu) => {
        const ctx = new Context(cpu);
        if (cpu === 1) return { ctx, name: 'isolate', steps: isolateTask(world, ctx, block, operations) };
        return { ctx, name: `free ${cpu}`, steps: freePagesTask(world, ctx, pages) };
      }),
    {
      check: () => checkIsolated(world, block),
      sometimes: Object.fromEntries(seen.map((word) => [word, () => world.notes.has(word)])),
    },
  );
  return { cpus, make };
}

const pagesOn = (world: PagesWorld, types: readonly number[], block: number): HeldBlock[] =>
  types.flatMap((type) =>
    Array.from({ length: MAX_ORDER }, (_, order) =>
      freeListPfns(world.pages, 0, order, type)
        .filter((pfn) => pfn + 2 ** order > block && pfn < block + BLOCK_PAGES)
        .map((pfn) => ({ pfn, order })),
    ).flat(),
  );

/** Isolates the block, and between two rounds brings it back into use. */
function* isolateTask(world: PagesWorld, ctx: Context, block: number, rounds: number): Steps<void> {
  const { pages, notes } = world;
  for (let i = 0; i < rounds; i++) {
    const answer = yield* isolatePageblock(ctx, pages, block);
    if (answer !== 0) {
      // A page of it is in use.
      notes.add('refused');
      continue;
    }
    notes.add('isolated');
    const free = pagesOn(world, [MigrateType.ISOLATE], block).reduce((sum, { order }) => sum + 2 ** order, 0);
    // The reference is gone, and the page on no list yet.
    if (free < BLOCK_PAGES) notes.add('under way');
    if (i + 1 < rounds) yield* unisolatePageblock(ctx, pages, block, MigrateType.MOVABLE);
  }
}

function checkIsolated(world: PagesWorld, block: number): void {
  if (blockTypeOf(world.pages, block) !== MigrateType.ISOLATE) return;
  const others = Array.from({ length: MIGRATE_TYPES }, (_, type) => type).filter(
    (type) => type !== MigrateType.ISOLATE,
  );
  const strays = pagesOn(world, others, block);
  if (strays.length > 0)
    throw new ModelViolation(
      'free pages of an isolated block lie on its own lists',
      strays.map(({ pfn, order }) => `0x${pfn.toString(16)} of order ${order}`).join(', '),
    );
}
