import { readFileSync } from 'node:fs';

import {
  type CaseResult,
  type Player,
  type Recording,
  checkCases,
  playCase,
  playerFor,
  readRecording,
} from '@mm/golden';
import { OptionError } from '@mm/printk';

/** A recording that has been read and checked, with what plays it. */
export interface LoadedRecording {
  readonly file: string;
  readonly recording: Recording;
  readonly player: Player;
}

/** Sums over files. */
export interface ConformResult {
  cases: number;
  mismatches: number;
  /** Cases that nothing can play yet, by reason. */
  readonly notPlayed: Map<string, number>;
}

/**
 * Reads and checks recordings. All are checked before any is played.
 * @throws OptionError naming the file that is unreadable, malformed or of an unknown kind.
 */
export function loadRecordings(files: readonly string[]): LoadedRecording[] {
  return files.map((file) => {
    const recording = readRecording(readText(file), file);
    const player = playerFor(recording.kind, file);
    checkCases(player, recording, file);
    return { file, recording, player };
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new OptionError(
      file,
      'a file that can be read',
      (error as NodeJS.ErrnoException).code ?? String(error),
    );
  }
}

/**
 * Plays recordings case by case.
 * @param onCase called after each case; may print.
 * @param stop asked before each case; true ends the run early.
 */
export function conform(
  loaded: readonly LoadedRecording[],
  onCase: (at: LoadedRecording, index: number, result: CaseResult) => void,
  stop: () => boolean = () => false,
): ConformResult {
  const total: ConformResult = { cases: 0, mismatches: 0, notPlayed: new Map() };
  for (const at of loaded) {
    for (let index = 0; index < at.recording.cases.length && !stop(); index++) {
      const result = playCase(at.player, at.recording, index);
      if (result.verdict === 'not played')
        total.notPlayed.set(result.why, (total.notPlayed.get(result.why) ?? 0) + 1);
      else total.cases++;
      if (result.verdict === 'differs') total.mismatches++;
      onCase(at, index, result);
    }
  }
  return total;
}
