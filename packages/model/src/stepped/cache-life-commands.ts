import { cacheCreate, cacheDestroy, cacheFree } from '@mm/machine/stepped';
import { Errno } from '@mm/printk';
import { SlubSystem } from '@mm/slub';
import type { Context, Steps } from '@mm/steps/stepped';

import { userOf } from '../caches/cache-arguments.js';
import { type CacheWorld, USERS_MAX, openUser, userRequest } from '../caches/cache-world.js';
import { checkAllKept } from '../caches/kept-objects.js';
import { gaveObject, wasDestroyed, wasShrunk } from '../caches/note-history.js';
import { checkObjectBytes } from '../caches/object-bytes.js';
import { ModelViolation } from '../model-violation.js';
import { type Answer, NOTHING_TO_DO, type Op } from '../subsystem.js';

/**
 * Linux 6.1 removes the directory of a destroyed cache when it has let slab_mutex go. Who asks for the same cache in between
 * gets none: the directory's name is taken.
 */
const isNameTaken = (world: CacheWorld, name: string): boolean =>
  world.kmem instanceof SlubSystem &&
  world.requests.hasSaid(`kmem_cache_create_usercopy(${name}) failed with error -${Errno.EEXIST}`);

/** Opens a cache for one more user. */
export function* createCache(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  if (world.users.length + world.creating >= USERS_MAX) return NOTHING_TO_DO;
  const request = userRequest(world, op);
  world.creating++;
  const { destroying, destroys } = world;
  const cache = yield* cacheCreate(ctx, world.kmem, request);
  world.creating--;
  const beside = destroying > 0 || world.destroys > destroys;
  if (cache === null && beside && isNameTaken(world, request.name)) return null;
  openUser(world, op, request, cache);
}

/** A user gives a cache up, but not its objects: with the last user the kernel says so, and keeps the cache. */
export function* abandonCache(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const user = userOf(world, op);
  const { cache } = user;
  if (user.inFlight > 0 || world.creating > 0 || !world.model.live.some((object) => object.user === user))
    return NOTHING_TO_DO;
  if (!world.partings.begin(cache)) return NOTHING_TO_DO;
  world.users.splice(world.users.indexOf(user), 1);
  const shared = world.users.some((other) => other.cache === cache);
  wasShrunk(world, cache);
  const gone = yield* cacheDestroy(ctx, cache);
  const last = world.partings.end(cache);
  if (gone) throw new ModelViolation('a cache with live objects is not destroyed', user.name);
  const said = world.requests.hasSaid(`kmem_cache_destroy ${cache.name}: Slab cache still has objects`);
  if (last && !shared && cache.refcount === 0 && !said)
    throw new ModelViolation('live objects of a destroyed cache are reported', user.name);
  checkAllKept(world);
}

/** A user frees all objects and gives the cache up. */
export function* destroyCache(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const user = userOf(world, op);
  const { cache } = user;
  if (user.inFlight > 0 || !world.partings.begin(cache)) return NOTHING_TO_DO;
  world.users.splice(world.users.indexOf(user), 1);
  for (const object of world.model.releaseAll(user)) {
    checkObjectBytes(world.machine, object);
    gaveObject(world, cache, ctx.cpu, object.address);
    yield* cacheFree(ctx, cache, object.address);
  }
  wasShrunk(world, cache);
  world.destroying++;
  world.destroys++;
  const gone = yield* cacheDestroy(ctx, cache);
  world.destroying--;
  const last = world.partings.end(cache);
  const shared = world.users.some((other) => other.cache === cache);
  if (gone && shared)
    throw new ModelViolation('a cache lives as long as it has users', `${user.name} destroyed it`);
  // Objects that an earlier user left behind keep it.
  const left = world.model.live.some((object) => 'cache' in object.user && object.user.cache === cache);
  if (gone && left) throw new ModelViolation('a cache with live objects is not destroyed', user.name);
  if (gone) wasDestroyed(world, cache);
  // Of two who give it up together either may be the one that destroys it.
  const whole = !world.damages.hurt.has(cache);
  if (last && !gone && cache.alive === 1 && cache.refcount < 1 && !left && whole)
    throw new ModelViolation('a cache without objects can be destroyed', user.name);
}
