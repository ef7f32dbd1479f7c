import { checkCpu } from '@mm/kmem';
import {
  type Context,
  type Steps,
  eachCpu,
  irqRestore,
  irqSave,
  lock,
  preemptDisable,
  preemptEnable,
  read,
  tryLock,
  unlock,
  write,
} from '@mm/steps/stepped';

import { checkCache } from '../check-arguments.js';
import { type ArrayCache, ArrayWord, NodeWord, type SlabCache } from '../slab-cache.js';
import { removeSlab } from '../slab-lists.js';
import { dropEntries, returnObjects } from '../slab-objects.js';
import { onlineCpus } from '../online-cpus.js';
import { destroySlab, destroySlabs } from './grow.js';

const AVAIL = ArrayWord.avail;
const LIMIT = ArrayWord.limit;
const TOUCHED = ArrayWord.touched;

/**
 * CPU `cpu` returns all objects of its array to their slabs.
 *
 * @param cpu the CPU of `ctx`, or one that is offline.
 * @throws OptionError for what is no cache or no CPU.
 * @example
 * drainCpu(ctx, cache, 1);
 * @see linux 6.1 mm/slab.c do_drain
 */
export function* drainCpu(ctx: Context, cache: SlabCache, cpu: number): Steps<void> {
  checkCpu(checkCache(cache).system.cpus, cpu);
  yield irqSave;
  yield read(cache.arrayCell + cpu);
  const array = cache.arrays[cpu]!;
  yield lock(cache.listLockCell);
  yield write(cache.nodeCell);
  const gone = returnObjects(cache, array, 0, array.words[AVAIL]!);
  yield unlock(cache.listLockCell);
  array.words[AVAIL] = 0;
  yield* destroySlabs(ctx, cache, gone);
  yield irqRestore;
}

/**
 * Every online CPU empties its array, each on its own; then the shared array is emptied.
 * @throws OptionError for what is no cache.
 * @example
 * drainAll(ctx, cache);
 * @see linux 6.1 mm/slab.c drain_cpu_caches
 */
export function* drainAll(ctx: Context, cache: SlabCache): Steps<void> {
  yield* eachCpu(ctx, onlineCpus(checkCache(cache).system), (own) => drainCpu(own, cache, own.cpu));
  yield* drainArray(ctx, cache, null, true);
}

/**
 * Empties an array, or takes a fifth of its limit out of it; null: the shared one, which is looked up under the lock, as who
 * tunes the cache gives it another.
 */
function* drainArray(ctx: Context, cache: SlabCache, array: ArrayCache | null, all: boolean): Steps<void> {
  yield irqSave;
  yield lock(cache.listLockCell);
  yield write(cache.nodeCell);
  const drained = array ?? cache.sharedArray;
  const gone = drained === null ? 0 : drainLocked(cache, drained, all);
  yield unlock(cache.listLockCell);
  yield irqRestore;
  yield* destroySlabs(ctx, cache, gone);
}

/**
 * Returns all entries of an array to their slabs, or a fifth of its limit. Under the list lock.
 * @see linux 6.1 mm/slab.c drain_array_locked
 */
function drainLocked(cache: SlabCache, array: ArrayCache, all: boolean): number {
  const avail = array.words[AVAIL]!;
  let count = all ? avail : Math.floor((array.words[LIMIT]! + 4) / 5);
  if (count > avail) count = Math.floor((avail + 1) / 2);
  const gone = returnObjects(cache, array, 0, count);
  dropEntries(array, count);
  return gone;
}

/**
 * Gives up to `most` free slabs back, the last of the list first. Returns how many.
 * @see linux 6.1 mm/slab.c drain_freelist
 */
export function* drainFreelist(ctx: Context, cache: SlabCache, most: number): Steps<number> {
  const { node } = cache;
  let freed = 0;
  while (freed < most) {
    yield irqSave;
    yield lock(cache.listLockCell);
    yield write(cache.nodeCell);
    const slot = node[NodeWord.freeFirst + 1]!;
    if (slot !== 0) {
      removeSlab(cache, NodeWord.freeFirst, slot);
      node[NodeWord.freeSlabs]! -= 1;
      node[NodeWord.totalSlabs]! -= 1;
      node[NodeWord.freeObjects]! -= cache.num;
    }
    yield unlock(cache.listLockCell);
    yield irqRestore;
    if (slot === 0) break;
    yield* destroySlab(ctx, cache, slot);
    freed++;
  }
  return freed;
}

/**
 * Gives all empty slabs back.
 *
 * @returns 1 while the cache still has slabs with objects, else 0.
 * @throws OptionError for what is no cache.
 * @example
 * slabShrink(ctx, cache);
 * @see linux 6.1 mm/slab.c __kmem_cache_shrink
 */
export function* slabShrink(ctx: Context, cache: SlabCache): Steps<number> {
  yield* drainAll(ctx, cache);
  yield* drainFreelist(ctx, cache, Infinity);
  return cache.node[NodeWord.fullFirst] === 0 && cache.node[NodeWord.partialFirst] === 0 ? 0 : 1;
}

/**
 * What each CPU does every few seconds: arrays and shared arrays that nobody used since are emptied by a fifth, free slabs
 * given back little by little.
 * @throws OptionError for what is no cache.
 * @example
 * slabReap(ctx, cache);
 * @see linux 6.1 mm/slab.c cache_reap
 */
export function* slabReap(ctx: Context, cache: SlabCache): Steps<void> {
  checkCache(cache);
  // Who is making, destroying or tuning caches is not waited for: the next time will do.
  const free = yield tryLock(cache.system.register.mutex);
  if (!free) return;
  yield* reapLocked(ctx, cache);
  yield unlock(cache.system.register.mutex);
}

function* reapLocked(ctx: Context, cache: SlabCache): Steps<void> {
  const { node } = cache;
  // The kernel's worker is bound to its CPU.
  yield preemptDisable;
  yield* reapArray(ctx, cache, cache.arrays[ctx.cpu]!);
  yield preemptEnable;
  if (cache.sharedArray !== null) yield* reapArray(ctx, cache, cache.sharedArray);
  if (node[NodeWord.freeTouched] === 1) node[NodeWord.freeTouched] = 0;
  else {
    const most = Math.floor((node[NodeWord.freeLimit]! + 5 * cache.num - 1) / (5 * cache.num));
    yield* drainFreelist(ctx, cache, most);
  }
}

/** @see linux 6.1 mm/slab.c drain_array */
function* reapArray(ctx: Context, cache: SlabCache, array: ArrayCache): Steps<void> {
  if (array.words[AVAIL] === 0) return;
  if (array.words[TOUCHED] !== 0) array.words[TOUCHED] = 0;
  else yield* drainArray(ctx, cache, array, false);
}
