import { SLAB_TYPESAFE_BY_RCU } from '@mm/kmem';
import type { AnyCache } from '@mm/machine';

import { ModelViolation } from '../model-violation.js';

/**
 * What readers under RCU may rely on: memory of a SLAB_TYPESAFE_BY_RCU cache stays objects of that cache until a grace
 * period has passed that began after the last of them was freed.
 *
 *   page of another owner  =>  a grace period has begun since the last free in it
 *
 * When it ends nobody outside can tell to the step: the pages go back one by one in the same command.
 * @example
 * const typesafe = new TypesafeMemory();
 * typesafe.freed(cache, object);
 * typesafe.taken(object, 64, null); // throws: no grace period has passed
 * @see linux 6.1 include/linux/slab.h SLAB_TYPESAFE_BY_RCU
 */
export class TypesafeMemory {
  /** By page: the cache to which an object in it was last given back. */
  readonly #freed = new Map<number, AnyCache>();

  /** An object is about to be freed. It may lie in several pages; what a debugged cache keeps around it is no object. */
  freed(cache: AnyCache, address: number): void {
    if ((cache.flags & SLAB_TYPESAFE_BY_RCU) === 0) return;
    for (let page = pageOf(address); page <= pageOf(address + cache.objectSize - 1); page++)
      this.#freed.set(page, cache);
  }

  /** A grace period begins: what was freed before may be anybody's from now on. */
  graceBegins(): void {
    this.#freed.clear();
  }

  /**
   * `bytes` of memory were handed out, by `cache`, or null for none.
   * @throws ModelViolation when a reader may still look there for an object of another cache.
   */
  taken(address: number, bytes: number, cache: AnyCache | null): void {
    if (this.#freed.size === 0) return;
    for (let page = pageOf(address); page <= pageOf(address + bytes - 1); page++) {
      const last = this.#freed.get(page);
      if (last === undefined || last === cache) continue;
      throw new ModelViolation(
        'freed memory of a typesafe cache stays of its type until a grace period has passed',
        `0x${address.toString(16)} of ${cache?.name ?? 'no cache'}, freed in ${last.name}`,
      );
    }
  }
}

const pageOf = (address: number): number => Math.floor(address / 4096);
