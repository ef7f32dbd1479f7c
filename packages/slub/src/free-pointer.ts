import { KernelBug } from '@mm/printk';

import type { SlubCache } from './slub-cache.js';

/**
 * What a corrupted free pointer reads as. Objects inside a slab are named by offset | 1, with 0 for none, so no object
 * has this name. To use it is an oops.
 */
export const BAD_POINTER = -1;

const swap = (word: number): number =>
  (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);

/** The low word of the virtual address of `at` bytes into the slab. */
const lowOf = (cache: SlubCache, slabPfn: number, at: number): number =>
  (cache.system.pageOffsetLow + (slabPfn << 12) + at) | 0;

/** The high word of the virtual address of `at` bytes into the slab, with the carry of the low one. */
export function highOf(cache: SlubCache, slabPfn: number, at: number): number {
  const { pageOffsetLow, pageOffsetHigh } = cache.system;
  const low = ((slabPfn << 12) + at) >>> 0;
  return (pageOffsetHigh + (slabPfn >>> 20) + (low + (pageOffsetLow >>> 0) >= 4294967296 ? 1 : 0)) | 0;
}

/**
 * The object that a free object of the slab points to: its offset | 1, 0 at the end of the list, {@link BAD_POINTER} when
 * what memory holds is no place in the slab.
 *
 * On the way of allocations: does not check its arguments.
 *
 * @param slabPfn first page frame of the slab.
 * @param object offset | 1.
 * @example
 * peekFreePointer(cache, slabPfn, 1) === BAD_POINTER;
 * @see linux 6.1 mm/slub.c get_freepointer_safe
 */
export function peekFreePointer(cache: SlubCache, slabPfn: number, object: number): number {
  const { memory, pageOffsetLow, pageOffsetHigh, wide, hardened, plain } = cache.system;
  const at = object - 1 + cache.offset;
  const pfn = slabPfn + (at >>> 12);
  // A task that has lost its CPU's slab may look behind the end of memory; the kernel reads such words with a fault handler.
  const words = memory.chunks[memory.directory[pfn >> 4] ?? 0]!;
  const word = ((pfn & 15) << 10) + ((at & 4095) >> 2);
  let low = words[word]!;
  if (plain) {
    const next = (low - (slabPfn << 12)) | 0;
    const high = words[word + 1]!;
    if (high === ((pageOffsetHigh + (slabPfn >>> 20)) | 0) && (next & cache.strayBits) === 0) return next | 1;
    return (low | high) === 0 ? 0 : BAD_POINTER;
  }
  let high = wide ? words[word + 1]! : 0;
  if (hardened) {
    low ^= cache.secretLow ^ swap(wide ? highOf(cache, slabPfn, at) : lowOf(cache, slabPfn, at));
    if (wide) high ^= cache.secretHigh ^ swap(lowOf(cache, slabPfn, at));
  }
  if ((low | high) === 0) return 0;
  const next = (low - pageOffsetLow - (slabPfn << 12)) | 0;
  // The high words differ by the pfn's upper bits and a carry alone.
  if ((next & cache.strayBits) !== 0) return BAD_POINTER;
  if (wide && ((high - pageOffsetHigh - (slabPfn >>> 20)) & ~1) !== 0) return BAD_POINTER;
  return next | 1;
}

/**
 * As {@link peekFreePointer}, for code that holds the object.
 * @throws KernelBug when the pointer leads out of the slab: the kernel would follow it.
 * @example
 * getFreePointer(cache, slabPfn, 1); // what the first object of the slab points to
 * @see linux 6.1 mm/slub.c get_freepointer
 */
export function getFreePointer(cache: SlubCache, slabPfn: number, object: number): number {
  if (object === BAD_POINTER) throw badPointer(cache, slabPfn);
  return peekFreePointer(cache, slabPfn, object);
}

/** What the kernel dies of when it follows a corrupted free pointer. */
export const badPointer = (cache: SlubCache, slabPfn: number): KernelBug =>
  new KernelBug('general protection fault: a free pointer leads out of its slab', {
    cache: cache.name,
    slab: slabPfn,
  });

/**
 * What the kernel dies of when a slab with free objects has lost its free list: a second free of an object ends the list there
 * before the checks find it, and the counters still tell of more.
 */
export const noFreeObject = (cache: SlubCache, slabPfn: number): KernelBug =>
  new KernelBug('kernel NULL pointer dereference: a slab on the partial list has no free object', {
    cache: cache.name,
    slab: slabPfn,
  });

/** What the kernel dies of when a free list is a ring, such as an object freed twice makes: it walks it for ever. */
export const endlessList = (cache: SlubCache): KernelBug =>
  new KernelBug('soft lockup: a free list that never ends', { cache: cache.name });

/**
 * Makes a free object point to another, `next`: offset | 1 or 0.
 * @throws KernelBug where free pointers are hardened and it would point to itself.
 * @example
 * setFreePointer(cache, slabPfn, 1, 0); // the object at offset 0 is the last of its list
 * @see linux 6.1 mm/slub.c set_freepointer
 */
export function setFreePointer(cache: SlubCache, slabPfn: number, object: number, next: number): void {
  // `| 0` tells the compiler that these are int32: it then need not check each sum.
  const at = (object - 1 + cache.offset) | 0;
  const pfn = (slabPfn + (at >>> 12)) | 0;
  const { memory } = cache;
  // In place of wordsOf: nearly all chunks have been made, and code that never made one is compiled without the way to it.
  const chunk = memory.directory[pfn >> 4]!;
  const words = chunk === 0 ? memory.wordsOf(pfn) : memory.chunks[chunk]!;
  const word = ((pfn & 15) << 10) | ((at & 4095) >> 2);
  // Compared with `true`: a field that may hold anything is asked for six kinds of falsehood.
  if (cache.plain !== true) {
    setMixedPointer(cache, slabPfn, at, next, words, word);
    return;
  }
  words[word] = next === 0 ? 0 : ((slabPfn << 12) + next - 1) | 0;
  words[word + 1] = next === 0 ? 0 : (cache.pageOffsetHigh + (slabPfn >>> 20)) | 0;
}

/** A free pointer of 4 bytes, or one that is mixed with the cache's secret and its own address. */
function setMixedPointer(
  cache: SlubCache,
  slabPfn: number,
  at: number,
  next: number,
  words: Int32Array,
  word: number,
): void {
  const { wide, hardened } = cache.system;
  let low = 0;
  let high = 0;
  // @see linux 6.1 mm/slub.c set_freepointer: an object freed twice, one time behind the other, is noticed.
  if (hardened && next !== 0 && next - 1 + cache.offset === at)
    throw new KernelBug('kernel BUG in set_freepointer: an object is first on its free list already', {
      cache: cache.name,
      object: slabPfn * 4096 + next - 1,
    });
  if (next !== 0) {
    low = lowOf(cache, slabPfn, next - 1);
    if (wide) high = highOf(cache, slabPfn, next - 1);
  }
  if (hardened) {
    low ^= cache.secretLow ^ swap(wide ? highOf(cache, slabPfn, at) : lowOf(cache, slabPfn, at));
    if (wide) high ^= cache.secretHigh ^ swap(lowOf(cache, slabPfn, at));
  }
  words[word] = low;
  if (wide) words[word + 1] = high;
}
