import { type Context, type Steps, irqRestore, irqSave, lock, read, unlock, write } from '@mm/steps/stepped';

import { checkAlive, checkRequest } from '../check-arguments.js';
import { zeroObject } from '../zero-object.js';
import { type ArrayCache, ArrayWord, NodeWord, type SlabCache } from '../slab-cache.js';
import { debugAfterAlloc } from '../slab-debug.js';
import { removeSlab } from '../slab-lists.js';
import { fixSlabList, takeObjects } from '../slab-objects.js';
import { growBegin, growEnd } from './grow.js';

const AVAIL = ArrayWord.avail;
const LIMIT = ArrayWord.limit;
const BATCH = ArrayWord.batchcount;
const TOUCHED = ArrayWord.touched;
/** A cache that was little used is refilled by no more. @see linux 6.1 mm/slab.c BATCHREFILL_LIMIT */
const REFILL_LIMIT = 16;
const ZERO = 0x100;
const PARTIAL_FIRST = NodeWord.partialFirst;

/**
 * Allocates an object.
 *
 * @param gfp flags from `@mm/zones`; zone bits do not count, `__GFP_ZERO` fills the object with zeroes.
 * @returns its physical address, or null for no memory.
 * @throws OptionError for what is no cache, one that was destroyed, and for what is no flags. Who runs is not looked at.
 * @example
 * const table = slabAlloc(ctx, cache, GFP_ATOMIC | __GFP_ZERO);
 * @see linux 6.1 mm/slab.c kmem_cache_alloc
 */
export function* slabAlloc(ctx: Context, cache: SlabCache, gfp: number): Steps<number | null> {
  if (typeof gfp !== 'number' || (gfp & 0x7fffffff) !== gfp || cache?.arrays === undefined)
    checkRequest(cache, gfp);
  const { faults } = cache.system;
  if (faults !== null && faults.shouldFail(cache, gfp)) return null;
  yield irqSave;
  yield read(cache.arrayCell + ctx.cpu);
  const array = cache.arrays[ctx.cpu]!;
  const { words } = array;
  let address: number;
  const avail = words[AVAIL]!;
  if (avail === 0) {
    address = yield* refill(ctx, cache, gfp);
    if (address === -1) {
      yield irqRestore;
      return null;
    }
  } else {
    words[TOUCHED] = 1;
    words[AVAIL] = avail - 1;
    address = array.entries[avail - 1]!;
  }
  yield irqRestore;
  if (cache.debugging === true) debugAfterAlloc(cache, address, gfp);
  if ((gfp & ZERO) !== 0) zeroObject(cache, address);
  return address;
}

/** With interrupts off: an object or -1. @see linux 6.1 mm/slab.c ____cache_alloc */
export function* allocNoIrq(ctx: Context, cache: SlabCache, gfp: number): Steps<number> {
  yield read(cache.arrayCell + ctx.cpu);
  const array = cache.arrays[ctx.cpu]!;
  const avail = array.words[AVAIL]!;
  if (avail === 0) return yield* refill(ctx, cache, gfp);
  array.words[TOUCHED] = 1;
  array.words[AVAIL] = avail - 1;
  return array.entries[avail - 1]!;
}

/** Fills the CPU's array and takes one object out of it; -1: no memory. @see linux 6.1 mm/slab.c cache_alloc_refill */
function* refill(ctx: Context, cache: SlabCache, gfp: number): Steps<number> {
  const { node } = checkAlive(cache);
  let array = cache.arrays[ctx.cpu]!;
  let batch = array.words[BATCH]!;
  if (array.words[TOUCHED] === 0) batch = Math.min(batch, REFILL_LIMIT);
  yield read(cache.nodeCell);
  const { sharedArray } = cache;
  if (node[NodeWord.freeObjects] !== 0 || (sharedArray !== null && sharedArray.words[AVAIL] !== 0)) {
    yield lock(cache.listLockCell);
    yield write(cache.nodeCell);
    const shared = cache.sharedArray;
    if (shared !== null && transfer(array, shared, batch) > 0) shared.words[TOUCHED] = 1;
    else batch = fromSlabs(cache, array, batch);
    yield unlock(cache.listLockCell);
  }
  if (array.words[AVAIL] === 0) {
    const slot = yield* growBegin(ctx, cache, gfp);
    // Interrupts may have been on, and the array filled or exchanged. Linux keeps the old batch, and writes behind a new
    // array that is shorter; here it is cut.
    yield read(cache.arrayCell + ctx.cpu);
    array = cache.arrays[ctx.cpu]!;
    batch = Math.min(batch, array.words[LIMIT]!);
    if (array.words[AVAIL] === 0 && slot !== 0) takeObjects(cache, array, slot, batch);
    yield* growEnd(cache, slot);
    if (array.words[AVAIL] === 0) return -1;
  }
  array.words[TOUCHED] = 1;
  array.words[AVAIL]! -= 1;
  return array.entries[array.words[AVAIL]!]!;
}

/** Under the list lock. Returns what of the batch was not to be had. */
function fromSlabs(cache: SlabCache, array: ArrayCache, batch: number): number {
  const { node } = cache;
  let left = batch;
  while (left > 0) {
    let slot = node[PARTIAL_FIRST]!;
    if (slot === 0) {
      node[NodeWord.freeTouched] = 1;
      slot = node[NodeWord.freeFirst]!;
      if (slot === 0) break;
      node[NodeWord.freeSlabs]! -= 1;
      removeSlab(cache, NodeWord.freeFirst, slot);
    } else removeSlab(cache, PARTIAL_FIRST, slot);
    left = takeObjects(cache, array, slot, left);
    fixSlabList(cache, slot);
  }
  node[NodeWord.freeObjects]! -= array.words[AVAIL]!;
  return left;
}

/** Moves the last entries of one array to another. Returns how many. @see linux 6.1 mm/slab.c transfer_objects */
function transfer(to: ArrayCache, from: ArrayCache, most: number): number {
  const held = to.words[AVAIL]!;
  const count = Math.min(from.words[AVAIL]!, most, to.words[LIMIT]! - held);
  const start = from.words[AVAIL]! - count;
  for (let i = 0; i < count; i++) to.entries[held + i] = from.entries[start + i]!;
  from.words[AVAIL] = start;
  to.words[AVAIL] = held + count;
  return count;
}
