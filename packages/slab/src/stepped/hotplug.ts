import { checkCpu } from '@mm/kmem';
import { cpusWriteLock, cpusWriteUnlock } from '@mm/kmem/stepped';
import {
  type Context,
  type Steps,
  cpuDown,
  cpuUp,
  irqRestore,
  irqSave,
  lock,
  unlock,
  write,
} from '@mm/steps/stepped';

import { checkSystem } from '../check-arguments.js';
import { ArrayWord, NodeWord } from '../slab-cache.js';
import { returnObjects } from '../slab-objects.js';
import { onlineCount } from '../online-cpus.js';
import type { SlabSystem } from '../slab-system.js';
import { drainFreelist } from './drain.js';
import { destroySlabs } from './grow.js';

/**
 * CPU `cpu` goes offline, unless it has: what its arrays held goes back, and every free slab with it. Not to be called there.
 * @throws OptionError for what is no slab allocator or no CPU.
 * @example
 * slabCpuDead(ctx, system, 1);
 * @see linux 6.1 mm/slab.c cpuup_canceled
 */
export function* slabCpuDead(ctx: Context, system: SlabSystem, cpu: number): Steps<void> {
  const { register } = checkSystem(system);
  checkCpu(system.cpus, cpu);
  yield* cpusWriteLock(register);
  yield cpuDown(cpu);
  yield* emptyDeadCpu(ctx, system, cpu);
  yield* cpusWriteUnlock(register);
}

/**
 * SLAB's part of {@link slabCpuDead}, for who takes the CPU down and holds `cpusWriteLock`.
 * @throws OptionError for what is no slab allocator or no CPU.
 * @example
 * emptyDeadCpu(ctx, system, 1);
 * @see linux 6.1 mm/slab.c slab_dead_cpu
 */
export function* emptyDeadCpu(ctx: Context, system: SlabSystem, cpu: number): Steps<void> {
  const { register } = checkSystem(system);
  checkCpu(system.cpus, cpu);
  // The kernel's list begins with the newest, and the order of frees is that of the pages that are handed out next.
  const caches = register.caches.toReversed();
  // Offline already it is not counted in the limits any more.
  const wasOnline = system.online[cpu]!;
  system.online[cpu] = 0;
  yield lock(register.mutex);
  for (const cache of caches) {
    yield irqSave;
    yield lock(cache.listLockCell);
    yield write(cache.nodeCell);
    cache.node[NodeWord.freeLimit]! -= wasOnline * cache.batchcount;
    const array = cache.arrays[cpu]!;
    const gone = returnObjects(cache, array, 0, array.words[ArrayWord.avail]!);
    array.words[ArrayWord.avail] = 0;
    yield unlock(cache.listLockCell);
    yield irqRestore;
    yield* destroySlabs(ctx, cache, gone);
  }
  for (const cache of caches) yield* drainFreelist(ctx, cache, Infinity);
  yield unlock(register.mutex);
}

/**
 * CPU `cpu` comes back. The limits of free objects are set before it counts.
 * @throws OptionError for what is no slab allocator or no CPU.
 * @example
 * slabCpuOnline(ctx, system, 1);
 * @see linux 6.1 mm/slab.c cpuup_prepare
 */
export function* slabCpuOnline(_ctx: Context, system: SlabSystem, cpu: number): Steps<void> {
  const { register } = checkSystem(system);
  checkCpu(system.cpus, cpu);
  yield* cpusWriteLock(register);
  yield lock(register.mutex);
  const counted = onlineCount(system) - system.online[cpu]!;
  for (const cache of register.caches)
    cache.node[NodeWord.freeLimit] = (1 + counted) * cache.batchcount + cache.num;
  yield unlock(register.mutex);
  yield cpuUp(cpu);
  system.online[cpu] = 1;
  yield* cpusWriteUnlock(register);
}
