import { Context } from './context.js';
import { checkCpus, expected } from './expected.js';

/**
 * Does `work` on each of `cpus`, in the order given: the erased form of the stepped `eachCpu`.
 * @throws RangeError for what is no list of CPUs, or no function; nothing has been done then.
 * @example
 * eachCpu(ctx, [0, 1], (own) => drainLocalPages(own, pages));
 * @see linux 6.1 kernel/workqueue.c schedule_on_each_cpu
 */
export function eachCpu(_ctx: Context, cpus: Iterable<number>, work: (ctx: Context) => void): void {
  if (typeof work !== 'function') throw expected('work', 'a function', work);
  for (const cpu of checkCpus(cpus)) work(new Context(cpu));
}
