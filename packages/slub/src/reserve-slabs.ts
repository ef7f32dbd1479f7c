import { type PageFrames, PageFlag } from '@mm/memory';
import { __GFP_MEMALLOC, __GFP_NOMEMALLOC } from '@mm/zones';

const RESERVE = PageFlag.active;

/**
 * Whether an allocation with these flags may be served from the slab at `slot`: one whose pages are of the memory reserves is for
 * those who may use them. The fast path does not look.
 * @see linux 6.1 mm/slub.c pfmemalloc_match
 */
export const reserveFits = (frames: PageFrames, slot: number, gfp: number): boolean =>
  (frames.flags[slot]! & RESERVE) === 0 || (gfp & (__GFP_MEMALLOC | __GFP_NOMEMALLOC)) === __GFP_MEMALLOC;
