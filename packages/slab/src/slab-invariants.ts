import { checkSlots } from '@mm/kmem';
import { PageFlag } from '@mm/memory';

import { checkCache } from './check-arguments.js';
import { freelistAddress, getFreeIndex } from './free-index.js';
import { ArrayWord, NodeWord, type SlabCache } from './slab-cache.js';
import { firstObject } from './debug/object-layout.js';
import { freeObjectFaults, usedRedZonesHold } from './slab-debug.js';
import { slabsOn } from './slab-lists.js';
import { activeOf } from './slab-word.js';

/** What a walk over all of a cache's slabs finds. */
export interface SlabWalk {
  /** What does not hold; empty: all holds. */
  readonly wrong: readonly string[];
  /** Objects that are handed out. */
  readonly live: number;
  readonly slabs: number;
}

/**
 * Walks every slab, list, index and array of a cache that nobody is changing:
 *
 *   live objects = Σ active - objects in arrays;   free objects = Σ num - active;   totals = what the walk counts
 *
 * @param slots first frames of the cache's slabs, where a pass over all frames has found them already, for many caches at once.
 * @throws OptionError for what is no cache or no list of slots.
 * @example
 * walkSlab(cache).wrong; // []
 */
export function walkSlab(cache: SlabCache, slots?: readonly number[]): SlabWalk {
  const { frames, rcuSlabs } = checkCache(cache).system;
  checkSlots(slots);
  const { node, num } = cache;
  const wrong: string[] = [];
  const listed = new Set<number>();
  let active = 0;
  const lists = [
    ['partial', NodeWord.partialFirst],
    ['full', NodeWord.fullFirst],
    ['free', NodeWord.freeFirst],
  ] as const;
  for (const [name, head] of lists)
    for (const slot of slabsOn(cache, head)) {
      const used = activeOf(frames.owner2[slot]!);
      active += used;
      if (listed.has(slot)) wrong.push(`${cache.name}: slab at pfn ${frames.pfnOf(slot)} is on two lists`);
      listed.add(slot);
      const right = used === 0 ? 'free' : used === num ? 'full' : 'partial';
      if (name !== right) wrong.push(`${cache.name}: a slab with ${used} of ${num} is on the ${name} list`);
      checkIndices(cache, slot, used, wrong);
    }
  const waiting = new Set(rcuSlabs);
  let slabs = 0;
  const candidates = slots?.length ?? frames.slotCount;
  for (let i = 0; i < candidates; i++) {
    const slot = slots === undefined ? i : slots[i]!;
    if (
      frames.owner0[slot] === cache.id &&
      (frames.flags[slot]! & PageFlag.slab) !== 0 &&
      !waiting.has(slot)
    ) {
      slabs++;
      if (!listed.has(slot)) wrong.push(`${cache.name}: slab at pfn ${frames.pfnOf(slot)} is on no list`);
    }
  }
  const count = (word: number, name: string, found: number): void => {
    if (node[word] !== found) wrong.push(`${cache.name}: ${name} ${node[word]}, there are ${found}`);
  };
  count(NodeWord.totalSlabs, 'total_slabs', slabs);
  count(NodeWord.freeSlabs, 'free_slabs', slabsOn(cache, NodeWord.freeFirst).length);
  count(NodeWord.freeObjects, 'free_objects', slabs * num - active);
  const kept = inArrays(cache, wrong);
  if (cache.debugging) checkDebugBytes(cache, listed, kept, wrong);
  return { wrong, live: active - kept.length, slabs };
}

/** Every free object is in the index list once. */
function checkIndices(cache: SlabCache, slot: number, used: number, wrong: string[]): void {
  if (used === cache.num) return;
  const list = freelistAddress(cache, slot);
  const seen = new Set<number>();
  for (let i = used; i < cache.num; i++) seen.add(getFreeIndex(cache, list, i));
  if (seen.size !== cache.num - used || [...seen].some((index) => index >= cache.num))
    wrong.push(
      `${cache.name}: the index list of a slab with ${used} of ${cache.num} is not one of its objects`,
    );
}

/**
 * Built with DEBUG_SLAB: red zones of objects in use are active; those of free ones inactive, and their bytes poison.
 * @see slab-debug.ts
 */
function checkDebugBytes(
  cache: SlabCache,
  slots: ReadonlySet<number>,
  kept: readonly number[],
  wrong: string[],
): void {
  const { frames } = cache.system;
  const inArray = new Set(kept);
  for (const slot of slots) {
    const active = activeOf(frames.owner2[slot]!);
    const list = active === cache.num ? 0 : freelistAddress(cache, slot);
    const free = new Set<number>();
    for (let i = active; i < cache.num; i++) free.add(getFreeIndex(cache, list, i));
    for (let i = 0; i < cache.num; i++) {
      const object = firstObject(cache, slot) + i * cache.size;
      const at = `${cache.name}: object ${i} of the slab at pfn ${frames.pfnOf(slot)}`;
      if (!free.has(i) && !inArray.has(object)) {
        if (!usedRedZonesHold(cache, object)) wrong.push(`${at} is in use, but its red zones are not`);
      } else
        for (const fault of freeObjectFaults(cache, object, object === list))
          wrong.push(`${at} is free, but its ${fault} is not whole`);
    }
  }
}

/** The objects in arrays. */
function inArrays(cache: SlabCache, wrong: string[]): number[] {
  const objects: number[] = [];
  const arrays = cache.sharedArray === null ? cache.arrays : [...cache.arrays, cache.sharedArray];
  for (const { words, entries } of arrays) {
    const avail = words[ArrayWord.avail]!;
    if (avail > words[ArrayWord.limit]!) wrong.push(`${cache.name}: an array holds ${avail} objects`);
    objects.push(...entries.subarray(0, avail));
  }
  if (new Set(objects).size !== objects.length) wrong.push(`${cache.name}: an object is in two arrays`);
  return objects;
}
