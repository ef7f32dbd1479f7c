import { OptionError, checkArray, checkInteger, checkObject, checkText } from '@mm/printk';
import type { z } from 'zod';

import type { Mismatch } from './mismatch.js';
import type { Recording } from './read-recording.js';
import { schemaError } from './schema-error.js';

/** Plays the cases of one kind of recording on the packages of this project. */
export interface Player {
  /** The `kind` of the recordings. */
  readonly kind: string;
  /** What a case must look like before it is played. */
  readonly schema: z.ZodType;
  /** What the recording needs beside its cases: tables of column names. */
  readonly tables?: z.ZodType;
  /** Sense that a schema cannot express. Throws an OptionError whose field begins with `name`. */
  readonly check?: (recorded: Readonly<Record<string, unknown>>, name: string) => void;
  /** The first difference from what Linux did, or null. Relies on schema, tables and check. */
  readonly play: (recording: Recording, index: number) => Mismatch | null;
  /** Why a case is of this kind and yet cannot be played, or null. */
  readonly unplayed?: (recorded: Readonly<Record<string, unknown>>) => string | null;
}

/** @throws OptionError for what is no player or no recording. */
function checkPlay(player: Player, recording: Recording): void {
  if (typeof (player as Partial<Player> | null)?.play !== 'function')
    throw new OptionError('player', 'what playerFor() returned', player);
  checkObject('recording', recording, 'what readRecording() returned');
  checkArray('recording.cases', recording.cases, 'cases');
}

/**
 * Checks a recording's tables, and every case against its kind's schema.
 * @throws OptionError naming the file, the case and the field.
 * @example
 * checkCases(playerFor(recording.kind, 'gfp.json'), recording, 'gfp.json');
 */
export function checkCases(player: Player, recording: Recording, name: string): void {
  checkPlay(player, recording);
  checkText('name', name);
  const tables = player.tables?.safeParse(recording);
  if (tables?.error !== undefined) throw schemaError(name, tables.error, recording);
  for (const [index, recorded] of recording.cases.entries()) {
    const parsed = player.schema.safeParse(recorded);
    if (!parsed.success) throw schemaError(`${name} cases[${index}]`, parsed.error, recorded);
    player.check?.(recorded, `${name} cases[${index}]`);
  }
}

/** What became of one case. */
export type CaseResult =
  | { readonly verdict: 'matches' }
  | { readonly verdict: 'differs'; readonly mismatch: Mismatch }
  | { readonly verdict: 'not played'; readonly why: string };

/**
 * Plays one case. An error thrown while playing is a difference: Linux did not stop there.
 * @throws OptionError for what is no player, no recording or no index of a case.
 * @example
 * playCase(player, recording, 0).verdict; // 'matches'
 */
export function playCase(player: Player, recording: Recording, index: number): CaseResult {
  checkPlay(player, recording);
  checkInteger('index', index, 0, recording.cases.length - 1);
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

/**
 * The values of a row by the names of its columns.
 *
 * @throws OptionError when there are more or fewer values than columns.
 * @example
 * byColumns(['size', 'align'], [64, 8], 'cases[0].in'); // { size: 64, align: 8 }
 */
export function byColumns<T>(
  columns: readonly string[],
  values: readonly T[],
  field: string,
): Record<string, T> {
  checkArray('columns', columns, 'names');
  checkText('field', field);
  if (checkArray(field, values, 'values').length !== columns.length)
    throw new OptionError(field, `${columns.length} values, one a column`, values.length);
  return Object.fromEntries(columns.map((column, i) => [column, values[i]!]));
}
