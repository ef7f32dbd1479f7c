import { KernelBug } from '@mm/printk';

import {
  byteAt,
  byteOfPage,
  chunkOf,
  freelistAddress,
  getFreeIndex,
  listPage,
  listStart,
  setByteAt,
} from './free-index.js';
import { numberAt } from './object-number.js';
import { type ArrayCache, ArrayWord, NodeWord, type SlabCache } from './slab-cache.js';
import { doubleFree, poisonListHolder } from './slab-debug.js';
import { addSlab, listOfActive, moveToTail, removeSlab } from './slab-lists.js';
import { activeOf, smemOf } from './slab-word.js';

const AVAIL = ArrayWord.avail;
const PARTIAL = NodeWord.partialFirst;

/**
 * Moves up to `batch` free objects of a slab to an array. Returns how many of the batch are still wanted.
 * @see linux 6.1 mm/slab.c alloc_block, slab_get_obj
 */
export function takeObjects(cache: SlabCache, array: ArrayCache, slot: number, batch: number): number {
  const { frames, memory, num, size } = cache;
  const { entries } = array;
  const word = frames.owner2[slot]!;
  const pfn = frames.pfnOf(slot);
  const first = pfn * 4096 + smemOf(word) + cache.objOffset;
  const active = activeOf(word);
  const taken = Math.max(Math.min(num - active, batch), 0) | 0;
  let avail = array.words[AVAIL]!;
  const page = listPage(cache, slot, pfn);
  let at = (listStart(cache, slot) + active) | 0;
  const end = (at + taken) | 0;
  // Nearly always the list lies in one page: its words are looked up once.
  while (at < end) {
    const frame = (page + (at >>> 12)) | 0;
    const words = memory.peekWordsOf(frame);
    const start = byteOfPage(frame);
    for (const stop = Math.min(end, (at | 4095) + 1); at < stop; at = (at + 1) | 0)
      entries[avail++] = first + byteAt(words, start | (at & 4095)) * size;
  }
  array.words[AVAIL] = avail;
  frames.owner2[slot] = (word & ~0x3ff) | (active + taken);
  return batch - taken;
}

/**
 * Puts a slab whose objects were taken on the list where it belongs. Under the list lock.
 * @see linux 6.1 mm/slab.c fixup_slab_list
 */
export function fixSlabList(cache: SlabCache, slot: number): void {
  const { frames } = cache;
  const full = activeOf(frames.owner2[slot]!) === cache.num;
  addSlab(cache, full ? NodeWord.fullFirst : NodeWord.partialFirst, slot, false);
  if (!full || !cache.objFreelist) return;
  // The object that held the list is handed out.
  if (cache.debugging) poisonListHolder(cache, frames.pfnOf(slot) * 4096 + frames.owner1[slot]! - 1);
  frames.owner1[slot] = 0;
}

/**
 * Returns `count` entries of an array, from `from`, to their slabs; more free slabs than the node may keep are taken off
 * its lists, to be given back once the lock is released. Under the list lock.
 *
 * @returns the first slab to give back, linked to the others by `next`; 0: none.
 * @see linux 6.1 mm/slab.c free_block
 */
export function returnObjects(cache: SlabCache, array: ArrayCache, from: number, count: number): number {
  const { node, slabMask, debugging } = cache;
  const { entries } = array;
  node[NodeWord.freeObjects]! += count;
  const end = from + count;
  for (let i = from; i < end;) {
    // Slabs lie at multiples of their size. Page and offset are small numbers where an address may be a double.
    const pfn = (entries[i]! / 4096) & slabMask;
    const first = i++;
    // With debugging each is looked at before the next is there.
    while (i < end && ((entries[i]! / 4096) & slabMask) === pfn && debugging === false) i++;
    returnRun(cache, pfn, entries, first, i);
  }
  let gone = 0;
  while (node[NodeWord.freeObjects]! > node[NodeWord.freeLimit]! && node[NodeWord.freeFirst] !== 0) {
    node[NodeWord.freeObjects]! -= cache.num;
    const slot = node[NodeWord.freeFirst + 1]!;
    removeSlab(cache, NodeWord.freeFirst, slot);
    node[NodeWord.freeSlabs]! -= 1;
    node[NodeWord.totalSlabs]! -= 1;
    cache.frames.next[slot] = gone;
    gone = slot;
  }
  return gone;
}

/**
 * The objects in the slab at page frame `pfn`, if there is one, that lie in a row in an array: the slab changes its list once, for all
 * of them.
 * @see linux 6.1 mm/slab.c slab_put_obj
 */
function returnRun(cache: SlabCache, pfn: number, entries: Float64Array, from: number, end: number): void {
  const { frames, node, memory, offsetMask } = cache;
  const { owner0, owner1, owner2 } = frames;
  const slot = frames.peekSlotOf(pfn);
  // Of pages that are no slab's it is 0.
  if (owner0[slot] !== cache.id) throw strayObject(cache, entries[from]!);
  const word = owner2[slot]!;
  const first = (cache.objOffset + smemOf(word)) | 0;
  if (cache.debugging === true) checkReturned(cache, slot, entries[from]!, first);
  const before = activeOf(word);
  const active = (before - (end - from)) | 0;
  if (active < 0) throw freedOften(cache, entries[from]!);
  const list = listOfActive(cache, before);
  const moves = active > 0 && list === PARTIAL;
  if (moves) moveToTail(cache, PARTIAL, slot);
  else removeSlab(cache, list, slot);
  if (cache.objFreelist === true && owner1[slot] === 0) owner1[slot] = (entries[from]! & offsetMask) + 1;
  const page = listPage(cache, slot, pfn);
  let at = (listStart(cache, slot) + before) | 0;
  for (let i = from; i < end;) {
    const frame = (page + ((at - 1) >>> 12)) | 0;
    const words = chunkOf(memory, frame);
    const start = byteOfPage(frame);
    for (const stop = Math.min(end, i + ((at - 1) & 4095) + 1); i < stop; i++) {
      at = (at - 1) | 0;
      const number = numberAt(cache, ((entries[i]! & offsetMask) - first) | 0);
      setByteAt(words, start | (at & 4095), number);
    }
  }
  owner2[slot] = (word & ~0x3ff) | active;
  if (moves) return;
  if (active === 0) {
    addSlab(cache, NodeWord.freeFirst, slot, false);
    node[NodeWord.freeSlabs]! += 1;
  } else addSlab(cache, NodeWord.partialFirst, slot, true);
}

/** @throws KernelBug for an object that is in the index list already. */
function checkReturned(cache: SlabCache, slot: number, object: number, first: number): void {
  if (isListed(cache, slot, numberAt(cache, ((object & cache.offsetMask) - first) | 0)))
    doubleFree(cache, object);
}

/**
 * What the kernel dies of when an address comes back that is in no slab of the cache, as wild numbers in an index list lead to: it
 * takes what the page's frame holds for the links of a slab.
 */
const strayObject = (cache: SlabCache, object: number): KernelBug =>
  new KernelBug('unable to handle page fault: an object is freed that is in no slab of its cache', {
    cache: cache.name,
    object,
  });

/** What it dies of when more objects of a slab come back than were handed out: the index list has no place -1. */
const freedOften = (cache: SlabCache, object: number): KernelBug =>
  new KernelBug('unable to handle page fault: an object is freed of a slab that is all free', {
    cache: cache.name,
    object,
  });

/** Whether an object is in its slab's index list, by its number. */
function isListed(cache: SlabCache, slot: number, number: number): boolean {
  const active = activeOf(cache.frames.owner2[slot]!);
  if (active === cache.num) return false;
  const list = freelistAddress(cache, slot);
  for (let i = active; i < cache.num; i++) if (getFreeIndex(cache, list, i) === number) return true;
  return false;
}

/** Takes the first `count` entries out of an array; the others move down. */
export function dropEntries(array: ArrayCache, count: number): void {
  const { entries } = array;
  const avail = array.words[AVAIL]! - count;
  // By hand: for a few dozen entries the call of copyWithin takes longer.
  for (let i = 0; i < avail; i++) entries[i] = entries[count + i]!;
  array.words[AVAIL] = avail;
}
