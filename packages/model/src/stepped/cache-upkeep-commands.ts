import {
  cacheFlush,
  cacheShrink,
  cpuDead,
  cpuOnline,
  gracePeriodEnds as endGracePeriod,
} from '@mm/machine/stepped';
import { Errno } from '@mm/printk';
import { SlabCache } from '@mm/slab';
import { slabReap, tuneCache as tuneArrays } from '@mm/slab/stepped';
import { SlubCache } from '@mm/slub';
import type { Context, Steps } from '@mm/steps/stepped';
import { storeAttribute } from '@mm/sysfs/stepped';

import { arrayTuning, attributeWrite, counterOf, userOf } from '../caches/cache-arguments.js';
import type { CacheWorld } from '../caches/cache-world.js';
import { checkAllKept } from '../caches/kept-objects.js';
import { wasCleared, wasShrunk } from '../caches/note-history.js';
import { checkHoldsNothing } from '../caches/offline-cpu.js';
import { ModelViolation } from '../model-violation.js';
import { type Answer, NOTHING_TO_DO, type Op } from '../subsystem.js';

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
