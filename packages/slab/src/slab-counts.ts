import { ZERO_SIZE_PTR, checkObjectAddress, ksizeOfPages } from '@mm/kmem';
import { PAGE_SIZE, PageFlag, compoundOrder } from '@mm/memory';

import { checkCache, checkSystem } from './check-arguments.js';
import { ArrayWord, NodeWord, type SlabCache } from './slab-cache.js';
import { headSlotOf } from './slab-head.js';
import type { SlabSystem } from './slab-system.js';

/** What a line of /proc/slabinfo says of a cache's use. @see linux 6.1 mm/slab.c get_slabinfo */
export interface SlabCounts {
  readonly active_objs: number;
  readonly num_objs: number;
  readonly active_slabs: number;
  readonly num_slabs: number;
  readonly shared_avail: number;
}

/**
 * Reads the usage counters of a cache. Objects in arrays count as active.
 * @throws OptionError for what is no cache.
 * @example
 * readSlabCounts(cache).num_slabs;
 */
export function readSlabCounts(cache: SlabCache): SlabCounts {
  const { node, num, sharedArray } = checkCache(cache);
  const slabs = node[NodeWord.totalSlabs]!;
  const objects = slabs * num;
  return {
    active_objs: objects - node[NodeWord.freeObjects]!,
    num_objs: objects,
    active_slabs: slabs - node[NodeWord.freeSlabs]!,
    num_slabs: slabs,
    shared_avail: sharedArray === null ? 0 : sharedArray.words[ArrayWord.avail]!,
  };
}

/**
 * Bytes that may be used of what kmalloc gave, at least what was asked for.
 * @throws OptionError for what is no slab allocator or no address.
 * @example
 * slabKsize(slab, slabKmalloc(ctx, slab, 100, GFP_KERNEL)); // 128
 * @see linux 6.1 mm/slab_common.c __ksize
 */
export function slabKsize(system: SlabSystem, address: number | null): number {
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
  return system.caches[frames.owner0[slot]!]!.objectSize;
}
