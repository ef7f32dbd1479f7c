import { PageFlag } from '@mm/memory';
import { SlabCache, type SlabWalk, walkSlab } from '@mm/slab';
import { type SlubCache, type SlubWalk, walkSlub } from '@mm/slub';

import type { CacheWorld } from './cache-world.js';

/**
 * What walks over the slabs of a world find, at one moment: each cache is walked once, whoever asks, and the frames of the machine
 * are passed once for all caches (a boot makes some twenty: a pass for each was a third of all time).
 *
 * @example
 * new CacheWalks(world).of(cache).wrong; // []
 */
export class CacheWalks {
  /** First frames of slabs, those that wait for a grace period included, by the cache's number. */
  readonly slabs: ReadonlyMap<number, readonly number[]>;
  readonly #walks = new Map<SlubCache | SlabCache, SlubWalk | SlabWalk>();

  constructor({ kmem: { frames } }: CacheWorld) {
    const slabs = new Map<number, number[]>();
    const { flags, owner0, slotCount } = frames;
    for (let slot = 0; slot < slotCount; slot++) {
      if ((flags[slot]! & PageFlag.slab) === 0) continue;
      const id = owner0[slot]!;
      const known = slabs.get(id);
      if (known === undefined) slabs.set(id, [slot]);
      else known.push(slot);
    }
    this.slabs = slabs;
  }

  /** What a walk over a cache's slabs, lists and free pointers finds. */
  of(cache: SlubCache | SlabCache): SlubWalk | SlabWalk {
    let walk = this.#walks.get(cache);
    if (walk === undefined) {
      const slots = this.slabs.get(cache.id) ?? [];
      walk = cache instanceof SlabCache ? walkSlab(cache, slots) : walkSlub(cache, slots);
      this.#walks.set(cache, walk);
    }
    return walk;
  }
}
