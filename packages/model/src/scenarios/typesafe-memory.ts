import type { PageAllocator } from '@mm/buddy';
import { allocPages, freePages } from '@mm/buddy/stepped';
import type { ScenarioRun } from '@mm/interleave';
import { SLAB_TYPESAFE_BY_RCU } from '@mm/kmem';
import { PAGE_SIZE } from '@mm/memory';
import { NodeWord } from '@mm/slab';
import { slabAlloc, slabEndGracePeriod, slabFree } from '@mm/slab/stepped';
import { endGracePeriod as endGracePeriodNow } from '@mm/slub';
import { endGracePeriod, kmemCacheDestroy, slubAlloc, slubFree } from '@mm/slub/stepped';
import { type Cell, Context, type Steps, rcuReadLock, rcuReadUnlock, read, write } from '@mm/steps';
import { GFP_KERNEL } from '@mm/zones';

import { ModelViolation } from '../model-violation.js';
import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';
import { SlabWorld } from './slab-world.js';
import { SlubWorld } from './slub-world.js';

/** What stands in every object of the cache, as a constructor would leave it, and what another owner of the page writes. */
const OURS = 0x0b1ec75;
const THEIRS = 0x7e1a4e;
/** Where in an object, and so in a page: no free pointer or list lies there. */
const AT = 8;

/** A typesafe cache of one of the two allocators. */
interface Typesafe {
  readonly world: SlubWorld | SlabWorld;
  /** Objects that are the last of their slabs, to be freed, and others that are freed after each of them. */
  readonly last: readonly number[];
  readonly after: readonly number[];
  readonly waiting: () => readonly number[];
  readonly alloc: (ctx: Context) => Steps<number | null>;
  readonly free: (ctx: Context, object: number) => Steps<void>;
  readonly endGracePeriod: (ctx: Context) => Steps<void>;
}

/** Objects that readers find without a lock, and their bytes. */
class Published {
  readonly #pages: PageAllocator;
  readonly #cell: Cell;
  readonly #bytes: Cell;
  readonly objects: number[];
  /** A reader has found an object, and has not looked at it yet. */
  isFound = false;
  /** The last of all objects has been freed. */
  isFreed = false;
  readonly seen = new Set<string>();

  constructor({ world, last }: Typesafe) {
    const { cells, pages } = world.small;
    this.#pages = pages;
    this.#cell = cells.claim('published');
    this.#bytes = cells.claim('bytes of objects');
    this.objects = [...last];
  }

  /** Looks at the i-th object, if it is still to be found. It may be free by then, but not another thing. */
  *look(i: number): Steps<void> {
    yield rcuReadLock;
    yield read(this.#cell);
    const object = this.objects[i]!;
    if (object === 0) this.seen.add('nothing');
    else {
      this.isFound = true;
      yield read(this.#bytes);
      this.isFound = false;
      const found = this.#pages.memory.read32(object + AT);
      if (found !== OURS)
        throw new ModelViolation(
          'freed memory of a typesafe cache stays of its type until a grace period has passed',
          `0x${found.toString(16)} in 0x${object.toString(16)}`,
        );
    }
    yield rcuReadUnlock;
  }

  /** No new reader finds the i-th object. */
  *withdraw(i: number): Steps<void> {
    yield write(this.#cell);
    this.objects[i] = 0;
  }

  /** Somebody else takes a page, fills it and gives it back. */
  *usePage(ctx: Context, last: readonly number[]): Steps<void> {
    const pfn = yield* allocPages(ctx, this.#pages, GFP_KERNEL, 0);
    if (pfn === null) throw new ModelViolation('an allocation does not fail while memory is free', 'order 0');
    yield write(this.#bytes);
    for (let at = 0; at < PAGE_SIZE; at += 1024)
      this.#pages.memory.write32(pfn * PAGE_SIZE + at + AT, THEIRS);
    for (const object of last)
      if (Math.floor(object / PAGE_SIZE) === pfn) {
        this.#pages.memory.write32(object + AT, THEIRS);
        this.seen.add('used');
      }
    yield* freePages(ctx, this.#pages, pfn, 0);
  }
}

function* freeTask(typesafe: Typesafe, published: Published, ctx: Context): Steps<void> {
  const { last, after, free } = typesafe;
  for (let i = 0; i < last.length; i++) {
    yield* published.withdraw(i);
    yield* free(ctx, last[i]!);
    const more = after[i];
    if (more !== undefined) yield* free(ctx, more);
  }
  published.isFreed = true;
}

function* graceTask(typesafe: Typesafe, published: Published, ctx: Context): Steps<void> {
  for (let i = 0; i < typesafe.last.length; i++) {
    yield* typesafe.endGracePeriod(ctx);
    yield* published.usePage(ctx, typesafe.last);
  }
}

function* readTask(typesafe: Typesafe, published: Published): Steps<void> {
  for (let i = 0; i < typesafe.last.length; i++) yield* published.look(i);
}

function* userTask({ alloc, free }: Typesafe, ctx: Context, rounds: number): Steps<void> {
  for (let i = 0; i < rounds; i++) {
    const object = yield* alloc(ctx);
    if (object === null) throw new ModelViolation('an allocation does not fail while memory is free', 'null');
    yield* free(ctx, object);
  }
}

/**
 * CPU 0 withdraws and frees; CPU 1 reads, and in another task ends grace periods and then uses a page; a third allocates.
 */
function around(
  rest: Pick<NamedScenario, 'name' | 'purpose' | 'functions'>,
  typesafeOf: (cpus: number, operations: number) => Typesafe,
): NamedScenario {
  return {
    ...rest,
    holds: ['an object that a reader found stays an object of the cache until the reader has gone'],
    kills: [],
    sizes: [SMALL, TWO_EACH, THREE_CPUS],
    at: ({ cpus, operations }) => {
      const typesafe = typesafeOf(cpus, operations);
      const published = new Published(typesafe);
      const { world, last } = typesafe;
      for (const object of last) world.small.pages.memory.write32(object + AT, OURS);
      const tasks = (): ScenarioRun['tasks'] => {
        published.objects.splice(0, last.length, ...last);
        published.isFound = published.isFreed = false;
        published.seen.clear();
        const [freer, grace, user] = [new Context(0), new Context(1), new Context(2)];
        const all = [
          { ctx: freer, name: 'free', steps: freeTask(typesafe, published, freer) },
          { ctx: grace, name: 'grace period', steps: graceTask(typesafe, published, grace) },
          { ctx: new Context(1), name: 'read', steps: readTask(typesafe, published) },
        ];
        if (cpus > 2)
          all.push({ ctx: user, name: 'alloc, free', steps: userTask(typesafe, user, operations) });
        return all;
      };
      const make = world.run(tasks, {
        sometimes: {
          'a grace period with slabs to free waited for a reader': () =>
            published.isFound && published.isFreed && typesafe.waiting().length === 0,
          'a reader came when nothing was to be found any more': () => published.seen.has('nothing'),
          'the page came to somebody else': () => published.seen.has('used'),
        },
      });
      return { cpus, make };
    },
  };
}

/** The last object of a slab under a reader. */
export const slubTypesafe: NamedScenario = around(
  {
    name: 'slub-typesafe',
    purpose:
      'a slab of a SLAB_TYPESAFE_BY_RCU cache is emptied and given back, while a reader looks at an object of it',
    functions: ['__slab_free', 'discard_slab', 'rcu_free_slab', 'call_rcu'],
  },
  (cpus, operations) => {
    const world = new SlubWorld({ cpus, bytes: 2000, flags: SLAB_TYPESAFE_BY_RCU, minPartial: 0 });
    const { cache, slub } = world;
    // Slabs on the node's list with one object of two in use.
    const taken = world.take(0, 2 * operations);
    world.give(
      0,
      taken.filter((_, i) => i % 2 === 1),
    );
    world.drain();
    return {
      world,
      last: taken.filter((_, i) => i % 2 === 0),
      after: [],
      waiting: () => slub.rcuSlabs,
      alloc: (ctx) => slubAlloc(ctx, cache, GFP_KERNEL),
      free: (ctx, object) => slubFree(ctx, cache, object),
      endGracePeriod: (ctx) => endGracePeriod(ctx, slub),
    };
  },
);

/** The same with arrays, which the next free pushes the object out of. */
export const slabTypesafe: NamedScenario = around(
  {
    name: 'slab-typesafe',
    purpose:
      'a slab of a SLAB_TYPESAFE_BY_RCU cache is emptied by an array that overflows, while a reader looks at its object',
    functions: ['cache_flusharray', 'free_block', 'slab_destroy', 'kmem_rcu_free'],
  },
  (cpus, operations) => {
    const world = new SlabWorld({ cpus, limit: 1, batch: 1, flags: SLAB_TYPESAFE_BY_RCU });
    const { cache, slab } = world;
    // Slabs with one object of four in use, and a full one.
    const taken = world.take(0, 4 * operations + 4);
    const [slabs, full] = [taken.slice(0, 4 * operations), taken.slice(4 * operations)];
    world.give(
      0,
      slabs.filter((_, i) => i % 4 > 0),
    );
    world.drain();
    cache.node[NodeWord.freeLimit] = 0;
    world.held.push(...full.slice(operations));
    return {
      world,
      last: slabs.filter((_, i) => i % 4 === 0),
      after: full.slice(0, operations),
      waiting: () => slab.rcuSlabs,
      alloc: (ctx) => slabAlloc(ctx, cache, GFP_KERNEL),
      free: (ctx, object) => slabFree(ctx, cache, object),
      endGracePeriod: (ctx) => slabEndGracePeriod(ctx, slab),
    };
  },
);

/** A cache whose directory goes with a grace period. */
export const slubTypesafeDestroy: NamedScenario = {
  name: 'slub-typesafe-destroy',
  purpose:
    'a SLAB_TYPESAFE_BY_RCU cache is destroyed while a grace period ends: its slabs and its directory wait for the next',
  functions: ['kmem_cache_destroy', 'shutdown_cache', 'slab_caches_to_rcu_destroy_workfn', 'rcu_barrier'],
  holds: ['a destroyed cache has no directory once a grace period has passed', 'no page is lost'],
  kills: [],
  sizes: [SMALL, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const world = new SlubWorld({ cpus, bytes: 2000, flags: SLAB_TYPESAFE_BY_RCU });
    const { cache, slub } = world;
    world.give(0, world.take(0, 2));
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 0) return { ctx, name: 'destroy', steps: kmemCacheDestroy(ctx, cache) };
          return { ctx, name: 'grace period', steps: graceTimes(world, ctx, operations) };
        }),
      {
        sometimes: {
          'the grace period came first': () => slub.rcuCaches.includes(cache) && world.notes.size > 0,
          'it came last': () => !slub.names.directories.has(cache.uid),
        },
        check: () => {
          endGracePeriodNow(new Context(0), slub);
          if (slub.names.directories.has(cache.uid))
            throw new ModelViolation(
              'a destroyed cache has no directory once a grace period has passed',
              cache.uid,
            );
          world.small.check(0);
        },
      },
    );
    return { cpus, make };
  },
};

function* graceTimes(world: SlubWorld, ctx: Context, rounds: number): Steps<void> {
  for (let i = 0; i < rounds; i++) yield* endGracePeriod(ctx, world.slub);
  world.notes.add('ended');
}
