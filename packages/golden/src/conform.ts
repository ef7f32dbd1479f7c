import { OptionError } from '@mm/printk';

import type { Mismatch } from './mismatch.js';
import { checkRecording } from './player.js';
import { playerOf } from './players.js';
import { readRecording } from './read-recording.js';

/** A case that differs from what Linux did. */
export interface CaseMismatch extends Mismatch {
  /** Number of the case, from 0. */
  readonly index: number;
  /** How the recording calls it, else its number. */
  readonly name: string;
}

/** What playing a recording gave. */
export interface Conformance {
  /** What the file was called. */
  readonly file: string;
  /** The recording's kind. */
  readonly kind: string;
  /** Cases that were played. */
  readonly played: number;
  /** Cases left out, by the reason. */
  readonly skipped: Readonly<Record<string, number>>;
  /** The first mismatch of each case that has one. */
  readonly mismatches: readonly CaseMismatch[];
}

/** What is told after each case of {@link playRecording}: cases done, and of how many. */
export type OnCase = (done: number, total: number) => void;

/**
 * Reads, checks and plays a recording of any known kind.
 *
 * @throws OptionError when it is malformed or of an unknown kind; then nothing has been played.
 * @example
 * const { played, mismatches } = playRecording(readFileSync('gfp.json', 'utf8'), 'gfp.json');
 */
export function playRecording(text: string, file: string, onCase?: OnCase): Conformance {
  const recording = readRecording(text, file);
  const player = playerOf(recording.kind, file);
  checkRecording(player, recording, file);
  const mismatches: CaseMismatch[] = [];
  const skipped: Record<string, number> = {};
  let played = 0;
  for (const [index, recorded] of recording.cases.entries()) {
    const reason = player.skip?.(recording, index) ?? null;
    if (reason === null) {
      played++;
      const mismatch = playOne(() => player.play(recording, index), `${file}.cases[${index}]`);
      const name = typeof recorded['name'] === 'string' ? recorded['name'] : String(index);
      if (mismatch !== null) mismatches.push({ ...mismatch, index, name });
    } else skipped[reason] = (skipped[reason] ?? 0) + 1;
    onCase?.(index + 1, recording.cases.length);
  }
  return { file, kind: recording.kind, played, skipped, mismatches };
}

/** What a case throws is a mismatch (Linux did not), but for errors about the recording itself. */
function playOne(play: () => Mismatch | null, at: string): Mismatch | null {
  try {
    return play();
  } catch (error) {
    if (error instanceof OptionError)
      throw new OptionError(`${at}.${error.field}`, error.expected, error.value);
    const thrown = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { path: 'case', expected: 'played to its end', actual: thrown };
  }
}
