import { AccessKind, type Context } from '@mm/steps';

/**
 * Enters or leaves the section that a step of kind `irqSave` to `rcuReadUnlock` stands for.
 * False when a section is left that is not open.
 */
export function changeSection(ctx: Context, kind: number): boolean {
  switch (kind) {
    case AccessKind.irqSave:
      ctx.irqDepth++;
      return true;
    case AccessKind.irqRestore:
      return --ctx.irqDepth >= 0;
    case AccessKind.preemptDisable:
      ctx.preemptDepth++;
      return true;
    case AccessKind.preemptEnable:
      return --ctx.preemptDepth >= 0;
    case AccessKind.rcuReadLock:
      ctx.rcuDepth++;
      return true;
    default:
      return --ctx.rcuDepth >= 0;
  }
}

/** Leaves all sections, as a context that is used again must. */
export function leaveSections(ctx: Context): void {
  ctx.irqDepth = 0;
  ctx.preemptDepth = 0;
  ctx.rcuDepth = 0;
  // Setting a length costs some 20 ns even where it is so already.
  if (ctx.spawned.length > 0) ctx.spawned.length = 0;
}

/** Whether the code may not give up its CPU: no waiting for other tasks is allowed here. */
export const isAtomic = (ctx: Context): boolean => (ctx.preemptDepth | ctx.irqDepth) !== 0;
