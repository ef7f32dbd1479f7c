import {
  MAX_ORDER,
  MIGRATE_TYPES,
  MigrateType,
  blockTypeOf,
  freeListPfns,
  isolatePageblock as isolateNow,
} from '@mm/buddy';
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

/** A pageblock that is brought back into use while pages of it come back that set out when it was isolated. */
export const buddyUnisolateFree: NamedScenario = {
  name: 'buddy-unisolate-free',
  purpose: 'the last isolated pageblock is brought back into use while its last pages are on their way back',
  functions: ['unset_migratetype_isolate', 'free_one_page', '__free_one_page'],
  holds: ['free + taken pages = managed pages', 'no free page lies on the lists of isolated ones'],
  kills: [],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: unisolation,
};

/**
 * All is free but the pages from `offset` on, which come back on every CPU but CPU 1; the pageblock at the start.
 * @param high pages at which a CPU's lists give some back.
 */
function comingBack(
  { cpus, operations }: ScenarioSize,
  offset: number,
  high: number,
): { world: PagesWorld; block: number; frees: HeldBlock[][] } {
  const world = new PagesWorld({ cpus, pages: 32, pageblockOrder: BLOCK_ORDER, warm: 0, batch: 1, high });
  const all = world.take(0, 0, 32).toSorted((a, b) => a.pfn - b.pfn);
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
  return { world, block: all[0]!.pfn, frees };
}

/** Pages come back while CPU 1 takes their pageblock, or the one before, out of use. */
function isolation(size: ScenarioSize, offset: number, seen: readonly string[]): Scenario {
  const { world, block, frees } = comingBack(size, offset, 1);
  const make = world.run(
    () =>
      frees.map((pages, cpu) => {
        const ctx = new Context(cpu);
        if (cpu === 1)
          return { ctx, name: 'isolate', steps: isolateTask(world, ctx, block, size.operations) };
        return { ctx, name: `free ${cpu}`, steps: freePagesTask(world, ctx, pages) };
      }),
    {
      check: () => checkIsolated(world, block),
      sometimes: Object.fromEntries(seen.map((word) => [word, () => world.notes.has(word)])),
    },
  );
  return { cpus: size.cpus, make };
}

/** Pages come back to a pageblock out of use while CPU 1 brings it back. They were on lists of CPUs when it was isolated. */
function unisolation(size: ScenarioSize): Scenario {
  const { world, block, frees } = comingBack(size, 0, BLOCK_PAGES);
  frees.forEach((pages, cpu) => world.give(cpu, pages));
  isolateNow(new Context(1), world.pages, block);
  frees.forEach((pages, cpu) => world.take(cpu, 0, pages.length));
  const onTheirWay = size.operations * (size.cpus - 1);
  const make = world.run(
    () =>
      frees.map((pages, cpu) => {
        const ctx = new Context(cpu);
        if (cpu === 1) return { ctx, name: 'unisolate', steps: unisolateTask(world, ctx, block) };
        return { ctx, name: `free ${cpu}`, steps: freePagesTask(world, ctx, pages) };
      }),
    {
      check: () => checkInUse(world, block),
      sometimes: {
        'all pages came back before': () => world.notes.has(`${BLOCK_PAGES} free`),
        'no page came back before': () => world.notes.has(`${BLOCK_PAGES - onTheirWay} free`),
      },
    },
  );
  return { cpus: size.cpus, make };
}

function* unisolateTask(world: PagesWorld, ctx: Context, block: number): Steps<void> {
  yield* unisolatePageblock(ctx, world.pages, block, MigrateType.MOVABLE);
  // In the step that releases the lock: what is free now was free before.
  world.notes.add(`${pagesIn(world, [MigrateType.MOVABLE], block)} free`);
}

function checkInUse(world: PagesWorld, block: number): void {
  const strays = pagesIn(world, [MigrateType.ISOLATE], block);
  if (strays > 0)
    throw new ModelViolation('no free page lies on the lists of isolated ones', `${strays} of the block do`);
}

const pagesOn = (world: PagesWorld, types: readonly number[], block: number): HeldBlock[] =>
  types.flatMap((type) =>
    Array.from({ length: MAX_ORDER }, (_, order) =>
      freeListPfns(world.pages, 0, order, type)
        .filter((pfn) => pfn + 2 ** order > block && pfn < block + BLOCK_PAGES)
        .map((pfn) => ({ pfn, order })),
    ).flat(),
  );

/** Pages of the block on the lists of some types. */
const pagesIn = (world: PagesWorld, types: readonly number[], block: number): number =>
  pagesOn(world, types, block).reduce((sum, { order }) => sum + 2 ** order, 0);

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
    // The reference is gone, and the page on no list yet.
    if (pagesIn(world, [MigrateType.ISOLATE], block) < BLOCK_PAGES) notes.add('under way');
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
