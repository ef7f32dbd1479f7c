import { ScheduleError } from '@mm/interleave';
import { KernelBug, OptionError } from '@mm/printk';

import { KernelCrash } from './kernel-crash.js';
import { ModelViolation } from '../model-violation.js';

/** Where and how a run failed. */
export interface Failure {
  readonly error: Error;
  /** The invariant that broke: a declared one, or what {@link brokenInvariant} calls it. */
  readonly invariant: string;
  /** Operations whose turn had come, the failing one included. */
  readonly commands: number;
}

/**
 * The name of what an error breaks. What is no {@link ModelViolation} broke a rule that all subsystems share.
 *
 * @example
 * brokenInvariant(new RangeError('x')); // 'nothing crashes: RangeError'
 */
export function brokenInvariant(error: Error): string {
  if (error instanceof ModelViolation) return error.invariant;
  if (error instanceof ScheduleError) return `tasks wait for each other in order: ${error.fault}`;
  if (error instanceof KernelBug)
    return `the kernel finds no bug: ${error.message.split(/[:(]/u, 1)[0]!.trim()}`;
  return `nothing crashes: ${error.name}`;
}

/** What was thrown, as a failure; null: a crash that was to be expected. @throws OptionError when the world could not be set up as asked: nothing has been run. */
export function failureOf(thrown: unknown, commands: number): Failure | null {
  if (thrown instanceof KernelCrash) return null;
  if (commands === 0 && thrown instanceof OptionError) throw thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return { error, invariant: brokenInvariant(error), commands };
}
