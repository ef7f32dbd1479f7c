import { MisuseError } from '@mm/buddy';
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
  gracePeriodEnds as endGracePeriod,
  kfree,
  kmalloc as kmallocBytes,
} from '@mm/machine/stepped';
import { Errno } from '@mm/printk';
import { KMALLOC_MAX_CACHE_SIZE } from '@mm/kmem';
import { SlabCache, SlabSystem, slabKsize } from '@mm/slab';
import { slabReap, tuneCache as tuneArrays } from '@mm/slab/stepped';
import { SlubCache, SlubSystem, ksize } from '@mm/slub';
import type { Context, Steps } from '@mm/steps/stepped';
import { storeAttribute } from '@mm/sysfs/stepped';

import { beginsNow } from '../buddy/allocation-failure.js';
import { ModelViolation } from '../model-violation.js';
import {
  type OpenUser,
  type CacheWorld,
  USERS_MAX,
  openUser,
  received,
  userRequest,
} from '../caches/cache-world.js';
import {
  arrayTuning,
  badRequest,
  badWrite,
  attributeWrite,
  counterOf,
  gfpOf,
  kmallocArguments,
} from '../caches/cache-arguments.js';
import { checkObjectBytes, restoreFreePointer } from '../caches/object-bytes.js';
import { KEPT_AT_ONCE, checkAllKept } from '../caches/kept-objects.js';
import { checkKmallocFailure, checkSlabFailure } from '../caches/slab-failure.js';
import { checkHoldsNothing } from '../caches/offline-cpu.js';
import {
  tookObject,
  tookOther,
  gaveObject,
  tookBulk,
  gaveBulk,
  wasCleared,
  wasDestroyed,
  wasShrunk,
} from '../caches/note-history.js';
import { type Answer, NOTHING_TO_DO, type Op } from '../subsystem.js';

const ZERO = 0x100;

const userOf = (world: CacheWorld, op: Op): OpenUser => world.users[op.a % world.users.length]!;

/** Zeroes would undo what a constructor did: nobody asks for both. */
const allowedGfp = (user: OpenUser, op: Op): number =>
  user.constructed === 0 ? gfpOf(op) : gfpOf(op) & ~ZERO;

/**
 * Linux 6.1 removes the directory of a destroyed cache when it has let slab_mutex go. Who asks for the same cache in between
 * gets none: the directory's name is taken.
 */
const isNameTaken = (world: CacheWorld, name: string): boolean =>
  world.kmem instanceof SlubSystem &&
  world.requests.hasSaid(`kmem_cache_create_usercopy(${name}) failed with error -${Errno.EEXIST}`);

/** Whether an object of the user may be freed now: what one left behind is not touched while its cache is given up. */
function startsFreeing({ users, partings }: CacheWorld, user: OpenUser): boolean {
  if (!users.includes(user)) return partings.startsReturn(user.cache);
  user.inFlight++;
  return true;
}

function endsFreeing({ users, partings }: CacheWorld, user: OpenUser): void {
  if (users.includes(user)) user.inFlight--;
  else partings.endsReturn(user.cache);
}

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

/** Asks for a cache that no kernel makes: the answer is null, the log says why, and nothing has changed. */
export function* askWrongly(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const { kmem } = world;
  const name = `user-${world.made++}`;
  const cache = yield* cacheCreate(ctx, kmem, { name, ...badRequest(op) });
  if (cache !== null || kmem.register.caches.some((other) => other.name === name))
    throw new ModelViolation('a request that cannot be served gets null', name);
  if (!world.requests.hasSaid(`kmem_cache_create_usercopy(${name}) failed with error -`))
    throw new ModelViolation('a refused request is said in the log', name);
  checkAllKept(world);
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

/** Writes behind an object of a cache with red zones and frees it: that is reported, mended, and the object stays. */
export function* overrunObject(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const { model, machine } = world;
  const object = model.live[op.a % model.live.length]!;
  if (!('cache' in object.user) || world.inFlight > 1) return NOTHING_TO_DO;
  const user = object.user as OpenUser;
  const { cache } = user;
  if (!user.redZone || object.size !== cache.objectSize || world.damages.hurt.has(cache))
    return NOTHING_TO_DO;
  // Between an object of another size and SLAB's red zone lies padding.
  if (cache instanceof SlabCache && object.size % 8 !== 0) return NOTHING_TO_DO;
  if (!startsFreeing(world, user)) return NOTHING_TO_DO;
  model.release(op.a);
  machine.memory.write8(object.address + object.size, 0x11);
  gaveObject(world, cache, ctx.cpu, object.address);
  yield* cacheFree(ctx, cache, object.address);
  endsFreeing(world, user);
  const report =
    cache instanceof SlabCache ? 'memory outside object was overwritten' : 'Right Redzone overwritten';
  if (!world.requests.hasSaid(report))
    throw new ModelViolation('a write behind an object is reported when it is freed', object.user.name);
  // SLAB takes the object back. SLUB does not, but has ended a free list in it before its checks.
  if (cache instanceof SlabCache) return;
  restoreFreePointer(machine, object, cache);
  checkObjectBytes(machine, object);
  model.kept(object);
  checkAllKept(world);
}

/** Writes what a file does not take: it is refused with the errno, and nothing has changed. */
export function* writeWrongly(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const { cache } = userOf(world, op);
  if (!(cache instanceof SlubCache)) return NOTHING_TO_DO;
  const [name, text, errno] = badWrite(op);
  const answer = yield* storeAttribute(ctx, cache, name, text);
  if (answer !== errno)
    throw new ModelViolation('a bad value is refused', `${name} = ${text}: ${answer}, due is ${errno}`);
}

/** Sets one of SLUB's counters to zero, on every CPU. */
export function* clearCounter(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const user = userOf(world, op);
  const { cache } = user;
  if (!(cache instanceof SlubCache)) return NOTHING_TO_DO;
  const name = counterOf(op);
  user.inFlight++;
  const reached = world.counters.reached(cache, name);
  const answer = yield* storeAttribute(ctx, cache, name, '0\n');
  user.inFlight--;
  if (answer !== 2) throw new ModelViolation('a good value can be written', `${name} 0: ${answer}`);
  wasCleared(world, cache, name, reached);
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

/** Takes an object. */
export function* allocObject(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const user = userOf(world, op);
  const gfp = allowedGfp(user, op);
  const since = beginsNow(world.buddy);
  user.inFlight++;
  tookObject(world, user.cache, ctx.cpu);
  const address = yield* cacheAlloc(ctx, user.cache, gfp);
  user.inFlight--;
  if (address === null) {
    checkAllKept(world, KEPT_AT_ONCE);
    checkSlabFailure(world, user.cache, gfp, since);
  } else received(world, user, address, user.size, (gfp & ZERO) !== 0);
  return address;
}

/** Takes several objects at once, all or none. */
export function* allocObjects(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const user = userOf(world, op);
  const gfp = allowedGfp(user, op);
  const objects: number[] = [];
  const wanted = 1 + (op.b % 24);
  user.inFlight++;
  tookOther(world);
  const got = yield* cacheAllocBulk(ctx, user.cache, gfp, wanted, objects);
  user.inFlight--;
  tookBulk(world, user.cache, wanted, got);
  if (got === 0) checkAllKept(world, KEPT_AT_ONCE);
  if (got !== 0 && got !== wanted)
    throw new ModelViolation('a bulk allocation gives all or none', `${got} of ${wanted}`);
  for (const address of objects) received(world, user, address, user.size, (gfp & ZERO) !== 0);
  return got;
}

/** Frees an object, on any CPU. */
export function* freeObject(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const { model } = world;
  const { user: owner } = model.live[op.a % model.live.length]!;
  if ('cache' in owner && !startsFreeing(world, owner as OpenUser)) return NOTHING_TO_DO;
  const object = model.release(op.a);
  checkObjectBytes(world.machine, object);
  if (!('cache' in owner)) {
    yield* kfree(ctx, world.kmem, object.address);
    return object.address;
  }
  const user = owner as OpenUser;
  gaveObject(world, user.cache, ctx.cpu, object.address);
  yield* cacheFree(ctx, user.cache, object.address);
  endsFreeing(world, user);
  return object.address;
}

/** Frees up to 32 objects of one user at once. */
export function* freeObjects(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const { model } = world;
  const user = userOf(world, op);
  const addresses: number[] = [];
  for (let i = model.live.length - 1; i >= 0 && addresses.length < 1 + (op.b % 32); i--) {
    if (model.live[i]!.user !== user) continue;
    const object = model.release(i);
    checkObjectBytes(world.machine, object);
    addresses.push(object.address);
  }
  user.inFlight++;
  gaveBulk(world, user.cache, addresses);
  yield* cacheFreeBulk(ctx, user.cache, addresses);
  user.inFlight--;
  return addresses.length;
}

/** Takes memory from a kmalloc cache or, if it is much, whole pages. */
export function* kmalloc(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const { size, gfp } = kmallocArguments(op);
  if (size > KMALLOC_MAX_CACHE_SIZE) world.requests.large(gfp);
  tookOther(world);
  const since = beginsNow(world.buddy);
  const address = yield* kmallocBytes(ctx, world.kmem, size, gfp);
  if (address === null) {
    checkAllKept(world, KEPT_AT_ONCE);
    checkKmallocFailure(world, size, gfp, since);
    return null;
  }
  const { kmem } = world;
  const usable = kmem instanceof SlabSystem ? slabKsize(kmem, address) : ksize(kmem, address);
  if (usable < size)
    throw new ModelViolation('kmalloc gives what was asked for', `${usable} of ${size} bytes`);
  received(world, world.heap, address, size, (gfp & ZERO) !== 0);
  return address;
}

/** Gives a cache's empty slabs back. */
export function* shrinkCache(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const user = userOf(world, op);
  user.inFlight++;
  wasShrunk(world, user.cache);
  yield* cacheShrink(ctx, user.cache);
  user.inFlight--;
}

/** Makes every CPU give up its slabs of a cache. */
export function* flushCache(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const user = userOf(world, op);
  user.inFlight++;
  yield* cacheFlush(ctx, user.cache);
  user.inFlight--;
}

/** Writes a tunable. */
export function* tuneCache(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const user = userOf(world, op);
  const { cache } = user;
  user.inFlight++;
  if (cache instanceof SlabCache) {
    const { limit, batchcount, shared } = arrayTuning(op);
    const answer = yield* tuneArrays(ctx, cache, limit, batchcount, shared);
    if (answer !== 0)
      throw new ModelViolation('good tunables can be written', `${limit} ${batchcount} ${shared}`);
  } else {
    const { name, text } = attributeWrite(op);
    const answer = yield* storeAttribute(ctx, cache, name, text);
    // A debugged cache has no lists of partial slabs by CPU.
    const refused = cache.debugging && name === 'cpu_partial' && Number(text) !== 0;
    if (answer !== (refused ? -Errno.EINVAL : text.length))
      throw new ModelViolation('a good value can be written', `${name} ${text}: ${answer}`);
  }
  user.inFlight--;
}

/** What the kernel does every few seconds on each CPU, for one cache; only SLAB has it. */
export function* reapCache(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const user = userOf(world, op);
  const { cache } = user;
  if (!(cache instanceof SlabCache)) return NOTHING_TO_DO;
  user.inFlight++;
  yield* slabReap(ctx, cache);
  user.inFlight--;
}

/** Ends a grace period: slabs that waited for it go back. */
export function* gracePeriodEnds(world: CacheWorld, ctx: Context): Steps<Answer> {
  world.typesafe.graceBegins();
  yield* endGracePeriod(ctx, world.kmem);
}

/** A CPU goes away for a moment, whatever the others do; who was on it goes on elsewhere. */
export function* cpuGoesOffline(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const cpu = op.a % world.machine.cpus;
  if (cpu === ctx.cpu || world.offline !== -1) return NOTHING_TO_DO;
  world.offline = cpu;
  yield* cpuDead(ctx, world.kmem, cpu);
  checkHoldsNothing(world, cpu);
  checkAllKept(world);
  yield* cpuOnline(ctx, world.kmem, cpu);
  world.offline = -1;
}

/** Frees what is no object, which a strict machine refuses before anything changes. */
export function* misuse(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const { model } = world;
  const object = model.live[op.a % model.live.length]!;
  if (!('cache' in object.user)) return NOTHING_TO_DO;
  const { cache } = object.user as OpenUser;
  let refused = false;
  try {
    yield* cacheFree(ctx, cache, object.address + 4);
  } catch (error) {
    if (!(error instanceof MisuseError)) throw error;
    refused = true;
  }
  if (!refused) throw new ModelViolation('a strict machine refuses misuse', `${object.address} + 4`);
}
