import { Errno } from '@mm/printk';
import {
  type Context,
  type Steps,
  compound,
  eachCpu,
  irqRestore,
  irqSave,
  lock,
  unlock,
  write,
} from '@mm/steps/stepped';

import { ArrayWord, NodeWord, type SlabCache, arrayCache, newSharedArray } from '../slab-cache.js';
import { returnObjects } from '../slab-objects.js';
import { type SlabSystem, onlineCpus } from '../slab-system.js';
import { destroySlabs } from './grow.js';

/**
 * Gives the cache other arrays; what the old ones held goes back to its slabs.
 *
 * @param limit objects that a CPU's array holds, from 1.
 * @param batchcount how many move at once, 1..limit.
 * @param shared batches that the shared array holds; 0: none.
 * @returns 0 or -EINVAL.
 * @example
 * tuneCache(ctx, cache, 120, 60, 8);
 * @see linux 6.1 mm/slab.c slabinfo_write
 */
export function* tuneCache(
  ctx: Context,
  cache: SlabCache,
  limit: number,
  batchcount: number,
  shared: number,
): Steps<number> {
  if (limit < 1 || batchcount < 1 || batchcount > limit || shared < 0) return -Errno.EINVAL;
  yield lock(cache.system.register.mutex);
  yield* exchangeArrays(ctx, cache, limit, batchcount, shared);
  yield unlock(cache.system.register.mutex);
  return 0;
}

/**
 * The same for the newest cache of a name, as a write to /proc/slabinfo asks for it. Tunables that are not good are passed over
 * without an error.
 *
 * @returns 0, or -EINVAL when there is no such cache.
 * @example
 * tuneCacheNamed(ctx, system, 'dentry', 120, 60, 8);
 * @see linux 6.1 mm/slab.c slabinfo_write
 */
export function* tuneCacheNamed(
  ctx: Context,
  { register }: SlabSystem,
  name: string,
  limit: number,
  batchcount: number,
  shared: number,
): Steps<number> {
  yield lock(register.mutex);
  const cache = register.caches.findLast((known) => known.name === name);
  const isGood = limit >= 1 && batchcount >= 1 && batchcount <= limit && shared >= 0;
  if (cache !== undefined && isGood) yield* exchangeArrays(ctx, cache, limit, batchcount, shared);
  yield unlock(register.mutex);
  return cache === undefined ? -Errno.EINVAL : 0;
}

/** @see linux 6.1 mm/slab.c do_tune_cpucache */
function* exchangeArrays(
  ctx: Context,
  cache: SlabCache,
  limit: number,
  batchcount: number,
  shared: number,
): Steps<void> {
  const { system, node } = cache;
  yield compound(cache.arraysCell);
  const old = cache.arrays.splice(0);
  for (let cpu = 0; cpu < system.cpus; cpu++) cache.arrays.push(arrayCache(limit, batchcount));
  cache.limit = limit;
  cache.batchcount = batchcount;
  cache.shared = shared;
  // Nobody works on an old array any more once every CPU has had its interrupts on.
  yield* eachCpu(ctx, onlineCpus(system), answerIpi);
  for (const array of old) {
    yield irqSave;
    yield lock(cache.listLockCell);
    yield write(cache.nodeCell);
    const gone = returnObjects(cache, array, 0, array.words[ArrayWord.avail]!);
    yield unlock(cache.listLockCell);
    yield irqRestore;
    yield* destroySlabs(ctx, cache, gone);
  }
  yield irqSave;
  yield lock(cache.listLockCell);
  yield write(cache.nodeCell);
  node[NodeWord.freeLimit] = (1 + system.cpus) * batchcount + cache.num;
  const before = cache.sharedArray;
  const gone = before === null ? 0 : returnObjects(cache, before, 0, before.words[ArrayWord.avail]!);
  cache.sharedArray = newSharedArray(shared, batchcount);
  yield unlock(cache.listLockCell);
  yield irqRestore;
  yield* destroySlabs(ctx, cache, gone);
}

/** @see linux 6.1 kernel/smp.c kick_all_cpus_sync */
function* answerIpi(): Steps<void> {
  yield irqSave;
  yield irqRestore;
}
