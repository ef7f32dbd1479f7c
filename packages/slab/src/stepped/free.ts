import { checkObjectAddress } from '@mm/kmem';
import { type Context, type Steps, irqRestore, irqSave, lock, read, unlock, write } from '@mm/steps/stepped';

import { checkAlive, checkCache } from '../check-arguments.js';
import { checkMisuse } from '../misuse.js';
import { type ArrayCache, ArrayWord, type SlabCache } from '../slab-cache.js';
import { debugBeforeFree } from '../slab-debug.js';
import { dropEntries, returnObjects } from '../slab-objects.js';
import { destroySlabs } from './grow.js';

const AVAIL = ArrayWord.avail;
const LIMIT = ArrayWord.limit;
const BATCH = ArrayWord.batchcount;

/**
 * Frees an object.
 *
 * @param object its physical address, as the allocation returned it.
 * @throws MisuseError on a strict machine for an object that is not live in this cache; nothing has changed.
 * @throws OptionError for what is no cache, one that was destroyed, and for what is no address. Who runs is not looked at.
 * @example
 * slabFree(ctx, cache, table);
 * @see linux 6.1 mm/slab.c kmem_cache_free
 */
export function* slabFree(ctx: Context, cache: SlabCache, object: number): Steps<void> {
  checkObjectAddress(object);
  if (cache?.arrays === undefined) checkCache(cache);
  if (cache.system.pages.strict) checkMisuse(cache, object);
  yield irqSave;
  yield* freeNoIrq(ctx, cache, object);
  yield irqRestore;
}

/** With interrupts off. @see linux 6.1 mm/slab.c ___cache_free */
export function* freeNoIrq(ctx: Context, cache: SlabCache, object: number): Steps<void> {
  if (cache.debugging) debugBeforeFree(cache, object);
  yield read(cache.arrayCell + ctx.cpu);
  const array = cache.arrays[ctx.cpu]!;
  const { words } = array;
  if (words[AVAIL]! >= words[LIMIT]!) yield* flushArray(ctx, cache, array);
  const avail = words[AVAIL]!;
  array.entries[avail] = object;
  words[AVAIL] = avail + 1;
}

/** Makes room in a full array: its oldest entries go to the shared one or to their slabs. @see linux 6.1 mm/slab.c cache_flusharray */
function* flushArray(ctx: Context, cache: SlabCache, array: ArrayCache): Steps<void> {
  // A destroyed cache's arrays hold nothing, and so are full.
  let batch = array.words[BATCH]!;
  checkAlive(cache);
  let gone = 0;
  yield lock(cache.listLockCell);
  yield write(cache.nodeCell);
  const shared = cache.sharedArray;
  const room = shared === null ? 0 : shared.words[LIMIT]! - shared.words[AVAIL]!;
  if (shared !== null && room > 0) {
    batch = Math.min(batch, room);
    const at = shared.words[AVAIL]!;
    const { entries } = array;
    for (let i = 0; i < batch; i++) shared.entries[at + i] = entries[i]!;
    shared.words[AVAIL] = at + batch;
  } else gone = returnObjects(cache, array, 0, batch);
  yield unlock(cache.listLockCell);
  dropEntries(array, batch);
  yield* destroySlabs(ctx, cache, gone);
}
