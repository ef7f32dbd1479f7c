import { AccessKind, type Steps, accessKind } from './access.js';
import { Context } from './context.js';
import { expected } from './expected.js';

/**
 * Runs stepped code alone, to its end: every lock is free, spawned tasks run one after the other.
 * Gives what the erased code would give.
 *
 * @throws RangeError for what is no Context or no steps.
 * @example
 * const pfn = runToEnd(ctx, stepped.allocPages(ctx, pages, GFP_KERNEL, 0));
 */
export function runToEnd<T>(ctx: Context, steps: Steps<T>): T {
  if (!(ctx instanceof Context)) throw expected('ctx', 'a Context', ctx);
  if (typeof steps?.next !== 'function') throw expected('steps', 'what a stepped function returns', steps);
  for (let step = steps.next(true); ; step = steps.next(true)) {
    if (step.done === true) return step.value;
    if (accessKind(step.value) !== AccessKind.spawn) continue;
    for (const task of ctx.spawned.splice(0)) runToEnd(task.ctx, task.steps);
  }
}
