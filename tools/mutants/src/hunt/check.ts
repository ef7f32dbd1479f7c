import type { Random } from '@mm/interleave';
import { ModelViolation } from '@mm/model';

/** Something that must hold, with random choices from a seed. Throws ModelViolation where it does not. */
export type Check = (random: Random) => void;

/** Throws unless `actual` is `expected`. */
export function hold(invariant: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new ModelViolation(invariant, `expected ${expected}, got ${actual}`);
}

/** Throws with the first of `lines`, unless there are none. */
export function holdNone(invariant: string, lines: readonly string[]): void {
  if (lines.length > 0) throw new ModelViolation(invariant, lines[0]!);
}
