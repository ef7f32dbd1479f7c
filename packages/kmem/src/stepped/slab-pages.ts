import type { PageAllocator } from '@mm/buddy';
import { allocPages } from '@mm/buddy/stepped';
import type { Pfn } from '@mm/memory';
import type { Context, Steps } from '@mm/steps/stepped';

import type { CacheRegister } from '../cache-register.js';
import type { KmemCache } from '../kmem-cache.js';

/**
 * Asks the page allocator for a slab; who watches the register is told of it.
 *
 * @param callerGfp flags that the caller of the cache passed.
 * @param gfp flags that the page allocator gets.
 * @param attempt 0, and 1 for the second try with a smaller order.
 * @example
 * allocSlabPages(ctx, pages, register, cache, GFP_KERNEL, GFP_KERNEL | __GFP_COMP, 1, 0);
 */
export function* allocSlabPages(
  ctx: Context,
  pages: PageAllocator,
  register: CacheRegister<KmemCache>,
  cache: KmemCache,
  callerGfp: number,
  gfp: number,
  order: number,
  attempt: number,
): Steps<Pfn | null> {
  if (register.onPageRequest !== null) register.onPageRequest(cache, callerGfp, gfp, order, attempt);
  return yield* allocPages(ctx, pages, gfp, order);
}
