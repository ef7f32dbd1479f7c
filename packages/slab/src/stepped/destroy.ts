import { cpusReadLock, cpusReadUnlock } from '@mm/kmem/stepped';
import { type Context, type Steps, lock, unlock } from '@mm/steps/stepped';

import { checkAlive } from '../check-arguments.js';
import { ArrayWord, type SlabCache } from '../slab-cache.js';
import { slabShrink } from './drain.js';

/**
 * One user gives the cache up; with the last one it is gone, unless objects are still live.
 *
 * @param cache null: nothing happens.
 * @returns whether this was the last user and nothing was left.
 * @throws OptionError for what is no cache, and one that was destroyed.
 * @example
 * slabDestroy(ctx, cache);
 * @see linux 6.1 mm/slab_common.c kmem_cache_destroy
 */
export function* slabDestroy(ctx: Context, cache: SlabCache | null): Steps<boolean> {
  if (cache === null) return false;
  const { register } = checkAlive(cache).system;
  const part = yield* cpusReadLock(ctx, register);
  yield lock(register.mutex);
  cache.refcount -= 1;
  const last = cache.refcount === 0;
  const clean = last && (yield* shutDown(ctx, cache));
  yield unlock(register.mutex);
  yield* cpusReadUnlock(part);
  return clean;
}

/** The last user is gone: whether nothing was left. @see linux 6.1 mm/slab_common.c shutdown_cache */
function* shutDown(ctx: Context, cache: SlabCache): Steps<boolean> {
  const { system } = cache;
  const left = yield* slabShrink(ctx, cache);
  if (left === 0) {
    system.register.remove(cache);
    cache.alive = 0;
    // Filled by nobody any more: a free finds them full, and then looks whether the cache is one.
    for (const { words } of cache.arrays) words[ArrayWord.limit] = 0;
    return true;
  }
  system.log.warn(
    'slab_common.c:493 kmem_cache_destroy',
    `kmem_cache_destroy ${cache.name}: Slab cache still has objects when called from caller+0x0/0x0`,
  );
  return false;
}
