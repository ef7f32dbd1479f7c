import { PAGE_SIZE } from '@mm/memory';

import { endlessList, getFreePointer, setFreePointer } from './free-pointer.js';
import { noSlab, ownerOf } from './misuse.js';
import { headSlotOf } from './slab-head.js';
import type { SlubCache } from './slub-cache.js';

/** Objects of other slabs that are passed over. */
const LOOKAHEAD = 3;

/** Objects of one slab, linked. */
export interface DetachedFreelist {
  readonly cache: SlubCache;
  readonly slot: number;
  readonly first: number;
  readonly last: number;
  readonly count: number;
  /** Objects of the array that are still to be freed: those below this index. */
  readonly left: number;
}

/**
 * Links the last of `size` objects with those of its slab that lie near before it; the others keep their place below
 * `left`.
 * @see linux 6.1 mm/slub.c build_detached_freelist
 */
export function detachFreelist(cache: SlubCache, objects: number[], size: number): DetachedFreelist {
  const { frames } = cache.system;
  const address = objects[size - 1]!;
  const slot = headSlotOf(frames, Math.floor(address / PAGE_SIZE));
  const owner = ownerOf(cache, slot, address);
  // Here the kernel goes on without a cache.
  if (owner === null) throw noSlab(cache, address);
  const pfn = frames.pfnOf(slot);
  const last = (address - pfn * PAGE_SIZE) | 1;
  setFreePointer(owner, pfn, last, 0);
  let first = last;
  let count = 1;
  let lookahead = LOOKAHEAD;
  let left = size - 1;
  for (let at = size - 2; at >= 0; at--) {
    const other = objects[at]!;
    if (headSlotOf(frames, Math.floor(other / PAGE_SIZE)) !== slot) {
      if (--lookahead === 0) break;
      continue;
    }
    const object = (other - pfn * PAGE_SIZE) | 1;
    setFreePointer(owner, pfn, object, first);
    first = object;
    count++;
    left--;
    objects[at] = objects[left]!;
    objects[left] = other;
  }
  return { cache: owner, slot, first, last, count, left };
}

/** The list in the other direction. @see linux 6.1 mm/slub.c slab_free_freelist_hook */
export function freelistOf({ cache, slot, first, last, count }: DetachedFreelist): {
  head: number;
  tail: number;
} {
  const pfn = cache.system.frames.pfnOf(slot);
  let head = 0;
  for (let object = first, left = count; ; left--) {
    // Of an object that is freed twice at once the list is a ring.
    if (left === 0) throw endlessList(cache);
    const next = getFreePointer(cache, pfn, object);
    setFreePointer(cache, pfn, object, head);
    head = object;
    if (object === last) return { head, tail: first };
    object = next;
  }
}
