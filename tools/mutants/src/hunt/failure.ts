import { ScheduleError } from '@mm/interleave';
import { ModelViolation } from '@mm/model';
import { KernelBug } from '@mm/printk';

/** What a failure is said to break, in the catalogue's words. */
export function invariantOf(error: Error): string {
  if (error instanceof ModelViolation) return error.invariant;
  if (error instanceof ScheduleError)
    return error.fault === 'lock order' ? 'locks are taken in one order' : `no ${error.fault}`;
  if (error instanceof KernelBug) return 'no kernel bug';
  if (error.name === 'MisuseError') return 'no misuse that a strict machine refuses';
  return 'no crash';
}

/** Any thrown thing as an error. */
export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
