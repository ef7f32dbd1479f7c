import type { ScenarioRun } from '@mm/interleave';
import type { CacheRequest } from '@mm/kmem';
import { kmemCacheCreate } from '@mm/kmem/stepped';
import type { SlubCache } from '@mm/slub';
import { kmemCacheDestroy } from '@mm/slub/stepped';
import { Context, type Steps } from '@mm/steps';

import { ModelViolation } from '../model-violation.js';
import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';
import { SlubWorld } from './slub-world.js';

/** Users of caches: who was handed which and has not given it up. */
class Users {
  readonly world: SlubWorld;
  readonly #handed: SlubCache[] = [];

  constructor(world: SlubWorld) {
    this.world = world;
  }

  /** Makes or finds a cache; null where 6.1 refuses one, the directory of an earlier one being still there. */
  *create(ctx: Context, request: CacheRequest): Steps<SlubCache | null> {
    const cache = yield* kmemCacheCreate(ctx, this.world.slub.register, request);
    if (cache === null) this.world.notes.add('refused');
    else this.#handed.push(cache);
    return cache;
  }

  /** Takes note of a user from before the race. */
  note(cache: SlubCache): void {
    this.#handed.push(cache);
  }

  *destroy(ctx: Context, cache: SlubCache): Steps<void> {
    this.#handed.splice(this.#handed.indexOf(cache), 1);
    const gone = yield* kmemCacheDestroy(ctx, cache);
    this.world.notes.add(gone ? 'gone' : 'others use it');
  }

  /** @throws ModelViolation */
  check(): void {
    const { register, names } = this.world.slub;
    for (const cache of this.#handed)
      if (cache.alive === 0 || !register.caches.includes(cache))
        throw new ModelViolation('a cache that somebody uses is alive', cache.name);
    for (const cache of register.caches) {
      const users = this.#handed.filter((one) => one === cache).length;
      if (cache.refcount !== users)
        throw new ModelViolation(
          'refcount = users of a cache',
          `${cache.name}: ${cache.refcount}, ${users} users`,
        );
      if (names.directories.get(cache.uid) !== cache)
        throw new ModelViolation('every live cache has its directory', cache.uid);
    }
    if (names.directories.size !== register.caches.length)
      throw new ModelViolation(
        'a directory goes with its cache',
        `${names.directories.size} for ${register.caches.length}`,
      );
  }
}

/** One run in a world of its own: caches that are made claim cells. */
function oneRun(
  cpus: number,
  begin: (users: Users) => ReadonlyArray<(ctx: Context) => Steps<unknown>>,
  sometimes: (notes: ReadonlySet<string>) => ScenarioRun['sometimes'],
): ScenarioRun {
  const world = new SlubWorld({ cpus });
  const users = new Users(world);
  users.note(world.cache);
  const bodies = begin(users);
  const make = world.run(
    () =>
      bodies.map((body, cpu) => {
        const ctx = new Context(cpu);
        return { ctx, name: `user ${cpu}`, steps: body(ctx) };
      }),
    { sometimes: sometimes(world.notes) ?? {}, check: () => users.check() },
  );
  return make();
}

/** A cache finds a new user while its only one gives it up. */
export const cachesAliasDestroy: NamedScenario = {
  name: 'caches-alias-destroy',
  purpose:
    'a cache is destroyed by its only user, while another CPU asks for one that it could serve as well',
  functions: ['kmem_cache_create_usercopy', '__kmem_cache_alias', 'kmem_cache_destroy', 'shutdown_cache'],
  holds: ['a cache that somebody uses is alive', 'refcount = users of a cache'],
  kills: [],
  sizes: [SMALL, THREE_CPUS],
  at: ({ cpus }) => ({
    cpus,
    make: () =>
      oneRun(
        cpus,
        (users) => {
          const { cache } = users.world;
          // It has a slab to give back.
          users.world.give(0, users.world.take(0, 1));
          const asks = (ctx: Context): Steps<unknown> =>
            users.create(ctx, { name: `another ${ctx.cpu}`, size: cache.size });
          return Array.from({ length: cpus }, (_, cpu) =>
            cpu === 0 ? (ctx: Context) => users.destroy(ctx, cache) : asks,
          );
        },
        (notes) => ({
          'the cache has found another user': () => notes.has('others use it'),
          'the cache is gone': () => notes.has('gone'),
        }),
      ),
  }),
};

/** The same cache, made and destroyed on several CPUs. */
export const cachesCreateTwice: NamedScenario = {
  name: 'caches-create-twice',
  purpose: 'CPUs make a cache of one name, and destroy it: it is made once and shared, or made anew',
  functions: ['kmem_cache_create_usercopy', 'sysfs_slab_alias', 'kmem_cache_destroy', 'sysfs_slab_unlink'],
  holds: ['refcount = users of a cache', 'a directory goes with its cache'],
  kills: [16],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => ({
    cpus,
    make: () =>
      oneRun(
        cpus,
        (users) =>
          Array.from({ length: cpus }, () => (ctx: Context) => createAndDestroy(users, ctx, operations)),
        (notes) => ({
          'one was shared': () => notes.has('others use it'),
          'one was refused, its directory not being gone yet': () => notes.has('refused'),
        }),
      ),
  }),
};

function* createAndDestroy(users: Users, ctx: Context, rounds: number): Steps<void> {
  for (let i = 0; i < rounds; i++) {
    const cache = yield* users.create(ctx, { name: 'twice', size: 512 });
    if (cache !== null) yield* users.destroy(ctx, cache);
  }
}
