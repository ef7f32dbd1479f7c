import { freePages } from '@mm/buddy/stepped';
import { SLAB_GFP_KEPT, fixSlabGfp, forbiddenGfp, warnOfZeroes } from '@mm/kmem';
import { allocSlabPages } from '@mm/kmem/stepped';
import { orderOfFlags, PageFlag } from '@mm/memory';
import { KernelBug } from '@mm/printk';
import {
  type Context,
  type Steps,
  gracePeriod,
  irqRestore,
  irqSave,
  lock,
  rmw,
  unlock,
  write,
} from '@mm/steps/stepped';
import { GFP_CONSTRAINT_MASK, __GFP_DIRECT_RECLAIM } from '@mm/zones';

import { checkSystem } from '../check-arguments.js';
import { packOffSlab, setFreshList, freelistAddress, unpackOffSlab } from '../free-index.js';
import { reportOutOfMemory } from '../out-of-memory.js';
import { NodeWord, type SlabCache } from '../slab-cache.js';
import { debugBeforeDestroy, setUpDebugged } from '../slab-debug.js';
import { addSlab } from '../slab-lists.js';
import { fixSlabList } from '../slab-objects.js';
import { activeOf, slabWord } from '../slab-word.js';
import type { SlabSystem } from '../slab-system.js';
import { slabAlloc } from './alloc.js';
import { slabFree } from './free.js';

/**
 * A new slab, on no list yet: the slot of its first frame, 0 for no memory. Called with interrupts off, which are on while
 * a caller that may sleep waits for pages.
 * @see linux 6.1 mm/slab.c cache_grow_begin
 */
export function* growBegin(ctx: Context, cache: SlabCache, gfp: number): Steps<number> {
  const { system } = cache;
  const forbidden = forbiddenGfp(system.register.series, system.hasZoneDma32, cache.flags);
  const flags = fixSlabGfp(system.log, gfp, forbidden) & SLAB_GFP_KEPT;
  if (cache.ctor !== null) warnOfZeroes(system.pages, 'mm/slab.c:2559 cache_grow_begin', gfp);
  const mayBlock = (flags & __GFP_DIRECT_RECLAIM) !== 0;
  if (mayBlock) yield irqRestore;
  const slot = yield* makeSlab(ctx, cache, gfp, flags);
  if (mayBlock) yield irqSave;
  return slot;
}

function* makeSlab(ctx: Context, cache: SlabCache, gfp: number, flags: number): Steps<number> {
  const { system, node } = cache;
  const { frames } = system;
  const asked = flags | cache.allocFlags;
  const { pages, register } = system;
  const pfn = yield* allocSlabPages(ctx, pages, register, cache, gfp, asked, cache.order, 0);
  if (pfn === null) {
    reportOutOfMemory(cache, asked);
    return 0;
  }
  const slot = frames.slotOf(pfn);
  let colour = node[NodeWord.colourNext]! + 1;
  if (colour >= cache.colour) colour = 0;
  node[NodeWord.colourNext] = colour;
  const smem = colour * cache.colourOff;
  let list = 0;
  if (cache.offSlab) {
    const home = system.freelistCache(cache.freelistSize)!;
    const address = yield* slabAlloc(ctx, home, flags & ~GFP_CONSTRAINT_MASK);
    if (address === null) {
      yield* freePages(ctx, system.pages, pfn, cache.order);
      return 0;
    }
    list = packOffSlab(address);
  } else if (cache.objFreelist) list = smem + (cache.num - 1) * cache.size + cache.objOffset + 1;
  frames.flags[slot]! |= PageFlag.slab;
  frames.owner0[slot] = cache.id;
  frames.owner1[slot] = list;
  frames.owner2[slot] = slabWord(0, smem);
  setUpObjects(cache, slot, pfn * 4096 + smem);
  return slot;
}

/** @see linux 6.1 mm/slab.c cache_init_objs */
function setUpObjects(cache: SlabCache, slot: number, first: number): void {
  if (cache.debugging) setUpDebugged(cache, first + cache.objOffset);
  else if (cache.ctor !== null)
    for (let i = 0; i < cache.num; i++) cache.ctor(first + i * cache.size + cache.objOffset);
  setFreshList(cache, freelistAddress(cache, slot));
}

/** The slab joins the cache's lists. @see linux 6.1 mm/slab.c cache_grow_end */
export function* growEnd(cache: SlabCache, slot: number): Steps<void> {
  if (slot === 0) return;
  const { node, system } = cache;
  yield lock(cache.listLockCell);
  yield write(cache.nodeCell);
  const active = activeOf(system.frames.owner2[slot]!);
  node[NodeWord.totalSlabs]! += 1;
  if (active === 0) {
    addSlab(cache, NodeWord.freeFirst, slot, true);
    node[NodeWord.freeSlabs]! += 1;
  } else fixSlabList(cache, slot);
  node[NodeWord.freeObjects]! += cache.num - active;
  yield unlock(cache.listLockCell);
}

/**
 * Gives slabs back that are on no list any more: `first`, 0 for none, and those linked behind it by `next`.
 * @see linux 6.1 mm/slab.c slabs_destroy
 */
export function* destroySlabs(ctx: Context, cache: SlabCache, first: number): Steps<void> {
  let slot = first;
  while (slot !== 0) {
    const next = cache.frames.next[slot]!;
    yield* destroySlab(ctx, cache, slot);
    slot = next;
  }
}

/** Gives a slab back that is on no list any more. @see linux 6.1 mm/slab.c slab_destroy */
export function* destroySlab(ctx: Context, cache: SlabCache, slot: number): Steps<void> {
  const { system } = cache;
  if (cache.debugging) debugBeforeDestroy(cache, slot);
  const list = system.frames.owner1[slot]!;
  if (cache.byRcu) {
    yield rmw(system.rcuCell);
    system.rcuSlabs.push(slot);
  } else yield* freeSlabPages(ctx, system, slot);
  if (cache.offSlab) yield* slabFree(ctx, system.freelistCache(cache.freelistSize)!, unpackOffSlab(list));
}

function* freeSlabPages(ctx: Context, system: SlabSystem, slot: number): Steps<void> {
  const { frames } = system;
  if ((frames.flags[slot]! & PageFlag.slab) === 0 || frames.spare[slot] !== 0)
    throw new KernelBug('kernel BUG: a slab is given back that is on a list or none', {
      slab: frames.pfnOf(slot),
    });
  const order = orderOfFlags(frames.flags[slot]!);
  frames.flags[slot]! &= ~(PageFlag.slab | PageFlag.active);
  frames.owner0[slot] = 0;
  frames.owner1[slot] = 0;
  frames.owner2[slot] = 0;
  yield* freePages(ctx, system.pages, frames.pfnOf(slot), order);
}

/**
 * Ends a grace period: slabs of SLAB_TYPESAFE_BY_RCU caches that were given up before it go back to the page allocator.
 * @throws OptionError for what is no slab allocator.
 * @example
 * slabEndGracePeriod(ctx, system);
 * @see linux 6.1 mm/slab.c kmem_rcu_free
 */
export function* slabEndGracePeriod(ctx: Context, system: SlabSystem): Steps<void> {
  checkSystem(system);
  yield rmw(system.rcuCell);
  const slots = system.rcuSlabs;
  system.rcuSlabs = [];
  yield gracePeriod;
  for (const slot of slots) yield* freeSlabPages(ctx, system, slot);
}
