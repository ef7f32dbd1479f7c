import type { AnyCache } from '@mm/machine';
import { ArrayWord, SlabCache, activeOf, freelistAddress, smemOf } from '@mm/slab';
import { CPU_SHIFT, CpuWord, type SlubCache, objectsOf, peekFreePointer } from '@mm/slub';

import type { CacheWorld } from './cache-world.js';
import { CacheWalks } from './cache-walks.js';

/** An object that nobody holds. */
export interface FreeObject {
  readonly address: number;
  /** First page frame of its slab, and the objects that the slab has. */
  readonly slabPfn: number;
  readonly objects: number;
  /** SLAB's list of free objects lies in it. */
  readonly holdsList: boolean;
}

/**
 * The objects of a cache that nobody holds at this moment, and nobody is about to get or to give back: those on free lists of slabs
 * and CPUs. Of a debugged cache of SLAB whose objects hold index lists: none.
 * @example
 * freeObjectsOf(world, cache).length;
 */
export function freeObjectsOf(world: CacheWorld, cache: AnyCache): FreeObject[] {
  // SLAB's debugging mends what the slab's index list was put over, and says nothing.
  if (cache instanceof SlabCache && cache.debugging && cache.objFreelist) return [];
  const slots = new CacheWalks(world).slabs.get(cache.id) ?? [];
  const waiting = new Set(world.kmem.rcuSlabs);
  const those = slots.filter((slot) => !waiting.has(slot));
  return cache instanceof SlabCache ? ofSlab(world, cache, those) : ofSlub(cache, those);
}

function ofSlub(cache: SlubCache, slots: readonly number[]): FreeObject[] {
  const { frames, cpus } = cache.system;
  const found: FreeObject[] = [];
  for (const slot of slots) {
    const slabPfn = frames.pfnOf(slot);
    const objects = objectsOf(frames.owner2[slot]!);
    const firsts = [frames.owner1[slot]!];
    for (let cpu = 0; cpu < cpus; cpu++) {
      const at = cpu << CPU_SHIFT;
      if (cache.cpu[at | CpuWord.slab] === slabPfn) firsts.push(cache.cpu[at | CpuWord.freelist]!);
    }
    for (const first of firsts)
      // A list that is corrupted already may be a ring.
      for (let name = first, left = objects; name > 0 && left > 0; left--) {
        found.push({ address: slabPfn * 4096 + name - 1, slabPfn, objects, holdsList: false });
        name = peekFreePointer(cache, slabPfn, name);
      }
  }
  return found;
}

function ofSlab({ machine }: CacheWorld, cache: SlabCache, slots: readonly number[]): FreeObject[] {
  const { frames } = cache.system;
  const found: FreeObject[] = [];
  const slabs = new Map<number, number>();
  for (const slot of slots) {
    const word = frames.owner2[slot]!;
    const slabPfn = frames.pfnOf(slot);
    for (let page = 0; page < 2 ** cache.order; page++) slabs.set(slabPfn + page, slabPfn);
    const active = activeOf(word);
    if (active >= cache.num) continue;
    const list = freelistAddress(cache, slot);
    const first = slabPfn * 4096 + smemOf(word) + cache.objOffset;
    for (let i = active; i < cache.num; i++) {
      const number = machine.memory.read8(list + i);
      if (number >= cache.num) continue;
      const address = first + number * cache.size;
      found.push({ address, slabPfn, objects: cache.num, holdsList: cache.objFreelist && address === list });
    }
  }
  const arrays = cache.sharedArray === null ? cache.arrays : [...cache.arrays, cache.sharedArray];
  for (const { words, entries } of arrays)
    for (const address of entries.subarray(0, words[ArrayWord.avail])) {
      const slabPfn = slabs.get(Math.floor(address / 4096));
      if (slabPfn !== undefined) found.push({ address, slabPfn, objects: cache.num, holdsList: false });
    }
  return found;
}
