import { type Access, AccessKind, type Steps } from './access.js';
import { Context } from './context.js';
import { checkCpus, expected } from './expected.js';

const spawn = AccessKind.spawn as number as Access;

/**
 * Does `work` on each of `cpus` at the same time, one task per CPU, and waits for all of them.
 * @throws RangeError for what is no list of CPUs, or no function; nothing has been done then.
 * @example
 * yield* eachCpu(ctx, [0, 1], (own) => drainLocalPages(own, pages));
 * @see linux 6.1 kernel/workqueue.c schedule_on_each_cpu
 */
export function* eachCpu(
  ctx: Context,
  cpus: Iterable<number>,
  work: (ctx: Context) => Steps<void>,
): Steps<void> {
  if (!(ctx instanceof Context)) throw expected('ctx', 'a Context', ctx);
  if (typeof work !== 'function') throw expected('work', 'a function', work);
  for (const cpu of checkCpus(cpus)) {
    const own = new Context(cpu);
    ctx.spawned.push({ ctx: own, steps: work(own) });
  }
  yield spawn;
}
