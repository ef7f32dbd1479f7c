import { OptionError } from '@mm/printk';
import type { z } from 'zod';

import type { Mismatch } from './mismatch.js';
import { type Recording, schemaError } from './read-recording.js';

/** Plays the cases of one kind of recording on the packages of this project. */
export interface Player {
  /** The `kind` of the recordings. */
  readonly kind: string;
  /** What a case must look like before it is played. */
  readonly schema: z.ZodType;
  /** The first difference from what Linux did, or null. */
  readonly play: (recording: Recording, index: number) => Mismatch | null;
  /** Why a case is of this kind and yet cannot be played, or null. */
  readonly unplayed?: (recorded: Readonly<Record<string, unknown>>) => string | null;
}

/**
 * Checks every case of a recording against its kind's schema.
 * @throws OptionError naming the file, the case and the field.
 */
export function checkCases(player: Player, recording: Recording, name: string): void {
  for (const [index, recorded] of recording.cases.entries()) {
    const parsed = player.schema.safeParse(recorded);
    if (!parsed.success) throw schemaError(`${name} cases[${index}]`, parsed.error, recorded);
  }
}

/** What became of one case. */
export type CaseResult =
  | { readonly verdict: 'matches' }
  | { readonly verdict: 'differs'; readonly mismatch: Mismatch }
  | { readonly verdict: 'not played'; readonly why: string };

/** Plays one case. An error thrown while playing is a difference: Linux did not stop there. */
export function playCase(player: Player, recording: Recording, index: number): CaseResult {
  const why = player.unplayed?.(recording.cases[index]!) ?? null;
  if (why !== null) return { verdict: 'not played', why };
  try {
    const mismatch = player.play(recording, index);
    return mismatch === null ? { verdict: 'matches' } : { verdict: 'differs', mismatch };
  } catch (error) {
    const kind = error instanceof OptionError ? 'refused' : 'threw';
    const mismatch = {
      path: kind,
      expected: 'no error',
      actual: error instanceof Error ? error.message : String(error),
    };
    return { verdict: 'differs', mismatch };
  }
}
