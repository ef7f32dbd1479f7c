import { cpusReadLock, cpusReadUnlock } from '@mm/kmem/stepped';
import { type Context, type Steps, irqRestore, irqSave, lock, rmw, unlock, write } from '@mm/steps/stepped';

import { checkAlive } from '../check-arguments.js';
import { takeEmptyPartial } from '../take-empty-partial.js';
import { NodeWord, type SlubCache } from '../slub-cache.js';
import { flushAllLocked } from './flush.js';
import { removeDirectory } from './kernfs-active.js';
import { discardSlab } from './new-slab.js';

/**
 * One user gives the cache up; with the last one it is gone. Objects that are still live are reported, and the cache
 * then keeps their slabs.
 *
 * @param cache null: nothing happens.
 * @returns whether this was the last user and nothing was left.
 * @throws OptionError for what is no cache, and one that was destroyed.
 * @example
 * kmemCacheDestroy(ctx, cache);
 * @see linux 6.1 mm/slab_common.c kmem_cache_destroy
 */
export function* kmemCacheDestroy(ctx: Context, cache: SlubCache | null): Steps<boolean> {
  if (cache === null) return false;
  const { system } = checkAlive(cache);
  const { register } = system;
  const part = yield* cpusReadLock(ctx, register);
  yield lock(register.mutex);
  cache.refcount -= 1;
  const last = cache.refcount === 0;
  const clean = last && (yield* shutDown(ctx, cache));
  yield unlock(register.mutex);
  yield* cpusReadUnlock(part);
  // A cache that could not be given up keeps its directory.
  if (!clean) return false;
  if (!cache.byRcu) {
    yield* removeDirectory(cache);
    return true;
  }
  // Read only now: who ended a grace period meanwhile has taken the earlier ones.
  yield rmw(system.rcuCell);
  system.rcuCaches.push(cache);
  return true;
}

/** The last user is gone: whether nothing was left. @see linux 6.1 mm/slab_common.c shutdown_cache */
function* shutDown(ctx: Context, cache: SlubCache): Steps<boolean> {
  const { register, log } = cache.system;
  yield* flushAllLocked(ctx, cache);
  yield irqSave;
  yield lock(cache.listLockCell);
  yield write(cache.nrPartialCell);
  const empty = takeEmptyPartial(cache);
  yield unlock(cache.listLockCell);
  yield irqRestore;
  for (const slot of empty) yield* discardSlab(ctx, cache, slot);
  // The second count is wrong where a slab was once taken off the other list.
  if (cache.node[NodeWord.nrSlabs] !== 0 || cache.node[NodeWord.nrPartial] !== 0) {
    log.warn(
      'slab_common.c:493 kmem_cache_destroy',
      `kmem_cache_destroy ${cache.name}: Slab cache still has objects when called from caller+0x0/0x0`,
    );
    return false;
  }
  register.remove(cache);
  cache.alive = 0;
  // Otherwise after the grace period.
  if (!cache.byRcu) cache.system.debugNames.release(cache);
  return true;
}
