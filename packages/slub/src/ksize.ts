import {
  SLAB_POISON,
  SLAB_RED_ZONE,
  SLAB_STORE_USER,
  SLAB_TYPESAFE_BY_RCU,
  ZERO_SIZE_PTR,
  checkObjectAddress,
  ksizeOfPages,
} from '@mm/kmem';
import { PAGE_SIZE, PageFlag, compoundOrder } from '@mm/memory';

import { checkSystem } from './check-arguments.js';
import { headSlotOf } from './slab-head.js';
import type { SlubCache } from './slub-cache.js';
import type { SlubSystem } from './slub-system.js';

/** Bytes of an object that its owner may use. @see linux 6.1 mm/slab.h slab_ksize */
function usableBytes(cache: SlubCache): number {
  if ((cache.flags & (SLAB_RED_ZONE | SLAB_POISON)) !== 0) return cache.objectSize;
  return (cache.flags & (SLAB_TYPESAFE_BY_RCU | SLAB_STORE_USER)) === 0 ? cache.size : cache.inuse;
}

/**
 * Bytes that may be used of what kmalloc gave, at least what was asked for.
 *
 * @throws OptionError for what is no slab allocator or no address.
 * @example
 * ksize(slub, slubKmalloc(ctx, slub, 100, GFP_KERNEL)); // 128
 * @see linux 6.1 mm/slab_common.c __ksize
 */
export function ksize(system: SlubSystem, address: number | null): number {
  checkSystem(system);
  if (address === null || checkObjectAddress(address) <= ZERO_SIZE_PTR) return 0;
  const { frames } = system;
  const slot = headSlotOf(frames, Math.floor(address / PAGE_SIZE));
  const flags = frames.flags[slot]!;
  if ((flags & PageFlag.slab) === 0)
    return ksizeOfPages(
      system.log,
      PAGE_SIZE << compoundOrder(flags),
      address - frames.pfnOf(slot) * PAGE_SIZE,
    );
  return usableBytes(system.caches[frames.owner0[slot]!]!);
}
