import type { Context } from '@mm/steps';

/** Who took the pages of their last request from below all watermarks, and have not been asked yet. Nothing of a machine's state: asked at once. */
const takers = new WeakSet<Context>();

/** The request of `ctx` that ends now is served from the reserves. @see linux 6.1 include/linux/mm.h set_page_pfmemalloc */
export function noteReserve(ctx: Context): void {
  takers.add(ctx);
}

/**
 * Whether the last pages that `ctx` got are of the reserves, which only `__GFP_MEMALLOC` opens. Answers once: to be asked before the request,
 * to forget an earlier one, and right after it.
 * @example
 * tookReserve(ctx); // false: nothing has been asked for with __GFP_MEMALLOC
 * @see linux 6.1 include/linux/mm.h page_is_pfmemalloc
 */
export const tookReserve = (ctx: Context): boolean => takers.delete(ctx);
