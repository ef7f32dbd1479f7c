import { type PageAllocator, tookReserve } from '@mm/buddy';
import { allocPages } from '@mm/buddy/stepped';
import { PageFlag, type Pfn } from '@mm/memory';
import { checkInstance, checkInteger } from '@mm/printk';
import type { Context, Steps } from '@mm/steps/stepped';
import { __GFP_MEMALLOC } from '@mm/zones';

import { checkCache, checkGfp, checkPages } from '../check-arguments.js';
import { CacheRegister } from '../cache-register.js';
import type { KmemCache } from '../kmem-cache.js';

const isFlags = (gfp: number): boolean => typeof gfp === 'number' && (gfp & 0x7fffffff) === gfp;

/** Of a slab: its order is fit for the page allocator. */
const TOP_ORDER = 10;

/**
 * Asks the page allocator for a slab; who watches the register is told of it. Pages from the reserves are marked.
 *
 * @param callerGfp flags that the caller of the cache passed.
 * @param gfp flags that the page allocator gets.
 * @param attempt 0, and 1 for the second try with a smaller order.
 * @throws OptionError naming the argument that is wrong; nobody has been told then.
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
  checkPages(pages);
  if (!(register instanceof CacheRegister)) checkInstance('register', register, CacheRegister);
  checkCache(cache);
  // Of a slab of one page eight checks are a fiftieth of the time: comparisons here, calls for what is wrong alone.
  if (!isFlags(callerGfp) || !isFlags(gfp)) {
    checkGfp(callerGfp);
    checkGfp(gfp);
  }
  if (typeof order !== 'number' || order >>> 0 !== order || order > TOP_ORDER)
    checkInteger('order', order, 0, TOP_ORDER);
  if (attempt !== 0 && attempt !== 1) checkInteger('attempt', attempt, 0, 1);
  if (register.onPageRequest !== null) register.onPageRequest(cache, callerGfp, gfp, order, attempt);
  if ((gfp & __GFP_MEMALLOC) === 0) return yield* allocPages(ctx, pages, gfp, order);
  tookReserve(ctx);
  const pfn = yield* allocPages(ctx, pages, gfp, order);
  // Of a slab the flag of active pages says so, as in Linux.
  if (pfn !== null && tookReserve(ctx)) pages.frames.flags[pages.frames.slotOf(pfn)]! |= PageFlag.active;
  return pfn;
}
