import { freePages } from '@mm/buddy/stepped';
import { SLAB_GFP_KEPT, fixSlabGfp, forbiddenGfp, warnOfZeroes } from '@mm/kmem';
import { allocSlabPages } from '@mm/kmem/stepped';
import { orderOfFlags, PageFlag } from '@mm/memory';
import { type Context, type Steps, gracePeriod, rmw } from '@mm/steps/stepped';
import {
  __GFP_DIRECT_RECLAIM,
  __GFP_NOFAIL,
  __GFP_NOMEMALLOC,
  __GFP_NORETRY,
  __GFP_NOWARN,
  __GFP_RECLAIM,
} from '@mm/zones';

import { checkSystem } from '../check-arguments.js';
import { setUpSlab } from '../set-up-slab.js';
import { NodeWord, type SlubCache } from '../slub-cache.js';
import { checkFreedSlab } from '../slub-debug.js';
import { CPU_SHIFT, SlubStat } from '../slub-stats.js';
import type { SlubSystem } from '../slub-system.js';
import { objectsOf } from '../slab-counters.js';
import { checkGivenBack } from '../slab-lists.js';
import { removeDirectory } from './kernfs-active.js';

/**
 * A new slab, not frozen, all objects on its free list: the slot of its first frame, 0 for no memory. Of the caller's
 * flags only those of reclaim and placement count; the zone is the cache's own. When the normal order is not to be had
 * the least one will do.
 * @see linux 6.1 mm/slub.c new_slab, allocate_slab
 */
export function* newSlab(ctx: Context, cache: SlubCache, gfp: number): Steps<number> {
  const { system } = cache;
  const forbidden = forbiddenGfp(system.register.series, system.hasZoneDma32, cache.flags);
  const flags = (fixSlabGfp(system.log, gfp, forbidden) & SLAB_GFP_KEPT) | cache.allocFlags;
  if (cache.ctor !== null) warnOfZeroes(system.pages, 'mm/slub.c:2001 new_slab', gfp);
  let first = (flags | __GFP_NOWARN | __GFP_NORETRY) & ~__GFP_NOFAIL;
  if ((first & __GFP_DIRECT_RECLAIM) !== 0 && cache.order > cache.minOrder)
    first = (first | __GFP_NOMEMALLOC) & ~__GFP_RECLAIM;
  let objects = cache.objects;
  const { pages, register } = system;
  let pfn = yield* allocSlabPages(ctx, pages, register, cache, gfp, first, cache.order, 0);
  if (pfn === null) {
    pfn = yield* allocSlabPages(ctx, pages, register, cache, gfp, flags, cache.minOrder, 1);
    if (pfn === null) return 0;
    objects = cache.minObjects;
    cache.cpu[(ctx.cpu << CPU_SHIFT) + SlubStat.orderFallback]! += 1;
  }
  return setUpSlab(cache, pfn, objects);
}

/** A slab joins the cache. @see linux 6.1 mm/slub.c inc_slabs_node */
export function* incSlabs(cache: SlubCache, slot: number): Steps<void> {
  yield rmw(cache.nrSlabsCell);
  cache.node[NodeWord.nrSlabs]! += 1;
  cache.node[NodeWord.totalObjects]! += objectsOf(cache.system.frames.owner2[slot]!);
}

/** A slab leaves the cache. @see linux 6.1 mm/slub.c dec_slabs_node */
export function* decSlabs(cache: SlubCache, slot: number): Steps<void> {
  yield rmw(cache.nrSlabsCell);
  cache.node[NodeWord.nrSlabs]! -= 1;
  cache.node[NodeWord.totalObjects]! -= objectsOf(cache.system.frames.owner2[slot]!);
}

/** @see linux 6.1 mm/slub.c discard_slab */
export function* discardSlab(ctx: Context, cache: SlubCache, slot: number): Steps<void> {
  yield* decSlabs(cache, slot);
  yield* freeSlab(ctx, cache, slot);
}

/** Gives a slab's pages back, at once or after a grace period. @see linux 6.1 mm/slub.c free_slab */
export function* freeSlab(ctx: Context, cache: SlubCache, slot: number): Steps<void> {
  if (cache.debugging) checkFreedSlab(cache, slot);
  const { system } = cache;
  if (!cache.byRcu) return yield* freeSlabPages(ctx, system, slot);
  yield rmw(system.rcuCell);
  system.rcuSlabs.push(slot);
}

function* freeSlabPages(ctx: Context, system: SlubSystem, slot: number): Steps<void> {
  const { frames } = system;
  checkGivenBack(system, slot);
  const order = orderOfFlags(frames.flags[slot]!);
  frames.flags[slot]! &= ~(PageFlag.slab | PageFlag.active);
  frames.owner0[slot] = 0;
  frames.owner1[slot] = 0;
  frames.owner2[slot] = 0;
  yield* freePages(ctx, system.pages, frames.pfnOf(slot), order);
}

/**
 * Ends a grace period: the slabs of SLAB_TYPESAFE_BY_RCU caches that were given up before it go back to the page
 * allocator, and such caches that were destroyed are gone.
 * @throws OptionError for what is no slab allocator.
 * @example
 * endGracePeriod(ctx, system);
 * @see linux 6.1 mm/slub.c rcu_free_slab
 */
export function* endGracePeriod(ctx: Context, system: SlubSystem): Steps<void> {
  checkSystem(system);
  yield rmw(system.rcuCell);
  const slots = system.rcuSlabs;
  const caches = system.rcuCaches;
  system.rcuSlabs = [];
  system.rcuCaches = [];
  yield gracePeriod;
  for (const slot of slots) yield* freeSlabPages(ctx, system, slot);
  for (const cache of caches) {
    system.debugNames.release(cache);
    yield* removeDirectory(cache);
  }
}
