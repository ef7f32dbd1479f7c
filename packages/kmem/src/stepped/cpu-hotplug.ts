import { checkInstance, checkInteger } from '@mm/printk';
import { type Cell, type Context, type Steps, lock, unlock } from '@mm/steps/stepped';

import { CacheRegister } from '../cache-register.js';
import type { KmemCache } from '../kmem-cache.js';

/*
 * The kernel's cpu_hotplug_lock, with a part for each CPU: who needs the CPUs to stay takes the part of the CPU where it runs;
 * who takes a CPU away takes all parts, ascending.
 */

/**
 * No CPU comes or goes until {@link cpusReadUnlock}. May sleep.
 * @returns what `cpusReadUnlock` wants back.
 * @throws OptionError for what is no register.
 * @example
 * const part = cpusReadLock(ctx, register);
 * cpusReadUnlock(part);
 * @see linux 6.1 kernel/cpu.c cpus_read_lock
 */
export function* cpusReadLock(ctx: Context, register: CacheRegister<KmemCache>): Steps<Cell> {
  checkInstance('register', register, CacheRegister);
  const part = register.hotplugCell + ctx.cpu;
  yield lock(part);
  return part;
}

/**
 * CPUs may come and go again.
 * @throws OptionError for what is no cell.
 * @example
 * cpusReadUnlock(part);
 * @see linux 6.1 kernel/cpu.c cpus_read_unlock
 */
export function* cpusReadUnlock(part: Cell): Steps<void> {
  checkInteger('part', part, 0, Number.MAX_SAFE_INTEGER);
  yield unlock(part);
}

/**
 * Waits for all who need the CPUs to stay, and keeps them out.
 * @throws OptionError for what is no register.
 * @example
 * cpusWriteLock(register);
 * @see linux 6.1 kernel/cpu.c cpus_write_lock
 */
export function* cpusWriteLock(register: CacheRegister<KmemCache>): Steps<void> {
  checkInstance('register', register, CacheRegister);
  for (let cpu = 0; cpu < register.cpus; cpu++) yield lock(register.hotplugCell + cpu);
}

/**
 * The change is done.
 * @throws OptionError for what is no register.
 * @example
 * cpusWriteUnlock(register);
 * @see linux 6.1 kernel/cpu.c cpus_write_unlock
 */
export function* cpusWriteUnlock(register: CacheRegister<KmemCache>): Steps<void> {
  checkInstance('register', register, CacheRegister);
  for (let cpu = register.cpus - 1; cpu >= 0; cpu--) yield unlock(register.hotplugCell + cpu);
}
