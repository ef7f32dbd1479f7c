import { checkBulk, checkObjects } from '@mm/kmem';
import { type Context, type Steps, irqRestore, irqSave } from '@mm/steps/stepped';

import { checkAlive, checkRequest } from '../check-arguments.js';
import { refuseBulk } from '../misuse.js';
import { debugAfterAlloc } from '../slab-debug.js';
import type { SlabCache } from '../slab-cache.js';
import { zeroObject } from '../zero-object.js';
import { allocNoIrq } from './alloc.js';
import { freeNoIrq } from './free.js';

/**
 * Allocates `many` objects into `objects`, all or none.
 *
 * @param objects gets the addresses, from index 0.
 * @returns `many`, or 0 for no memory; then nothing is held.
 * @throws OptionError for what is no cache, one that was destroyed, and for what is no flags, no number of objects or no list.
 * @example
 * const tables: number[] = [];
 * slabAllocBulk(ctx, cache, GFP_KERNEL, 16, tables);
 * @see linux 6.1 mm/slab.c kmem_cache_alloc_bulk
 */
export function* slabAllocBulk(
  ctx: Context,
  cache: SlabCache,
  gfp: number,
  many: number,
  objects: number[],
): Steps<number> {
  checkRequest(cache, gfp);
  checkBulk(many, objects);
  const { faults } = checkAlive(cache).system;
  if (faults !== null && faults.shouldFail(cache, gfp)) {
    objects.length = 0;
    return 0;
  }
  yield irqSave;
  for (let i = 0; i < many; i++) {
    const address = yield* allocNoIrq(ctx, cache, gfp);
    if (address === -1) {
      yield irqRestore;
      objects.length = i;
      debugBulk(cache, objects, gfp);
      yield* slabFreeBulk(ctx, cache, objects);
      objects.length = 0;
      return 0;
    }
    objects[i] = address;
  }
  yield irqRestore;
  objects.length = many;
  debugBulk(cache, objects, gfp);
  if ((gfp & 0x100) !== 0) for (let i = 0; i < many; i++) zeroObject(cache, objects[i]!);
  return many;
}

/** @see linux 6.1 mm/slab.c cache_alloc_debugcheck_after_bulk */
function debugBulk(cache: SlabCache, objects: readonly number[], gfp: number): void {
  if (cache.debugging) for (const object of objects) debugAfterAlloc(cache, object, gfp);
}

/**
 * Frees objects in the order given.
 *
 * @param objects physical addresses.
 * @throws MisuseError on a strict machine for an object that is not live in this cache; nothing has changed.
 * @throws OptionError for what is no cache, one that was destroyed, and for what is no list of addresses.
 * @example
 * slabFreeBulk(ctx, cache, objects);
 * @see linux 6.1 mm/slab.c kmem_cache_free_bulk
 */
export function* slabFreeBulk(ctx: Context, cache: SlabCache, objects: readonly number[]): Steps<void> {
  checkObjects(objects);
  if (checkAlive(cache).system.pages.strict) refuseBulk(cache, objects);
  yield irqSave;
  for (const object of objects) yield* freeNoIrq(ctx, cache, object);
  yield irqRestore;
}
