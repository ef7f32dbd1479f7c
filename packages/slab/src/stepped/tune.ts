import { KMALLOC_MAX_SIZE } from '@mm/kmem';
import { Errno, checkText } from '@mm/printk';
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

import { checkAlive, checkSystem, checkTunables } from '../check-arguments.js';
import { ArrayWord, NodeWord, type SlabCache, UNUSED_BATCH, arrayCache } from '../slab-cache.js';
import { returnObjects } from '../slab-objects.js';
import { onlineCount, onlineCpus } from '../online-cpus.js';
import type { SlabSystem } from '../slab-system.js';
import { destroySlabs } from './grow.js';

/**
 * Gives the cache other arrays; what the old ones held goes back to its slabs.
 *
 * @param limit objects that a CPU's array holds, from 1.
 * @param batchcount how many move at once, 1..limit.
 * @param shared batches that the shared array holds; 0: none.
 * @returns 0, -EINVAL, or -ENOMEM for arrays larger than the kernel has memory for.
 * @throws OptionError for what is no cache, one that was destroyed, and what is no int of C's.
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
  checkAlive(cache);
  checkTunables(limit, batchcount, shared);
  if (limit < 1 || batchcount < 1 || batchcount > limit || shared < 0) return -Errno.EINVAL;
  yield lock(cache.system.register.mutex);
  const answer = yield* exchangeArrays(ctx, cache, limit, batchcount, shared);
  yield unlock(cache.system.register.mutex);
  return answer;
}

/**
 * The same for the newest cache of a name, as a write to /proc/slabinfo asks for it. Tunables that are not good are passed over
 * without an error.
 *
 * @returns 0, -EINVAL when there is no such cache, or -ENOMEM for arrays larger than the kernel has memory for.
 * @throws OptionError for what is no slab allocator, no text, and what is no int of C's.
 * @example
 * tuneCacheNamed(ctx, system, 'dentry', 120, 60, 8);
 * @see linux 6.1 mm/slab.c slabinfo_write
 */
export function* tuneCacheNamed(
  ctx: Context,
  system: SlabSystem,
  name: string,
  limit: number,
  batchcount: number,
  shared: number,
): Steps<number> {
  const { register } = checkSystem(system);
  checkText('name', name);
  checkTunables(limit, batchcount, shared);
  yield lock(register.mutex);
  const cache = register.caches.findLast((known) => known.name === name);
  const isGood = limit >= 1 && batchcount >= 1 && batchcount <= limit && shared >= 0;
  let answer = cache === undefined ? -Errno.EINVAL : 0;
  if (cache !== undefined && isGood) answer = yield* exchangeArrays(ctx, cache, limit, batchcount, shared);
  yield unlock(register.mutex);
  return answer;
}

/** Bytes of an array before its entries. @see linux 6.1 mm/slab.c struct array_cache */
const HEAD_BYTES = 16;
/** The largest of what each CPU has of its own. @see linux 6.1 include/linux/percpu.h PCPU_MIN_UNIT_SIZE */
const PERCPU_MAX = 32_768;

/** 0 or -ENOMEM. @see linux 6.1 mm/slab.c do_tune_cpucache */
function* exchangeArrays(
  ctx: Context,
  cache: SlabCache,
  limit: number,
  batchcount: number,
  shared: number,
): Steps<number> {
  const { system, node } = cache;
  const { pointerBytes } = system.arch;
  const bytes = limit * pointerBytes + HEAD_BYTES;
  if (bytes > PERCPU_MAX) {
    const what = `illegal size (${bytes}) or align (${pointerBytes}) for percpu allocation`;
    system.log.warn('mm/percpu.c pcpu_alloc', what);
    return -Errno.ENOMEM;
  }
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
  // The arrays of the CPUs stay the new ones. The product is an int's, which may wrap.
  const entries = Math.imul(shared, batchcount);
  if (entries < 0 || entries * pointerBytes + HEAD_BYTES > KMALLOC_MAX_SIZE) return -Errno.ENOMEM;
  yield irqSave;
  yield lock(cache.listLockCell);
  yield write(cache.nodeCell);
  node[NodeWord.freeLimit] = (1 + onlineCount(system)) * batchcount + cache.num;
  const before = cache.sharedArray;
  const gone = before === null ? 0 : returnObjects(cache, before, 0, before.words[ArrayWord.avail]!);
  cache.sharedArray = shared === 0 ? null : arrayCache(entries, UNUSED_BATCH);
  yield unlock(cache.listLockCell);
  yield irqRestore;
  yield* destroySlabs(ctx, cache, gone);
  return 0;
}

/** @see linux 6.1 kernel/smp.c kick_all_cpus_sync */
function* answerIpi(): Steps<void> {
  yield irqSave;
  yield irqRestore;
}
