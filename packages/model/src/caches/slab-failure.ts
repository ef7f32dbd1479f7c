import type { AnyCache } from '@mm/machine';
import { PageFlag, orderOfFlags } from '@mm/memory';
import { SlabCache } from '@mm/slab';
import { __GFP_DMA } from '@mm/zones';

import { type Beginning, checkFailure } from '../buddy/allocation-failure.js';
import type { CacheWorld } from './cache-world.js';

/** The flags that choose a zone. */
const ZONE_FLAGS = 0xf;

/**
 * A slab's least order is one page: it must be found while enough of the right memory is free.
 *
 * @param since what `beginsNow` said when the allocation began.
 * @throws ModelViolation when a failure was not due.
 */
export function checkSlabFailure(world: CacheWorld, cache: AnyCache, gfp: number, since: Beginning): void {
  if ((cache instanceof SlabCache ? cache.order : cache.minOrder) !== 0) return;
  checkPageForSlab(world, (gfp & ~ZONE_FLAGS) | (cache.allocFlags & ZONE_FLAGS), since);
}

/** The largest kmalloc that every allocator, with debugging too, has in slabs of single pages. */
const SINGLE_PAGE_MAX = 2048;

/** The same for kmalloc, whose zone is that of `__GFP_DMA`, where it is configured, or ZONE_NORMAL. @throws ModelViolation */
export function checkKmallocFailure(world: CacheWorld, size: number, gfp: number, since: Beginning): void {
  if (size > SINGLE_PAGE_MAX) return;
  const zone = world.machine.preset.config.dma ? gfp & __GFP_DMA : 0;
  checkPageForSlab(world, (gfp & ~ZONE_FLAGS) | zone, since);
}

function checkPageForSlab(world: CacheWorld, gfp: number, since: Beginning): void {
  const { frames } = world.kmem;
  const { held } = world.buddy.model;
  const before = [...held];
  for (let slot = 0; slot < frames.slotCount; slot++)
    if ((frames.flags[slot]! & PageFlag.slab) !== 0)
      held[frames.zone[slot]!]! += 2 ** orderOfFlags(frames.flags[slot]!);
  try {
    checkFailure(world.buddy, gfp, since);
  } finally {
    before.forEach((pages, zone) => (held[zone] = pages));
  }
}
