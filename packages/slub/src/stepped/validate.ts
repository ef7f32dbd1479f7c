import { type Context, type Steps, irqRestore, irqSave, lock, unlock } from '@mm/steps/stepped';

import { NodeWord, type SlubCache } from '../slub-cache.js';
import { validateSlabs } from '../slub-debug.js';
import { flushAll } from './flush.js';

/**
 * Checks every object of every slab that is on a list, and writes what is wrong to the log.
 * @returns slabs checked.
 * @throws OptionError for what is no cache.
 * @example
 * validateCache(ctx, cache); // slabs looked at
 * @see linux 6.1 mm/slub.c validate_slab_cache
 */
export function* validateCache(ctx: Context, cache: SlubCache): Steps<number> {
  yield* flushAll(ctx, cache);
  yield irqSave;
  yield lock(cache.listLockCell);
  const checked = validateSlabs(cache, cache.node[NodeWord.nrPartial]!, cache.node[NodeWord.nrSlabs]!);
  yield unlock(cache.listLockCell);
  yield irqRestore;
  return checked;
}
