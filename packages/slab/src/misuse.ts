import { MisuseError } from '@mm/buddy';
import { PageFlag } from '@mm/memory';

import { checkAlive } from './check-arguments.js';
import { freelistAddress, getFreeIndex } from './free-index.js';
import { type ArrayCache, ArrayWord, type SlabCache } from './slab-cache.js';
import { headSlotOf } from './slab-head.js';
import type { SlabSystem } from './slab-system.js';
import { activeOf, smemOf } from './slab-word.js';

/**
 * Refuses to free what is not a live object of the cache: for strict machines, before anything changes.
 * @throws MisuseError
 * @throws OptionError for a destroyed cache.
 */
export function checkMisuse(cache: SlabCache, object: number): void {
  const { frames } = checkAlive(cache).system;
  const slot = headSlotOf(frames, Math.floor(object / 4096));
  const pfn = frames.pfnOf(slot);
  const refuse = (why: string): never => {
    throw new MisuseError(pfn, `0x${object.toString(16)} ${why} (cache ${cache.name})`);
  };
  if ((frames.flags[slot]! & PageFlag.slab) === 0 || frames.owner0[slot] !== cache.id)
    refuse('is not in a slab of this cache');
  const word = frames.owner2[slot]!;
  const number = (object - cache.objOffset - pfn * 4096 - smemOf(word)) / cache.size;
  if (!Number.isInteger(number) || number < 0 || number >= cache.num) refuse('is not where an object begins');
  const holds = ({ words, entries }: ArrayCache): boolean =>
    entries.subarray(0, words[ArrayWord.avail]).includes(object);
  let free = cache.arrays.some(holds) || (cache.sharedArray !== null && holds(cache.sharedArray));
  const active = activeOf(word);
  if (!free && active < cache.num) {
    const list = freelistAddress(cache, slot);
    for (let i = active; i < cache.num && !free; i++) free = getFreeIndex(cache, list, i) === number;
  }
  if (free) refuse('is free already');
}

/** As {@link checkMisuse}, for objects freed together; none may be there twice. @throws MisuseError */
export function refuseBulk(cache: SlabCache, objects: readonly number[]): void {
  const seen = new Set<number>();
  for (const object of objects) {
    if (seen.has(object))
      throw new MisuseError(Math.floor(object / 4096), `0x${object.toString(16)} is in the list twice`);
    seen.add(object);
    checkMisuse(cache, object);
  }
}

/** As {@link refuseBulk}, for what any caches gave, and whole pages, of which the page allocator knows. @throws MisuseError */
export function refuseMixed(system: SlabSystem, addresses: readonly number[]): void {
  const { frames, caches } = system;
  const byCache = new Map<SlabCache | null, number[]>();
  for (const address of addresses) {
    const slot = headSlotOf(frames, Math.floor(address / 4096));
    const cache = (frames.flags[slot]! & PageFlag.slab) === 0 ? null : caches[frames.owner0[slot]!]!;
    const others = byCache.get(cache);
    if (others === undefined) byCache.set(cache, [address]);
    else others.push(address);
  }
  for (const [cache, objects] of byCache) if (cache !== null) refuseBulk(cache, objects);
}
