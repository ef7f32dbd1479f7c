import type { PhysicalMemory } from '@mm/memory';

import type { SlabCache } from './slab-cache.js';

/** Off-slab lists are objects of kmalloc, which are aligned to 32 bytes: their address / 32 fits a word up to 64 GiB. */
const OFF_SLAB_UNIT = 32;
/** Of a page there are 128 of them. */
const UNITS_SHIFT = 7;
const UNITS_MASK = 127;

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

/** The page frame from which {@link listStart} counts: the slab's own, of a list in another cache that of its page. */
export const listPage = (cache: SlabCache, slot: number, pfn: number): number =>
  cache.offSlab === true ? cache.frames.owner1[slot]! >>> UNITS_SHIFT : pfn;

/** Where the index list begins, bytes from the start of {@link listPage}: whole numbers, where its address may be a double. */
export function listStart(cache: SlabCache, slot: number): number {
  const word = cache.frames.owner1[slot]!;
  if (cache.offSlab === true) return (word & UNITS_MASK) * OFF_SLAB_UNIT;
  return cache.objFreelist === true ? word - 1 : (cache.offsetMask + 1 - cache.freelistSize) | 0;
}

/** The byte `byte` of a chunk of memory. */
export const byteAt = (words: Int32Array, byte: number): number =>
  (words[byte >> 2]! >>> ((byte & 3) << 3)) & 0xff;

/** Sets the byte `byte` of a chunk of memory to the low bits of `value`. */
export function setByteAt(words: Int32Array, byte: number, value: number): void {
  const shift = (byte & 3) << 3;
  words[byte >> 2] = (words[byte >> 2]! & ~(0xff << shift)) | ((value & 0xff) << shift);
}

/** Where page frame `pfn` begins in its chunk, bytes. */
export const byteOfPage = (pfn: number): number => (pfn & 15) << 12;

/** The words of the chunk of page frame `pfn`, to write: in place of wordsOf, for nearly all chunks have been made. */
export function chunkOf(memory: PhysicalMemory, pfn: number): Int32Array {
  const chunk = memory.directory[pfn >> 4]!;
  return chunk === 0 ? memory.wordsOf(pfn) : memory.chunks[chunk]!;
}

/** The byte `at` bytes behind the start of page `page`. @see linux 6.1 mm/slab.c get_free_obj */
function getIndexAt(memory: PhysicalMemory, page: number, at: number): number {
  const pfn = (page + (at >>> 12)) | 0;
  return byteAt(memory.peekWordsOf(pfn), byteOfPage(pfn) | (at & 4095));
}

/** @see linux 6.1 mm/slab.c set_free_obj */
function setIndexAt(memory: PhysicalMemory, page: number, at: number, number: number): void {
  const pfn = (page + (at >>> 12)) | 0;
  setByteAt(chunkOf(memory, pfn), byteOfPage(pfn) | (at & 4095), number);
}

/**
 * The number of the `index`-th free object.
 * @example
 * getFreeIndex(cache, freelistAddress(cache, slot), 0); // the object that is handed out first
 */
export const getFreeIndex = (cache: SlabCache, list: number, index: number): number =>
  getIndexAt(cache.memory, Math.floor(list / 4096), (list & 4095) + index);

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
  for (; index < num; index++) setIndexAt(memory, Math.floor(list / 4096), (list & 4095) + index, index);
}
