import type { Context, Steps } from '@mm/steps/stepped';

import type { SlabCache } from '../slab-cache.js';
import { slabShrink } from './drain.js';

/**
 * One user gives the cache up; with the last one it is gone, unless objects are still live.
 *
 * @returns whether this was the last user and nothing was left.
 * @example
 * slabDestroy(ctx, cache);
 * @see linux 6.1 mm/slab_common.c kmem_cache_destroy
 */
export function* slabDestroy(ctx: Context, cache: SlabCache): Steps<boolean> {
  const { system } = cache;
  cache.refcount -= 1;
  if (cache.refcount !== 0) return false;
  const left = yield* slabShrink(ctx, cache);
  if (left === 0) {
    system.register.remove(cache);
    cache.alive = 0;
    return true;
  }
  system.log.warn(
    'slab_common.c:493 kmem_cache_destroy',
    `kmem_cache_destroy ${cache.name}: Slab cache still has objects when called from caller+0x0/0x0`,
  );
  return false;
}
