import {
  type CaseResult,
  type Player,
  type Recording,
  checkCases,
  playCase,
  playerFor,
  readRecording,
} from '@mm/golden';

import { readText } from './read-json.js';

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

/** How long cases are played before signals and timers get their turn. */
const SLICE_MS = 20;

/** Signals and timers get their turn. */
const others = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Reads and checks recordings. All are checked before any is played.
 * @param stop asked before each file; true ends the reading early.
 * @throws OptionError naming the file that is unreadable, malformed or of an unknown kind.
 */
export async function loadRecordings(
  files: readonly string[],
  stop: () => boolean = () => false,
): Promise<LoadedRecording[]> {
  const loaded: LoadedRecording[] = [];
  for (const file of files) {
    await others();
    if (stop()) break;
    const recording = readRecording(readText(file), file);
    const player = playerFor(recording.kind, file);
    checkCases(player, recording, file);
    loaded.push({ file, recording, player });
  }
  return loaded;
}

/**
 * Plays recordings case by case.
 * @param onCase called after each case; may print.
 * @param stop asked before each case; true ends the run early.
 */
export async function conform(
  loaded: readonly LoadedRecording[],
  onCase: (at: LoadedRecording, index: number, result: CaseResult) => void,
  stop: () => boolean = () => false,
): Promise<ConformResult> {
  const total: ConformResult = { cases: 0, mismatches: 0, notPlayed: new Map() };
  let sliceEnd = Date.now() + SLICE_MS;
  for (const at of loaded) {
    for (let index = 0; index < at.recording.cases.length && !stop(); index++) {
      const result = playCase(at.player, at.recording, index);
      if (result.verdict === 'not played')
        total.notPlayed.set(result.why, (total.notPlayed.get(result.why) ?? 0) + 1);
      else total.cases++;
      if (result.verdict === 'differs') total.mismatches++;
      onCase(at, index, result);
      if (Date.now() < sliceEnd) continue;
      await others();
      sliceEnd = Date.now() + SLICE_MS;
    }
  }
  return total;
}
