import { type Context, type Steps, lock, unlock, write } from '@mm/steps/stepped';

import { CacheRegister, checkRequest } from '../cache-register.js';
import { checkInstance } from '@mm/printk';
import type { CacheRequest, KmemCache } from '../kmem-cache.js';

/**
 * Makes a cache, or finds one that can serve the request as well, under the kernel's slab_mutex.
 *
 * @returns null when the kernel answers NULL; the reason is in the log.
 * @throws KernelBug where the kernel dies: SLAB_PANIC and a failure, size 0.
 * @throws OptionError for arguments that C's types rule out, and for no register; nothing has been waited for then.
 * @example
 * kmemCacheCreate(ctx, register, { name: 'io-pgtable_armv7s_l2', size: 1024, align: 1024, flags: SLAB_CACHE_DMA32 });
 * @see linux 6.1 mm/slab_common.c kmem_cache_create_usercopy
 */
export function* kmemCacheCreate<C extends KmemCache>(
  _ctx: Context,
  register: CacheRegister<C>,
  request: CacheRequest,
): Steps<C | null> {
  checkInstance('register', register, CacheRegister);
  checkRequest(request);
  yield lock(register.mutex);
  // Readers of sysfs do not take the mutex.
  yield write(register.namesCell);
  const cache = register.create(request);
  yield unlock(register.mutex);
  return cache;
}
