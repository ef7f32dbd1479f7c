import type { SlabCache } from './slab-cache.js';

/** Fills the part of an object that is its owner's with zeroes. @see linux 6.1 mm/slab.h slab_post_alloc_hook */
export function zeroObject(cache: SlabCache, address: number): void {
  const { memory } = cache.system;
  let left = cache.objectSize;
  for (let at = address; left > 0;) {
    const pfn = Math.floor(at / 4096);
    const inPage = at - pfn * 4096;
    const bytes = Math.min(left, 4096 - inPage);
    const words = memory.wordsOf(pfn);
    const first = ((pfn & 15) << 10) + (inPage >> 2);
    words.fill(0, first, first + (bytes >> 2));
    for (let i = bytes & ~3; i < bytes; i++) memory.write8(at + i, 0);
    at += bytes;
    left -= bytes;
  }
}
