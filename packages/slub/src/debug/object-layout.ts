import { SLAB_KMALLOC, SLAB_RED_ZONE, SLAB_STORE_USER } from '@mm/kmem';
import { orderOfFlags } from '@mm/memory';

import { infoEnd } from '../orig-size.js';
import { objectsOf } from '../slab-counters.js';
import type { SlubCache } from '../slub-cache.js';
import { trackBytes } from '../slub-geometry.js';

/** Bytes of a red zone: of a free object and of one in use. */
export const RED_INACTIVE = 0xbb;
export const RED_ACTIVE = 0xcc;
/** Bytes of poison: padding, a free object, its last byte. */
export const POISON_INUSE = 0x5a;
export const POISON_FREE = 0x6b;
export const POISON_END = 0xa5;

/** Physical address of a slab's first byte. */
export const slabBase = (cache: SlubCache, slot: number): number => cache.system.frames.pfnOf(slot) * 4096;

/** Bytes of a slab. */
export const slabBytes = (cache: SlubCache, slot: number): number =>
  4096 << orderOfFlags(cache.system.frames.flags[slot]!);

/** Bytes from an object to the left red zone of the next. @see linux 6.1 mm/slub.c size_from_object */
export const sizeFromObject = (cache: SlubCache): number =>
  (cache.flags & SLAB_RED_ZONE) === 0 ? cache.size : cache.size - cache.redLeftPad;

/** Where the padding behind an object's metadata begins, from the object. @see linux 6.1 mm/slub.c check_pad_bytes */
export function paddingStart(cache: SlubCache): number {
  let off = infoEnd(cache);
  if ((cache.flags & SLAB_STORE_USER) !== 0) {
    off += 2 * trackBytes(cache.system.arch);
    if ((cache.flags & SLAB_KMALLOC) !== 0) off += 4;
  }
  return off;
}

/** Whether an address is where an object of the slab begins; 0 stands for none and is valid. @see linux 6.1 mm/slub.c check_valid_pointer */
export function isValidObject(cache: SlubCache, slot: number, object: number): boolean {
  if (object === 0) return true;
  const at = object - cache.firstOffset - slabBase(cache, slot);
  const objects = objectsOf(cache.system.frames.owner2[slot]!);
  return at >= 0 && at < objects * cache.size && at % cache.size === 0;
}

/** Addresses of a slab's objects, ascending. */
export function objectsIn(cache: SlubCache, slot: number): number[] {
  const first = slabBase(cache, slot) + cache.firstOffset;
  return Array.from(
    { length: objectsOf(cache.system.frames.owner2[slot]!) },
    (_, i) => first + i * cache.size,
  );
}
