import { KMALLOC_MAX_CACHE_SIZE } from '@mm/kmem';
import {
  cacheAlloc,
  cacheAllocBulk,
  cacheFree,
  cacheFreeBulk,
  kfree,
  kfreeBulk,
  kmalloc as kmallocBytes,
} from '@mm/machine/stepped';
import { SlabSystem, slabKsize } from '@mm/slab';
import { ksize } from '@mm/slub';
import type { Context, Steps } from '@mm/steps/stepped';

import { beginsNow } from '../buddy/allocation-failure.js';
import { gfpOf, kmallocArguments, userOf } from '../caches/cache-arguments.js';
import { type CacheWorld, type OpenUser, received } from '../caches/cache-world.js';
import { KEPT_AT_ONCE, checkAllKept } from '../caches/kept-objects.js';
import { gaveBulk, gaveObject, tookBulk, tookObject, tookOther } from '../caches/note-history.js';
import { checkObjectBytes } from '../caches/object-bytes.js';
import { endsFreeing, startsFreeing } from '../caches/returning-objects.js';
import { checkKmallocFailure, checkSlabFailure } from '../caches/slab-failure.js';
import { ModelViolation } from '../model-violation.js';
import { type Answer, NOTHING_TO_DO, type Op } from '../subsystem.js';

const ZERO = 0x100;

/** Zeroes would undo what a constructor did: nobody asks for both. */
const allowedGfp = (user: OpenUser, op: Op): number =>
  user.constructed === 0 ? gfpOf(op) : gfpOf(op) & ~ZERO;

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

/** Up to 32 objects of a user, from the latest on, which are about to be freed at once; returns their addresses. */
function releaseLatest({ model, machine }: CacheWorld, user: CacheWorld['heap'], op: Op): number[] {
  const addresses: number[] = [];
  for (let i = model.live.length - 1; i >= 0 && addresses.length < 1 + (op.b % 32); i--) {
    if (model.live[i]!.user !== user) continue;
    const object = model.release(i);
    checkObjectBytes(machine, object);
    addresses.push(object.address);
  }
  return addresses;
}

/** Frees up to 32 objects of one user at once. */
export function* freeObjects(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const user = userOf(world, op);
  const addresses = releaseLatest(world, user, op);
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

/** Frees up to 32 objects of kmalloc at once, of several caches, and whole pages among them. */
export function* kfreeObjects(world: CacheWorld, ctx: Context, op: Op): Steps<Answer> {
  const addresses = releaseLatest(world, world.heap, op);
  if (addresses.length === 0) return NOTHING_TO_DO;
  yield* kfreeBulk(ctx, world.kmem, addresses);
  return addresses.length;
}
