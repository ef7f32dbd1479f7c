import { Context } from './context.js';

/**
 * Does `work` on each of `cpus`, in the order given: the erased form of the stepped `eachCpu`.
 * @example
 * eachCpu(ctx, [0, 1], (own) => drainLocalPages(own, pages));
 * @see linux 6.1 kernel/workqueue.c schedule_on_each_cpu
 */
export function eachCpu(_ctx: Context, cpus: Iterable<number>, work: (ctx: Context) => void): void {
  for (const cpu of cpus) work(new Context(cpu));
}
