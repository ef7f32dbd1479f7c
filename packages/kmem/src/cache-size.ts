import { checkCache } from './check-arguments.js';
import type { KmemCache } from './kmem-cache.js';

/**
 * Bytes of a cache's objects: of one that serves several users, of the largest.
 *
 * @throws OptionError for what is no cache.
 * @example
 * kmemCacheSize(register.create({ name: 'tables', size: 1024 })!); // 1024
 * @see linux 6.1 mm/slab_common.c kmem_cache_size
 */
export function kmemCacheSize(cache: KmemCache): number {
  checkCache(cache);
  return cache.objectSize;
}
