import { checkCpu } from '@mm/kmem';
import { cpusReadLock, cpusReadUnlock, cpusWriteLock, cpusWriteUnlock } from '@mm/kmem/stepped';
import {
  type Context,
  type Steps,
  cpuDown,
  cpuUp,
  eachCpu,
  irqRestore,
  irqSave,
  lock,
  read,
  rmw,
  unlock,
} from '@mm/steps/stepped';

import { checkCache, checkSystem } from '../check-arguments.js';
import { dropCpuSlab } from '../cpu-slab.js';
import type { SlubCache } from '../slub-cache.js';
import { CPU_SHIFT, CpuWord, SlubStat, count } from '../slub-stats.js';
import type { SlubSystem } from '../slub-system.js';
import { deactivateSlab } from './deactivate.js';
import { unfreezePartials } from './partial.js';

/**
 * CPU `cpu` gives up its slab and its partial list.
 *
 * @param cpu the CPU of `ctx`, or one that is offline.
 * @throws OptionError for what is no cache or no CPU.
 * @example
 * flushCpu(ctx, cache, 1);
 * @see linux 6.1 mm/slub.c flush_cpu_slab, __flush_cpu_slab
 */
export function* flushCpu(ctx: Context, cache: SlubCache, cpu: number): Steps<void> {
  const { frames } = checkCache(cache).system;
  checkCpu(cache.system.cpus, cpu);
  const words = cache.cpu;
  const at = cpu << CPU_SHIFT;
  yield irqSave;
  yield rmw(cache.cpuCell + cpu);
  const slab = words[at | CpuWord.slab]!;
  const freelist = words[at | CpuWord.freelist]!;
  if (slab !== -1) dropCpuSlab(cache, at);
  yield irqRestore;
  if (slab !== -1) {
    yield* deactivateSlab(ctx, cache, frames.peekSlotOf(slab), freelist);
    count(cache, ctx.cpu, SlubStat.cpuslabFlush);
  }
  yield irqSave;
  yield rmw(cache.cpuCell + cpu);
  const partial = words[at | CpuWord.partial]!;
  words[at | CpuWord.partial] = 0;
  yield irqRestore;
  if (partial !== 0) yield* unfreezePartials(ctx, cache, partial);
}

/**
 * Every online CPU that holds slabs of the cache gives them up, each on its own; waits for all.
 * @throws OptionError for what is no cache.
 * @example
 * flushAll(ctx, cache);
 * @see linux 6.1 mm/slub.c flush_all
 */
export function* flushAll(ctx: Context, cache: SlubCache): Steps<void> {
  const { register } = checkCache(cache).system;
  const part = yield* cpusReadLock(ctx, register);
  yield* flushAllLocked(ctx, cache);
  yield* cpusReadUnlock(part);
}

/** {@link flushAll} by one who keeps CPUs from coming and going. @see linux 6.1 mm/slub.c flush_all_cpus_locked */
export function* flushAllLocked(ctx: Context, cache: SlubCache): Steps<void> {
  const { system, cpu } = cache;
  yield lock(system.flushCell);
  const holders: number[] = [];
  for (let i = 0; i < system.cpus; i++) {
    yield read(cache.cpuCell + i);
    const at = i << CPU_SHIFT;
    const holds = cpu[at | CpuWord.slab] !== -1 || cpu[at | CpuWord.partial] !== 0;
    if (system.online[i] === 1 && holds) holders.push(i);
  }
  yield* eachCpu(ctx, holders, (own) => flushCpu(own, cache, own.cpu));
  yield unlock(system.flushCell);
}

/**
 * CPU `cpu` goes offline, unless it has: what it held of each cache goes back. Not to be called there.
 * @throws OptionError for what is no slab allocator or no CPU.
 * @example
 * slubCpuDead(ctx, slub, 1);
 * @see linux 6.1 mm/slub.c slub_cpu_dead
 */
export function* slubCpuDead(ctx: Context, system: SlubSystem, cpu: number): Steps<void> {
  const { register } = checkSystem(system);
  checkCpu(system.cpus, cpu);
  yield* cpusWriteLock(register);
  yield cpuDown(cpu);
  yield* flushDeadCpu(ctx, system, cpu);
  yield* cpusWriteUnlock(register);
}

/**
 * SLUB's part of {@link slubCpuDead}, for who takes the CPU down and holds `cpusWriteLock`.
 * @throws OptionError for what is no slab allocator or no CPU.
 * @example
 * flushDeadCpu(ctx, slub, 1);
 * @see linux 6.1 mm/slub.c slub_cpu_dead
 */
export function* flushDeadCpu(ctx: Context, system: SlubSystem, cpu: number): Steps<void> {
  const { register } = checkSystem(system);
  checkCpu(system.cpus, cpu);
  system.online[cpu] = 0;
  yield lock(register.mutex);
  // The kernel's list begins with the newest, and the order of frees is that of the pages that are handed out next.
  for (const cache of register.caches.toReversed()) yield* flushCpu(ctx, cache, cpu);
  yield unlock(register.mutex);
}

/**
 * CPU `cpu` is online again.
 * @throws OptionError for what is no slab allocator or no CPU.
 * @example
 * slubCpuOnline(ctx, slub, 1);
 */
export function* slubCpuOnline(_ctx: Context, system: SlubSystem, cpu: number): Steps<void> {
  checkCpu(checkSystem(system).cpus, cpu);
  yield* cpusWriteLock(system.register);
  yield cpuUp(cpu);
  system.online[cpu] = 1;
  yield* cpusWriteUnlock(system.register);
}
