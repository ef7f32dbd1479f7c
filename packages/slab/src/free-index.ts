import type { SlabCache } from './slab-cache.js';

/** Off-slab lists are objects of kmalloc, which are aligned to 32 bytes: their address / 32 fits a word up to 64 GiB. */
const OFF_SLAB_UNIT = 32;

/** What a slab's first frame remembers of a list in another cache. */
export const packOffSlab = (address: number): number => address / OFF_SLAB_UNIT;
/** The address that {@link packOffSlab} packed. */
export const unpackOffSlab = (word: number): number => (word >>> 0) * OFF_SLAB_UNIT;

/**
 * Where the index list of a slab begins: at its end, in another cache, or in a free object of its own.
 * On the way of allocations: does not check its arguments.
 * @example
 * freelistAddress(cache, headSlotOf(machine.frames, pfn));
 * @see linux 6.1 mm/slab.c alloc_slabmgmt
 */
export function freelistAddress(cache: SlabCache, slot: number): number {
  const { frames } = cache;
  const word = frames.owner1[slot]!;
  if (cache.offSlab) return unpackOffSlab(word);
  const base = frames.pfnOf(slot) * 4096;
  return cache.objFreelist ? base + (word - 1) : base + (4096 << cache.order) - cache.freelistSize;
}

/**
 * The number of the `index`-th free object.
 * @example
 * getFreeIndex(cache, freelistAddress(cache, slot), 0); // the object that is handed out first
 * @see linux 6.1 mm/slab.c get_free_obj
 */
export function getFreeIndex(cache: SlabCache, list: number, index: number): number {
  const { memory } = cache;
  const at = list + index;
  const pfn = (at / 4096) | 0;
  const inPage = at & 4095;
  const word = memory.peekWordsOf(pfn)[((pfn & 15) << 10) + (inPage >> 2)]!;
  return (word >>> ((inPage & 3) << 3)) & 0xff;
}

/** The list of a slab whose objects are all free: in ascending order. @see linux 6.1 mm/slab.c cache_init_objs */
export function setFreshList(cache: SlabCache, list: number): void {
  const { memory, num } = cache;
  let index = 0;
  // Four numbers are a word.
  if ((list & 3) === 0)
    for (; index + 4 <= num; index += 4) {
      const at = list + index;
      const pfn = (at / 4096) | 0;
      memory.wordsOf(pfn)[((pfn & 15) << 10) + ((at & 4095) >> 2)] = 0x03020100 + index * 0x01010101;
    }
  for (; index < num; index++) setFreeIndex(cache, list, index, index);
}

/** @see linux 6.1 mm/slab.c set_free_obj */
export function setFreeIndex(cache: SlabCache, list: number, index: number, number: number): void {
  const { memory } = cache;
  const at = list + index;
  const pfn = (at / 4096) | 0;
  const inPage = at & 4095;
  const words = memory.wordsOf(pfn);
  const word = ((pfn & 15) << 10) + (inPage >> 2);
  const shift = (inPage & 3) << 3;
  words[word] = (words[word]! & ~(0xff << shift)) | ((number & 0xff) << shift);
}
