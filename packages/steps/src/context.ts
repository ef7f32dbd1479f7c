import type { Steps } from './access.js';
import { expected } from './expected.js';

/** A task that {@link Context.spawned} hands to the scheduler. */
export interface SpawnedTask {
  readonly ctx: Context;
  readonly steps: Steps<void>;
}

/**
 * Who runs: the CPU and the sections that the running code is in. Per-cpu code reads `ctx.cpu` at
 * each access, because a scheduler may move the task between two of them.
 * @example
 * const ctx = new Context(1); // runs on CPU 1
 */
export class Context {
  /** The CPU that runs this code now, from 0. */
  cpu: number;
  /** Open preempt-disabled sections, held spin locks included. Kept by the scheduler. */
  preemptDepth = 0;
  /** Open interrupt-disabled sections. Kept by the scheduler. */
  irqDepth = 0;
  /** Open read sections. Kept by the scheduler. */
  rcuDepth = 0;
  /** The tasks that the next `spawn` step starts. Empty outside that step. */
  spawned: SpawnedTask[] = [];

  /** @throws RangeError when `cpu` is not an integer from 0. */
  constructor(cpu = 0) {
    if (!Number.isSafeInteger(cpu) || cpu < 0) throw expected('cpu', 'an integer from 0', cpu);
    this.cpu = cpu;
  }
}
