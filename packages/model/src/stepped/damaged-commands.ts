import { allocPages, freePages } from '@mm/buddy/stepped';
import {
  cacheAlloc,
  cacheAllocBulk,
  cacheCreate,
  cacheDestroy,
  cacheFlush,
  cacheFree,
  cacheFreeBulk,
  cacheShrink,
  cpuDead,
  cpuOnline,
  gracePeriodEnds,
  kfree,
  kfreeBulk,
  kmalloc,
} from '@mm/machine/stepped';
import { fillBytes } from '@mm/memory';
import { SlubCache } from '@mm/slub';
import { validateCache } from '@mm/slub/stepped';
import type { Context, Steps } from '@mm/steps/stepped';

import { gfpOf, kmallocArguments, pageArguments, userOf } from '../caches/cache-arguments.js';
import { type CacheWorld, type OpenUser, userRequest } from '../caches/cache-world.js';
import { damageFree, freeWriteOf } from '../caches/damage.js';
import { freeObjectsOf } from '../caches/free-objects.js';
import { type Answer, NOTHING_TO_DO, type Op } from '../subsystem.js';

/** Writes into an object that nobody holds: its freelist may lead anywhere from then on, unless debugging looks. */
export function* writeToFree(world: CacheWorld, _ctx: Context, op: Op): Steps<Answer> {
  const { cache } = userOf(world, op);
  const { damages, model } = world;
  if (damages.pending.has(cache) || damages.hurt.has(cache)) return NOTHING_TO_DO;
  const free = freeObjectsOf(world, cache);
  if (free.length === 0) return NOTHING_TO_DO;
  const object = free[(op.a >>> 4) % free.length]!;
  const write = freeWriteOf(world, cache, object, free, op);
  // Who is in the middle of something still expects that all holds.
  if (write.damage === 'undefined' && world.inFlight > 1) return NOTHING_TO_DO;
  damageFree(world, cache, object.address, write);
  if (damages.undefined)
    for (const { address, user } of model.live)
      damages.loose.push({ address, cache: 'cache' in user ? (user as OpenUser).cache : null });
  return object.address;
}

/*
 * The commands on a machine whose free lists somebody wrote over: they do what they always do, and expect nothing. Users write all
 * over what they get, wherever that is.
 */

/** Does the command of a name. */
export function* onDamaged(world: CacheWorld, ctx: Context, op: Op, name: string): Steps<Answer> {
  const { kmem } = world;
  const user = world.users[op.a % Math.max(1, world.users.length)];
  switch (name) {
    case 'createCache':
      yield* cacheCreate(ctx, kmem, userRequest(world, op));
      return;
    case 'kmalloc':
      return yield* kmallocDamaged(world, ctx, op);
    case 'freeObject':
    case 'overrunObject':
      return yield* freeDamaged(world, ctx, op);
    case 'kfreeObjects':
      return yield* kfreeDamaged(world, ctx, op);
    case 'takePages':
    case 'givePages':
      return yield* pagesDamaged(world, ctx, op, name);
    case 'gracePeriodEnds':
      yield* gracePeriodEnds(ctx, kmem);
      return;
    case 'cpuGoesOffline':
      return yield* offlineDamaged(world, ctx, op);
    default:
  }
  return user === undefined ? NOTHING_TO_DO : yield* onCache(world, ctx, op, name, user);
}

function* onCache(world: CacheWorld, ctx: Context, op: Op, name: string, user: OpenUser): Steps<Answer> {
  const { damages } = world;
  const { cache } = user;
  switch (name) {
    case 'allocObject': {
      const address = yield* cacheAlloc(ctx, cache, gfpOf(op));
      if (address !== null) got(world, cache, address, cache.objectSize, op);
      return address;
    }
    case 'allocObjects': {
      const objects: number[] = [];
      const many = yield* cacheAllocBulk(ctx, cache, gfpOf(op), 1 + (op.b % 24), objects);
      for (const address of objects) got(world, cache, address, cache.objectSize, op);
      return many;
    }
    case 'freeObjects': {
      const theirs = damages.loose.filter((object) => object.cache === cache).slice(-(1 + (op.b % 32)));
      for (const object of theirs) damages.loose.splice(damages.loose.indexOf(object), 1);
      yield* cacheFreeBulk(
        ctx,
        cache,
        theirs.map(({ address }) => address),
      );
      return theirs.length;
    }
    case 'destroyCache':
    case 'abandonCache':
      // Who gives a cache up has ended its use.
      if (world.inFlight > 1) return NOTHING_TO_DO;
      world.users.splice(world.users.indexOf(user), 1);
      yield* cacheDestroy(ctx, cache);
      return;
    case 'shrinkCache':
      yield* cacheShrink(ctx, cache);
      return;
    case 'flushCache':
      yield* cacheFlush(ctx, cache);
      return;
    case 'tuneCache':
      if (!(cache instanceof SlubCache)) return NOTHING_TO_DO;
      yield* validateCache(ctx, cache);
      return;
    case 'writeToFree': {
      const free = freeObjectsOf(world, cache);
      if (free.length === 0) return NOTHING_TO_DO;
      const object = free[op.a % free.length]!;
      damageFree(world, cache, object.address, freeWriteOf(world, cache, object, free, op));
      return object.address;
    }
    default:
      return NOTHING_TO_DO;
  }
}

function got(
  { machine, damages }: CacheWorld,
  cache: OpenUser['cache'] | null,
  address: number,
  sizeBytes: number,
  op: Op,
): void {
  damages.loose.push({ address, cache });
  fillBytes(machine.memory, address, sizeBytes, op.b & 0xff);
}

function* kmallocDamaged(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const { size, gfp } = kmallocArguments(op);
  const address = yield* kmalloc(ctx, world.kmem, size, gfp);
  if (address !== null) got(world, null, address, size, op);
  return address;
}

function* freeDamaged(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const { loose } = world.damages;
  if (loose.length === 0) return NOTHING_TO_DO;
  const [object] = loose.splice(op.a % loose.length, 1);
  const { address, cache } = object!;
  if (cache === null) yield* kfree(ctx, world.kmem, address);
  else yield* cacheFree(ctx, cache, address);
  return address;
}

function* kfreeDamaged(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const { loose } = world.damages;
  const some = loose.splice(-(1 + (op.b % 32)));
  if (some.length === 0) return NOTHING_TO_DO;
  yield* kfreeBulk(
    ctx,
    world.kmem,
    some.map(({ address }) => address),
  );
  return some.length;
}

function* pagesDamaged(world: CacheWorld, ctx: Context, op: Op, name: string): Steps<Answer> {
  const { pages } = world.machine;
  const { loosePages } = world.damages;
  if (name === 'takePages') {
    const { gfp, order } = pageArguments(op);
    const pfn = yield* allocPages(ctx, pages, gfp, order);
    if (pfn !== null) loosePages.push([pfn, order]);
    return pfn;
  }
  if (loosePages.length === 0) return NOTHING_TO_DO;
  const [block] = loosePages.splice(op.a % loosePages.length, 1);
  yield* freePages(ctx, pages, block![0], block![1]);
}

function* offlineDamaged(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const cpu = op.a % world.machine.cpus;
  if (cpu === ctx.cpu || world.offline !== -1 || world.inFlight > 1) return NOTHING_TO_DO;
  world.offline = cpu;
  yield* cpuDead(ctx, world.kmem, cpu);
  yield* cpuOnline(ctx, world.kmem, cpu);
  world.offline = -1;
}
