import { Errno, checkText } from '@mm/printk';
import { SlabCache, type SlabSystem, readSlabCounts } from '@mm/slab';
import { tuneCacheNamed } from '@mm/slab/stepped';
import { type SlubCache, SlubSystem } from '@mm/slub';
import { type Context, type Steps, irqRestore, irqSave, lock, unlock } from '@mm/steps/stepped';

import { checkKmem } from '../check-arguments.js';
import { SLABINFO_HEADER, type SlabinfoLine, formatSlabinfo } from '../slab/slabinfo-text.js';
import { parseTuning } from '../slab/slabinfo-tuning.js';
import { objectCounts } from './show-attribute.js';

/**
 * The text of /proc/slabinfo: every cache, the newest first.
 *
 * @throws OptionError for what is no slab allocator.
 * @example
 * showSlabinfo(ctx, machine.kmem).split('\n')[0]; // 'slabinfo - version: 2.1'
 * @see linux 6.1 mm/slab_common.c slab_show
 */
export function* showSlabinfo(ctx: Context, kmem: SlubSystem | SlabSystem): Steps<string> {
  checkKmem(kmem);
  yield lock(kmem.register.mutex);
  let text = '';
  const caches: ReadonlyArray<SlubCache | SlabCache> = kmem.register.caches.toReversed();
  for (const cache of caches) {
    if (text === '') text = SLABINFO_HEADER;
    const line = cache instanceof SlabCache ? yield* slabLine(cache) : yield* slubLine(ctx, cache);
    text += formatSlabinfo(line);
  }
  yield unlock(kmem.register.mutex);
  return text;
}

/** @see linux 6.1 mm/slub.c get_slabinfo */
function* slubLine(ctx: Context, cache: SlubCache): Steps<SlabinfoLine> {
  const { objects, total, slabs } = yield* objectCounts(ctx, cache);
  return {
    name: cache.name,
    activeObjects: objects,
    objects: total,
    size: cache.size,
    objectsPerSlab: cache.objects,
    pagesPerSlab: 2 ** cache.order,
    limit: 0,
    batchcount: 0,
    shared: 0,
    activeSlabs: slabs,
    slabs,
    sharedAvailable: 0,
  };
}

/** @see linux 6.1 mm/slab.c get_slabinfo */
function* slabLine(cache: SlabCache): Steps<SlabinfoLine> {
  yield irqSave;
  yield lock(cache.listLockCell);
  const counts = readSlabCounts(cache);
  yield unlock(cache.listLockCell);
  yield irqRestore;
  return {
    name: cache.name,
    activeObjects: counts.active_objs,
    objects: counts.num_objs,
    size: cache.size,
    objectsPerSlab: cache.num,
    pagesPerSlab: 2 ** cache.order,
    limit: cache.limit,
    batchcount: cache.batchcount,
    shared: cache.shared,
    activeSlabs: counts.active_slabs,
    slabs: counts.num_slabs,
    sharedAvailable: counts.shared_avail,
  };
}

/**
 * Writes /proc/slabinfo: `NAME LIMIT BATCHCOUNT SHARED` tunes a cache of SLAB. Tunables that are not good are passed over
 * without an error, as in 6.1.
 *
 * @returns the length of `text`; -EINVAL for another text and for a cache that is not there; -EIO with SLUB.
 * @throws OptionError for what is no slab allocator or no text.
 * @example
 * writeSlabinfo(ctx, machine.kmem, 'dentry 120 60 8\n');
 * @see linux 6.1 mm/slab.c slabinfo_write
 */
export function* writeSlabinfo(ctx: Context, kmem: SlubSystem | SlabSystem, text: string): Steps<number> {
  checkKmem(kmem);
  checkText('text', text);
  if (kmem instanceof SlubSystem) return -Errno.EIO;
  const tuning = parseTuning(text);
  if (tuning === null) return -Errno.EINVAL;
  const { name, limit, batchcount, shared } = tuning;
  const answer = yield* tuneCacheNamed(ctx, kmem, name, limit, batchcount, shared);
  return answer < 0 ? answer : text.length;
}
