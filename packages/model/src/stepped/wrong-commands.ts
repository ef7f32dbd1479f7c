import { MisuseError } from '@mm/buddy';
import { cacheCreate, cacheFree } from '@mm/machine/stepped';
import { SlabCache } from '@mm/slab';
import { SlubCache } from '@mm/slub';
import type { Context, Steps } from '@mm/steps/stepped';
import { storeAttribute } from '@mm/sysfs/stepped';

import { badRequest, badWrite, userOf } from '../caches/cache-arguments.js';
import type { CacheWorld, OpenUser } from '../caches/cache-world.js';
import { checkAllKept } from '../caches/kept-objects.js';
import { gaveObject } from '../caches/note-history.js';
import { checkObjectBytes, restoreFreePointer } from '../caches/object-bytes.js';
import { endsFreeing, startsFreeing } from '../caches/returning-objects.js';
import { ModelViolation } from '../model-violation.js';
import { type Answer, NOTHING_TO_DO, type Op } from '../subsystem.js';

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
