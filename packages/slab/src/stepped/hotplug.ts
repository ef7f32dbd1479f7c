import { type Context, type Steps, irqRestore, irqSave, lock, unlock } from '@mm/steps/stepped';

import { ArrayWord, NodeWord } from '../slab-cache.js';
import { returnObjects } from '../slab-objects.js';
import type { SlabSystem } from '../slab-system.js';
import { drainFreelist } from './drain.js';
import { destroySlabs } from './grow.js';

/**
 * CPU `cpu` has gone offline: what its arrays held goes back, and every free slab with it.
 * @example
 * slabCpuDead(ctx, system, 1);
 * @see linux 6.1 mm/slab.c cpuup_canceled
 */
export function* slabCpuDead(ctx: Context, system: SlabSystem, cpu: number): Steps<void> {
  system.online[cpu] = 0;
  const { caches } = system.register;
  for (const cache of caches) {
    yield irqSave;
    yield lock(cache.listLockCell);
    cache.node[NodeWord.freeLimit]! -= cache.batchcount;
    const array = cache.arrays[cpu]!;
    const gone = returnObjects(cache, array, 0, array.words[ArrayWord.avail]!);
    array.words[ArrayWord.avail] = 0;
    yield unlock(cache.listLockCell);
    yield irqRestore;
    yield* destroySlabs(ctx, cache, gone);
  }
  for (const cache of caches) yield* drainFreelist(ctx, cache, Infinity);
}

/**
 * CPU `cpu` comes back. The limits of free objects are set before it counts.
 * @example
 * slabCpuOnline(system, 1);
 * @see linux 6.1 mm/slab.c cpuup_prepare
 */
export function slabCpuOnline(system: SlabSystem, cpu: number): void {
  const counted = system.online.reduce((sum, online) => sum + online, 0);
  for (const cache of system.register.caches)
    cache.node[NodeWord.freeLimit] = (1 + counted) * cache.batchcount + cache.num;
  system.online[cpu] = 1;
}
