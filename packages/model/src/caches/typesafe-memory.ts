import { SLAB_TYPESAFE_BY_RCU } from '@mm/kmem';
import type { AnyCache } from '@mm/machine';

import { ModelViolation } from '../model-violation.js';

/** When an object in a page was last given back, and to which cache. */
interface LastFree {
  readonly cache: AnyCache;
  readonly at: number;
}

/**
 * What readers under RCU may rely on: memory of a SLAB_TYPESAFE_BY_RCU cache stays objects of that cache until a grace
 * period has passed that began after the last of them was freed.
 *
 *   page of another owner  =>  last free in it < begin of a grace period that has ended
 * @example
 * const typesafe = new TypesafeMemory();
 * typesafe.freed(cache, object);
 * typesafe.taken(object, 64, null); // throws: no grace period has passed
 * @see linux 6.1 include/linux/slab.h SLAB_TYPESAFE_BY_RCU
 */
export class TypesafeMemory {
  readonly #freed = new Map<number, LastFree>();
  #clock = 0;

  /** An object is about to be freed. It may lie in several pages; what a debugged cache keeps around it is no object. */
  freed(cache: AnyCache, address: number): void {
    if ((cache.flags & SLAB_TYPESAFE_BY_RCU) === 0) return;
    this.#clock++;
    for (let page = pageOf(address); page <= pageOf(address + cache.objectSize - 1); page++)
      this.#freed.set(page, { cache, at: this.#clock });
  }

  /** A grace period begins. Returns the moment, for {@link ended}. */
  begins(): number {
    return ++this.#clock;
  }

  /** A grace period that began at `begun` has ended: what was freed before it is anybody's. */
  ended(begun: number): void {
    for (const [page, { at }] of this.#freed) if (at < begun) this.#freed.delete(page);
  }

  /**
   * `bytes` of memory were handed out, by `cache`, or null for none.
   * @throws ModelViolation when a reader may still look there for an object of another cache.
   */
  taken(address: number, bytes: number, cache: AnyCache | null): void {
    if (this.#freed.size === 0) return;
    for (let page = pageOf(address); page <= pageOf(address + bytes - 1); page++) {
      const last = this.#freed.get(page);
      if (last === undefined || last.cache === cache) continue;
      throw new ModelViolation(
        'freed memory of a typesafe cache stays of its type until a grace period has passed',
        `0x${address.toString(16)} of ${cache?.name ?? 'no cache'}, freed in ${last.cache.name}`,
      );
    }
  }
}

const pageOf = (address: number): number => Math.floor(address / 4096);
