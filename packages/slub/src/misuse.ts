import { MisuseError } from '@mm/buddy';
import { SLAB_CONSISTENCY_CHECKS, warnOnce } from '@mm/kmem';
import { PageFlag } from '@mm/memory';
import { KernelBug } from '@mm/printk';

import { printTracking } from './debug/report.js';
import { peekFreePointer } from './free-pointer.js';
import { headSlotOf } from './slab-head.js';
import type { SlubCache } from './slub-cache.js';
import { CPU_SHIFT, CpuWord } from './slub-stats.js';
import type { SlubSystem } from './slub-system.js';

/**
 * The cache that the slab at `slot` belongs to, null where there is no slab. But for consistency checks and hardened pointers
 * the kernel takes the caller's word for it.
 * @throws KernelBug where there is no slab, and nobody looks.
 * @see linux 6.1 mm/slab.h cache_from_obj
 */
export function ownerOf(cache: SlubCache, slot: number, object: number): SlubCache | null {
  const { frames, caches, log, pages, hardened } = cache.system;
  const looks = hardened || (cache.flags & SLAB_CONSISTENCY_CHECKS) !== 0;
  const isSlab = (frames.flags[slot]! & PageFlag.slab) !== 0;
  const owner = isSlab ? (caches[frames.owner0[slot]!] ?? null) : null;
  if (owner === null) {
    if (!looks) throw noSlab(cache, object);
    warnOnce(pages, 'mm/slab.h:630 cache_from_obj', 'virt_to_cache: Object is not a Slab page!');
    return null;
  }
  if (owner === cache || !looks) return cache;
  log.warn(
    'mm/slab.h:665 cache_from_obj',
    `cache_from_obj: Wrong slab cache. ${cache.name} but object is from ${owner.name}`,
  );
  printTracking(owner, object);
  return owner;
}

/** What the kernel dies of when it takes pages for a slab that are none. */
export const noSlab = (cache: SlubCache, object: number): KernelBug =>
  new KernelBug('free of an address in no slab', { cache: cache.name, object });

/**
 * Refuses to free what is not a live object of the cache: for strict machines, before anything changes.
 * @throws MisuseError
 */
export function checkMisuse(cache: SlubCache, slot: number, object: number): void {
  const { frames, cpus } = cache.system;
  const pfn = frames.pfnOf(slot);
  const refuse = (why: string): never => {
    throw new MisuseError(pfn, `0x${object.toString(16)} ${why} (cache ${cache.name})`);
  };
  if ((frames.flags[slot]! & PageFlag.slab) === 0 || frames.owner0[slot] !== cache.id)
    refuse('is not in a slab of this cache');
  const offset = object - pfn * 4096;
  const objects = (frames.owner2[slot]! >>> 16) & 0x7fff;
  const number = (offset - cache.firstOffset) / cache.size;
  if (!Number.isInteger(number) || number < 0 || number >= objects) refuse('is not where an object begins');
  const wanted = offset | 1;
  const isOn = (first: number): boolean => {
    for (let at = first, left = objects; at > 0 && left > 0; at = peekFreePointer(cache, pfn, at), left--)
      if (at === wanted) return true;
    return false;
  };
  let free = isOn(frames.owner1[slot]!);
  for (let cpu = 0; cpu < cpus && !free; cpu++) {
    const at = cpu << CPU_SHIFT;
    free = cache.cpu[at + CpuWord.slab] === pfn && isOn(cache.cpu[at + CpuWord.freelist]!);
  }
  if (free) refuse('is free already');
}

/** As {@link checkMisuse}, for objects freed together; none may be there twice. @throws MisuseError */
export function refuseBulk(cache: SlubCache, objects: readonly number[]): void {
  const { frames } = cache.system;
  const seen = new Set<number>();
  for (const object of objects) {
    const pfn = Math.floor(object / 4096);
    if (seen.has(object)) throw new MisuseError(pfn, `0x${object.toString(16)} is in the list twice`);
    seen.add(object);
    checkMisuse(cache, headSlotOf(frames, pfn), object);
  }
}

/** As {@link refuseBulk}, for what any caches gave, and whole pages, of which the page allocator knows. @throws MisuseError */
export function refuseMixed(system: SlubSystem, addresses: readonly number[]): void {
  const { frames, caches } = system;
  const byCache = new Map<SlubCache | null, number[]>();
  for (const address of addresses) {
    const slot = headSlotOf(frames, Math.floor(address / 4096));
    const cache = (frames.flags[slot]! & PageFlag.slab) === 0 ? null : caches[frames.owner0[slot]!]!;
    const others = byCache.get(cache);
    if (others === undefined) byCache.set(cache, [address]);
    else others.push(address);
  }
  for (const [cache, objects] of byCache) if (cache !== null) refuseBulk(cache, objects);
}
