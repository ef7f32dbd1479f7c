import { type RunResult, type TraceJson, traceJson } from '@mm/interleave';

import { outputOptions } from './options.js';
import { type RunOutputs, type RunShown, filesOf, writeRunOutputs } from './run-outputs.js';
import { writeOutput } from './write-output.js';

/** Files that a replay is written to, as asked for. */
export interface ReplayOutputs extends RunOutputs {
  readonly json?: string;
}

/** The number in the JSON of a replay that says how to read it. */
const REPLAY_VERSION = 1;

/** What a replay came to. */
export interface Replay {
  /** Of a program the system, of a schedule the scenario. */
  readonly of: string;
  /** What broke when it was saved. */
  readonly recorded: string;
  /** The first step that was not made as recorded, with both; null: none. */
  readonly left: {
    readonly step: number;
    readonly did?: string | undefined;
    readonly recorded?: string | undefined;
  } | null;
  /** Where a second replay parted from the first, as `left`; null: nowhere. */
  readonly nondeterministic: Replay['left'];
  readonly run: RunResult;
}

/** A {@link Replay} as it is written as JSON. */
interface ReplayReport extends Omit<Replay, 'run'> {
  readonly schemaVersion: typeof REPLAY_VERSION;
  readonly file: string;
  readonly verdict: 'holds' | 'fails as recorded' | 'fails otherwise';
  /** What breaks now; null: nothing. */
  readonly failure: string | null;
  readonly trace: TraceJson;
}

/** Checks that the files can be written, and are not what is replayed, before anything is run. @throws OptionError */
export function checkOutputs(replayed: string, outputs: ReplayOutputs): void {
  outputOptions({ '--json': outputs.json, ...filesOf(outputs) }, [replayed]);
}

/** What a replay came to, in words. */
export function verdictOf({
  recorded,
  run: { outcome },
}: Pick<Replay, 'recorded' | 'run'>): ReplayReport['verdict'] {
  if (outcome.kind === 'ended') return 'holds';
  return outcome.error.message === recorded ? 'fails as recorded' : 'fails otherwise';
}

/** Writes what was asked for. */
export function writeReplay(
  file: string,
  replay: Replay,
  outputs: ReplayOutputs,
  hosts: RunShown['hosts'],
): void {
  const { json } = outputs;
  const { run, ...facts } = replay;
  if (json !== undefined) {
    const { outcome } = run;
    const report: ReplayReport = {
      schemaVersion: REPLAY_VERSION,
      file,
      verdict: verdictOf(replay),
      failure: outcome.kind === 'ended' ? null : outcome.error.message,
      ...facts,
      trace: traceJson(run),
    };
    writeOutput(json, `${JSON.stringify(report, null, 1)}\n`);
  }
  writeRunOutputs(run, { title: `${replay.of}: ${replay.recorded}`, hosts }, outputs);
}
