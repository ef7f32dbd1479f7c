import { KernelBug } from '@mm/printk';

import { inuseOf, objectsOf } from './slab-counters.js';
import { addPartial, partialSlabs, removePartial } from './slab-lists.js';
import type { SlubCache } from './slub-cache.js';

/** Slabs with at most so many free objects are sorted. @see linux 6.1 mm/slub.c SHRINK_PROMOTE_MAX */
const PROMOTE_MAX = 32;

/**
 * Takes the empty slabs off the partial list and returns them, the last of the list first; sorts the rest by free
 * objects, fewest at the head, slabs with more than 32 behind them as they were. Under the list lock.
 *
 * @throws KernelBug for a slab that claims to have none, which only wild writes leave on the list.
 * @see linux 6.1 mm/slub.c __kmem_cache_do_shrink
 */
export function sortPartial(cache: SlubCache): number[] {
  const { owner2 } = cache.system.frames;
  const empty: number[] = [];
  const promote: number[][] = Array.from({ length: PROMOTE_MAX }, () => []);
  for (const slot of partialSlabs(cache)) {
    const counters = owner2[slot]!;
    const free = objectsOf(counters) - inuseOf(counters);
    if (free <= 0)
      throw new KernelBug('kernel BUG: a slab on the partial list has no free object', {
        cache: cache.name,
        slot,
      });
    if (inuseOf(counters) === 0) empty.unshift(slot);
    else if (free <= PROMOTE_MAX) promote[free - 1]!.unshift(slot);
    else continue;
    removePartial(cache, slot);
  }
  for (let i = PROMOTE_MAX - 1; i >= 0; i--)
    for (const slot of promote[i]!.toReversed()) addPartial(cache, slot, false);
  return empty;
}
