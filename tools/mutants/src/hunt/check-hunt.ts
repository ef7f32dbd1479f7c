import { Random } from '@mm/interleave';
import { OptionError } from '@mm/printk';

import { CHECKS } from './checks.js';
import { asError, invariantOf } from './failure.js';
import type { Failure } from './hunt.js';

/** Runs a check with a seed; its failure, or null. */
export function playCheck(name: string, seed: number): Failure | null {
  const check = CHECKS[name];
  if (check === undefined) throw new OptionError('check', `one of ${Object.keys(CHECKS).join(', ')}`, name);
  try {
    check(new Random(seed));
    return null;
  } catch (thrown) {
    const error = asError(thrown);
    return { invariant: invariantOf(error), message: error.message, text: `check "${name}", seed ${seed}` };
  }
}
