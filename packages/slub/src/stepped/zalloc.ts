import type { Context, Steps } from '@mm/steps/stepped';
import { __GFP_ZERO } from '@mm/zones';

import { checkRequest } from '../check-arguments.js';
import type { SlubCache } from '../slub-cache.js';
import { slubAlloc } from './alloc.js';

/**
 * Allocates an object whose bytes are 0, also where a constructor wrote: a cache that has one warns of that once.
 *
 * @param gfp flags as of `slubAlloc`.
 * @returns its physical address, or null for no memory.
 * @throws OptionError for what is no cache, one that was destroyed, and for what is no flags.
 * @example
 * const table = slubZalloc(ctx, cache, GFP_KERNEL);
 * @see linux 6.1 include/linux/slab.h kmem_cache_zalloc
 */
export function* slubZalloc(ctx: Context, cache: SlubCache, gfp: number): Steps<number | null> {
  checkRequest(cache, gfp);
  return yield* slubAlloc(ctx, cache, gfp | __GFP_ZERO);
}
