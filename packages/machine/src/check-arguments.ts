import { SlabCache, SlabSystem } from '@mm/slab';
import { OptionError } from '@mm/printk';

import type { AnyCache, KmemSystem } from './kmem-system.js';

/** What is not a cache of SLUB must be one of SLAB. @throws OptionError for anything else. */
export function checkSlabCache(cache: AnyCache): SlabCache {
  if (!(cache instanceof SlabCache))
    throw new OptionError('cache', 'a cache that kmemCacheCreate() made', cache);
  return cache;
}

/** What is not SLUB must be SLAB. @throws OptionError for anything else. */
export function checkSlabSystem(kmem: KmemSystem): SlabSystem {
  if (!(kmem instanceof SlabSystem)) throw new OptionError('kmem', 'the kmem of a machine', kmem);
  return kmem;
}
