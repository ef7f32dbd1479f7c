import { MisuseError } from '@mm/buddy';
import { allocPages, freePages } from '@mm/buddy/stepped';
import {
  endGracePeriod,
  flushAll,
  kmemCacheDestroy,
  slubAlloc,
  slubAllocBulk,
  slubCpuDead,
  slubCpuOnline,
  slubFree,
  slubFreeBulk,
  slubKfree,
  slubKmalloc,
  slubShrink,
  writeAttribute,
} from '@mm/slub/stepped';
import { ksize } from '@mm/slub';
import type { Context, Steps } from '@mm/steps/stepped';

import { checkStamp } from '../buddy/buddy-world.js';
import { ModelViolation } from '../model-violation.js';
import {
  type OpenUser,
  type SlubWorld,
  USERS_MAX,
  checkBytes,
  checkSlabFailure,
  openUser,
  received,
} from '../slub/slub-world.js';
import { attributeWrite, gfpOf, kmallocArguments, pageArguments } from '../slub/slub-arguments.js';
import type { Op } from '../subsystem.js';

const ZERO = 0x100;

const userOf = (world: SlubWorld, op: Op): OpenUser => world.users[op.a % world.users.length]!;

/** Zeroes would undo what a constructor did: nobody asks for both. */
const allowedGfp = (user: OpenUser, op: Op): number =>
  user.constructed === 0 ? gfpOf(op) : gfpOf(op) & ~ZERO;

/** Opens a cache for one more user. */
export function* createCache(world: SlubWorld, _ctx: Context, op: Op): Steps<void> {
  if (world.users.length < USERS_MAX && !world.slabMutex) openUser(world, op);
}

/** A user frees all objects and gives the cache up. */
export function* destroyCache(world: SlubWorld, ctx: Context, op: Op): Steps<void> {
  const user = userOf(world, op);
  if (user.inFlight > 0 || world.slabMutex) return;
  world.slabMutex = true;
  world.users.splice(world.users.indexOf(user), 1);
  for (const object of world.model.releaseAll(user)) {
    checkBytes(world, object);
    yield* slubFree(ctx, user.cache, object.address);
  }
  const last = user.cache.refcount === 1;
  const clean = yield* kmemCacheDestroy(ctx, user.cache);
  world.slabMutex = false;
  if (clean !== last) throw new ModelViolation('a cache without objects can be destroyed', user.name);
}

/** Takes an object. */
export function* allocObject(world: SlubWorld, ctx: Context, op: Op): Steps<void> {
  const user = userOf(world, op);
  const gfp = allowedGfp(user, op);
  user.inFlight++;
  const address = yield* slubAlloc(ctx, user.cache, gfp);
  user.inFlight--;
  if (address === null) checkSlabFailure(world, user.cache, gfp);
  else received(world, user, address, user.size, (gfp & ZERO) !== 0);
}

/** Takes several objects at once, all or none. */
export function* allocObjects(world: SlubWorld, ctx: Context, op: Op): Steps<void> {
  const user = userOf(world, op);
  const gfp = allowedGfp(user, op);
  const objects: number[] = [];
  const wanted = 1 + (op.b % 24);
  user.inFlight++;
  const got = yield* slubAllocBulk(ctx, user.cache, gfp, wanted, objects);
  user.inFlight--;
  if (got !== 0 && got !== wanted)
    throw new ModelViolation('a bulk allocation gives all or none', `${got} of ${wanted}`);
  for (const address of objects) received(world, user, address, user.size, (gfp & ZERO) !== 0);
}

/** Frees an object, on any CPU. */
export function* freeObject(world: SlubWorld, ctx: Context, op: Op): Steps<void> {
  const object = world.model.release(op.a);
  checkBytes(world, object);
  if (!('cache' in object.user)) {
    yield* slubKfree(ctx, world.slub, object.address);
    return;
  }
  const user = object.user as OpenUser;
  user.inFlight++;
  yield* slubFree(ctx, user.cache, object.address);
  user.inFlight--;
}

/** Frees up to 32 objects of one user at once. */
export function* freeObjects(world: SlubWorld, ctx: Context, op: Op): Steps<void> {
  const { model } = world;
  const user = userOf(world, op);
  const addresses: number[] = [];
  for (let i = model.live.length - 1; i >= 0 && addresses.length < 1 + (op.b % 32); i--) {
    if (model.live[i]!.user !== user) continue;
    const object = model.release(i);
    checkBytes(world, object);
    addresses.push(object.address);
  }
  user.inFlight++;
  yield* slubFreeBulk(ctx, user.cache, addresses);
  user.inFlight--;
}

/** Takes memory from a kmalloc cache or, if it is much, whole pages. */
export function* kmalloc(world: SlubWorld, ctx: Context, op: Op): Steps<void> {
  const { size, gfp } = kmallocArguments(op);
  const address = yield* slubKmalloc(ctx, world.slub, size, gfp);
  if (address === null) return;
  if (ksize(world.slub, address) < size)
    throw new ModelViolation(
      'kmalloc gives what was asked for',
      `${ksize(world.slub, address)} of ${size} bytes`,
    );
  received(world, world.heap, address, size, (gfp & ZERO) !== 0);
}

/** Gives a cache's empty slabs back. */
export function* shrinkCache(world: SlubWorld, ctx: Context, op: Op): Steps<void> {
  const user = userOf(world, op);
  user.inFlight++;
  yield* slubShrink(ctx, user.cache);
  user.inFlight--;
}

/** Makes every CPU give up its slabs of a cache. */
export function* flushCache(world: SlubWorld, ctx: Context, op: Op): Steps<void> {
  const user = userOf(world, op);
  user.inFlight++;
  yield* flushAll(ctx, user.cache);
  user.inFlight--;
}

/** Writes a tunable. */
export function* tuneCache(world: SlubWorld, ctx: Context, op: Op): Steps<void> {
  const user = userOf(world, op);
  const { name, text } = attributeWrite(op);
  user.inFlight++;
  const answer = yield* writeAttribute(ctx, user.cache, name, text);
  user.inFlight--;
  if (answer !== text.length)
    throw new ModelViolation('a good value can be written', `${name} ${text}: ${answer}`);
}

/** Ends a grace period: slabs that waited for it go back. */
export function* gracePeriodEnds(world: SlubWorld, ctx: Context): Steps<void> {
  yield* endGracePeriod(ctx, world.slub);
}

/** A CPU goes away for a moment; nobody must be running there. */
export function* cpuGoesOffline(world: SlubWorld, ctx: Context, op: Op): Steps<void> {
  const cpu = op.a % world.machine.cpus;
  if (cpu === ctx.cpu || world.inFlight > 1) return;
  world.slabMutex = true;
  world.offline = cpu;
  yield* slubCpuDead(ctx, world.slub, cpu);
  world.offline = -1;
  world.slabMutex = false;
  slubCpuOnline(world.slub, cpu);
}

/** Takes blocks of pages until there are no more, at most 64. */
export function* takePages(world: SlubWorld, ctx: Context, op: Op): Steps<void> {
  const { machine, model } = world.buddy;
  const { gfp, order } = pageArguments(op);
  for (let i = 0; i < 64; i++) {
    const pfn = yield* allocPages(ctx, machine.pages, gfp, order);
    if (pfn === null) return;
    model.allocated(pfn, order, gfp);
  }
}

/** Gives up to 128 blocks of pages back. */
export function* givePages(world: SlubWorld, ctx: Context, op: Op): Steps<void> {
  const { model, machine } = world.buddy;
  for (let i = 0; i < 128 && model.live.length > 0; i++) {
    const block = model.release(op.a + i);
    checkStamp(world.buddy, block.pfn, block.stamp);
    yield* freePages(ctx, machine.pages, block.pfn, block.order);
  }
}

/** Frees what is no object, which a strict machine refuses before anything changes. */
export function* misuse(world: SlubWorld, ctx: Context, op: Op): Steps<void> {
  const { model } = world;
  const object = model.live[op.a % model.live.length]!;
  if (!('cache' in object.user)) return;
  const { cache } = object.user as OpenUser;
  let refused = false;
  try {
    yield* slubFree(ctx, cache, object.address + 4);
  } catch (error) {
    if (!(error instanceof MisuseError)) throw error;
    refused = true;
  }
  if (!refused) throw new ModelViolation('a strict machine refuses misuse', `${object.address} + 4`);
}
