import { SLAB_KMALLOC } from '@mm/kmem';
import { OptionError } from '@mm/printk';

import { checkCache } from '../check-arguments.js';
import { infoEnd } from '../orig-size.js';
import { fullSlabs, partialSlabs } from '../slab-lists.js';
import type { SlubCache } from '../slub-cache.js';
import { freeObjects } from '../slub-debug.js';
import { trackBytes } from '../slub-geometry.js';
import { objectsIn } from './object-layout.js';

/** Who allocated a live object, or freed it the last time. */
export interface TrackedUser {
  /** Low word of the caller's address; 0: it never happened. */
  readonly caller: number;
  readonly cpu: number;
  readonly pid: number;
  /** Bytes of the object that nobody asked for; kmalloc alone knows. */
  readonly waste: number;
}

/**
 * The records of the live objects in the slabs that are on a list. Under the list lock; of a cache that tracks its users.
 * @throws OptionError for what is no cache, and neither 'alloc' nor 'free'.
 * @example
 * trackedUsers(cache, 'alloc').length;
 * @see linux 6.1 mm/slub.c process_slab
 */
export function trackedUsers(cache: SlubCache, which: 'alloc' | 'free'): TrackedUser[] {
  const { memory, arch } = checkCache(cache).system;
  if (which !== 'alloc' && which !== 'free') throw new OptionError('which', "'alloc' or 'free'", which);
  const bytes = trackBytes(arch);
  const start = infoEnd(cache) + (which === 'alloc' ? 0 : bytes);
  const knowsWaste = which === 'alloc' && (cache.flags & SLAB_KMALLOC) !== 0;
  const users: TrackedUser[] = [];
  for (const slot of [...partialSlabs(cache), ...fullSlabs(cache)]) {
    const free = freeObjects(cache, slot);
    for (const object of objectsIn(cache, slot)) {
      if (free.has(object)) continue;
      const track = object + start;
      const asked = knowsWaste ? memory.read32(object + infoEnd(cache) + 2 * bytes) : cache.objectSize;
      users.push({
        caller: memory.read32(track),
        cpu: memory.read32(track + arch.pointerBytes + 4),
        pid: memory.read32(track + arch.pointerBytes + 8),
        waste: cache.objectSize - asked,
      });
    }
  }
  return users;
}
