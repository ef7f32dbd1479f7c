import { checkBulk, checkObjects } from '@mm/kmem';
import { PAGE_SIZE } from '@mm/memory';
import {
  type Context,
  type Steps,
  irqRestore,
  irqSave,
  preemptDisable,
  preemptEnable,
  rmw,
} from '@mm/steps/stepped';

import { checkAlive, checkRequest } from '../check-arguments.js';
import { detachFreelist, freelistOf } from '../detached-freelist.js';
import { getFreePointer } from '../free-pointer.js';
import { initObject } from '../init-object.js';
import { refuseBulk } from '../misuse.js';
import type { SlubCache } from '../slub-cache.js';
import { CPU_SHIFT, CpuWord } from '../slub-stats.js';
import { slowAllocPinned } from './alloc.js';
import { freeList } from './free.js';

const SLAB = CpuWord.slab;
const FREELIST = CpuWord.freelist;
const TID = CpuWord.tid;

/**
 * Allocates `many` objects into `objects`, all or none.
 *
 * @param objects gets the addresses, from index 0.
 * @returns `many`, or 0 for no memory; then nothing is held.
 * @throws OptionError for what is no cache, one that was destroyed, and for what is no flags, no number of objects or no list.
 * @example
 * const tables: number[] = [];
 * slubAllocBulk(ctx, cache, GFP_KERNEL, 16, tables);
 * @see linux 6.1 mm/slub.c kmem_cache_alloc_bulk
 */
export function* slubAllocBulk(
  ctx: Context,
  cache: SlubCache,
  gfp: number,
  many: number,
  objects: number[],
): Steps<number> {
  checkRequest(cache, gfp);
  checkBulk(many, objects);
  const { cpu, system } = checkAlive(cache);
  if (system.faults !== null && system.faults.shouldFail(cache, gfp)) {
    objects.length = 0;
    return 0;
  }
  yield preemptDisable;
  yield irqSave;
  yield rmw(cache.cpuCell + ctx.cpu);
  for (let i = 0; i < many; i++) {
    const at = ctx.cpu << CPU_SHIFT;
    const object = cpu[at | FREELIST]!;
    if (object === 0) {
      // The slow path may let others run, so what was taken so far must show in the transaction id.
      cpu[at | TID]! += cache.tidStep;
      yield irqRestore;
      const address = yield* slowAllocPinned(ctx, cache, gfp, cache.objectSize);
      if (address === -1) {
        yield preemptEnable;
        objects.length = i;
        yield* slubFreeBulk(ctx, cache, objects);
        objects.length = 0;
        return 0;
      }
      objects[i] = address;
      yield irqSave;
      yield rmw(cache.cpuCell + ctx.cpu);
      continue;
    }
    const slab = cpu[at | SLAB]!;
    cpu[at | FREELIST] = getFreePointer(cache, slab, object);
    objects[i] = slab * PAGE_SIZE + object - 1;
  }
  cpu[(ctx.cpu << CPU_SHIFT) | TID]! += cache.tidStep;
  yield irqRestore;
  yield preemptEnable;
  if ((gfp & 0x100) !== 0) for (let i = 0; i < many; i++) initObject(cache, objects[i]!);
  return many;
}

/**
 * Frees objects, those of one slab together: from the last on, and up to three of other slabs are passed over in search
 * of more of the same.
 *
 * @param objects physical addresses; not changed.
 * @throws MisuseError on a strict machine for an object that is not live in this cache; nothing has changed.
 * @throws OptionError for what is no cache, one that was destroyed, and for what is no list of addresses.
 * @example
 * slubFreeBulk(ctx, cache, objects);
 * @see linux 6.1 mm/slub.c kmem_cache_free_bulk
 */
export function* slubFreeBulk(ctx: Context, cache: SlubCache, objects: readonly number[]): Steps<void> {
  checkObjects(objects);
  if (checkAlive(cache).system.pages.strict) refuseBulk(cache, objects);
  const left = [...objects];
  for (let size = left.length; size > 0;) {
    const detached = detachFreelist(cache, left, size);
    size = detached.left;
    // Made again in the other direction, as the kernel's hooks do on the way.
    const { head, tail } = freelistOf(detached);
    yield* freeList(ctx, detached.cache, detached.slot, head, tail, detached.count);
  }
}
