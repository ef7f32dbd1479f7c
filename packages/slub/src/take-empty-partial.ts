import { inuseOf } from './slab-counters.js';
import { partialSlabs, removePartial } from './slab-lists.js';
import type { SlubCache } from './slub-cache.js';
import { listSlabObjects } from './slub-debug.js';

/**
 * Takes the empty slabs off the partial list and returns them, the last of the list first; the others hold live
 * objects, which are reported. Under the list lock.
 * @see linux 6.1 mm/slub.c free_partial
 */
export function takeEmptyPartial(cache: SlubCache): number[] {
  const { owner2 } = cache.system.frames;
  const empty: number[] = [];
  for (const slot of partialSlabs(cache)) {
    if (inuseOf(owner2[slot]!) === 0) {
      removePartial(cache, slot);
      empty.unshift(slot);
    } else listSlabObjects(cache, slot, `Objects remaining in ${cache.name} on __kmem_cache_shutdown()`);
  }
  return empty;
}
