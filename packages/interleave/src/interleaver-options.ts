import type { Access, CellSpace, Context } from '@mm/steps';

import type { Choice, Scheduler } from './scheduler.js';

/** What an `Interleaver` needs to know. */
export interface InterleaverOptions {
  /** Simulated CPUs, 1..64. */
  readonly cpus: number;
  readonly scheduler: Scheduler;
  /** Names for the cells in messages. */
  readonly cells?: CellSpace | undefined;
  /** Numbers of ended tasks are not given to new ones. An explorer needs it: a number is one task. */
  readonly keepNumbers?: boolean;
}

/** Called as tasks make steps and end. */
export interface InterleaverHooks {
  /**
   * A task ended. New tasks may be started from here. `tag` is the number given to `start`; the context
   * goes back to its pool afterwards. Tasks that were spawned by `eachCpu` are not reported.
   */
  onEnd?: ((tag: number, value: unknown, ctx: Context) => void) | undefined;
  /** A task threw; its locks are freed. Without this hook the error leaves `step`. */
  onThrow?: ((tag: number, error: unknown, ctx: Context) => void) | undefined;
  /** A task is about to make the access that it has announced, and the code up to the next one. */
  onStep?: ((choice: Choice, access: Access) => void) | undefined;
  /** A task has made a step; what this throws leaves `step`. */
  afterStep?: ((choice: Choice, access: Access) => void) | undefined;
  /** The name of a task in messages; by default its number. */
  nameOf?: ((task: number, tag: number) => string) | undefined;
}
