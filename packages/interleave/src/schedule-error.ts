import { inWords } from './expected.js';

/** What can go wrong with the way tasks wait for each other and leave their sections. */
export type ScheduleFault =
  /** Every task waits. */
  | 'deadlock'
  /** A task takes a spin lock that it holds. */
  | 'lock recursion'
  /** A task gives back a lock that it does not hold. */
  | 'lock not held'
  /** A task leaves a section that it is not in. */
  | 'section not open'
  /** A task ended inside a section or with a lock held. */
  | 'section left open'
  /** A task waits (spawn, grace period) where the CPU cannot be given up, or inside a read section. */
  | 'waiting in atomic section'
  /** A task starts another on a CPU that is offline. */
  | 'offline CPU'
  /** Two locks were taken in both orders, by any tasks at any time. */
  | 'lock order'
  /** Two tasks touched a cell that is declared unsynchronised, nothing between them ordering it. */
  | 'data race'
  /** Two steps touched the same thing, one writing, and no accesses that they announced order them. */
  | 'unannounced access'
  /** More steps than the bound. */
  | 'livelock'
  /** The same schedule led to another access than before. */
  | 'nondeterminism'
  /** A step, an option or a choice that no task can make. */
  | 'wrong use';

/**
 * A fault that the interleaver found in the tasks that it runs; the message names tasks, CPUs and
 * cells.
 * @example
 * try {
 *   tasks.run(10_000);
 * } catch (error) {
 *   if (error instanceof ScheduleError && error.fault === 'deadlock') console.error(error.message);
 * }
 */
export class ScheduleError extends Error {
  override readonly name = 'ScheduleError';
  readonly fault: ScheduleFault;

  constructor(fault: ScheduleFault, what: string) {
    super(`${fault}: ${what}`);
    this.fault = fault;
  }
}

/** What a caller passed, and what was expected. */
export const wrongUse = (what: string, value: unknown): ScheduleError =>
  new ScheduleError('wrong use', `expected ${what}, got ${inWords(value)}`);
