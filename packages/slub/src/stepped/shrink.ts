import { type Context, type Steps, irqRestore, irqSave, lock, read, unlock, write } from '@mm/steps/stepped';

import { sortPartial } from '../sort-partial.js';
import { NodeWord, type SlubCache } from '../slub-cache.js';
import { flushAll } from './flush.js';
import { decSlabs, freeSlab } from './new-slab.js';

/**
 * Gives all empty slabs back and puts the fullest ones at the head of the partial list.
 *
 * @returns 1 while the cache still has slabs, else 0.
 * @throws OptionError for what is no cache.
 * @example
 * slubShrink(ctx, cache);
 * @see linux 6.1 mm/slub.c __kmem_cache_shrink
 */
export function* slubShrink(ctx: Context, cache: SlubCache): Steps<number> {
  yield* flushAll(ctx, cache);
  return yield* shrinkPartial(ctx, cache);
}

/**
 * {@link slubShrink} without the flush before it.
 * @example
 * shrinkPartial(ctx, cache); // 0: no slab is left
 * @see linux 6.1 mm/slub.c __kmem_cache_do_shrink
 */
export function* shrinkPartial(ctx: Context, cache: SlubCache): Steps<number> {
  yield irqSave;
  yield lock(cache.listLockCell);
  yield write(cache.nrPartialCell);
  const empty = sortPartial(cache);
  for (const slot of empty) yield* decSlabs(cache, slot);
  yield unlock(cache.listLockCell);
  yield irqRestore;
  for (const slot of empty) yield* freeSlab(ctx, cache, slot);
  yield read(cache.nrSlabsCell);
  return cache.node[NodeWord.nrSlabs] === 0 ? 0 : 1;
}
