import { checkResult } from '../check-scenario.js';
import type { RunResult } from '../run-schedule.js';
import { choiceCpu, choiceTask } from '../scheduler.js';
import { accessOf } from './describe-access.js';

/** The number in a trace's JSON that says how to read it. */
export const TRACE_JSON_VERSION = 1;

/** One step of a {@link TraceJson}. */
export interface TraceStep {
  readonly step: number;
  readonly task: number;
  readonly name: string;
  readonly cpu: number;
  /** The access in words, such as `write counter`; `begins` for a task's first step. */
  readonly access: string;
  /** The cell's name; empty where the access has none. */
  readonly cell: string;
  /** What is shown in place of the access, where there is something. */
  readonly label?: string;
  /** What the step gave: whether a trylock took its lock, what a task ended with. */
  readonly result?: string;
  /** Another task or CPU goes on than before. */
  readonly switched: boolean;
  /** What it changed in the state. */
  readonly changes: ReadonlyArray<{ readonly name: string; readonly before: string; readonly after: string }>;
}

/** A run as plain data. */
export interface TraceJson {
  readonly format: 'interleave-trace';
  readonly version: number;
  readonly outcome: { readonly kind: string; readonly message: string };
  readonly cpus: number;
  readonly tasks: readonly string[];
  /** Pairs of choice and count, as `explore` takes it. */
  readonly schedule: readonly number[];
  readonly steps: readonly TraceStep[];
}

const CHANGE = /^(?<name>.*?): (?<before>.*?) -> (?<after>.*)$/su;

/**
 * A run as plain data, for JSON.
 * @example
 * JSON.stringify(traceJson(result));
 */
export function traceJson(result: RunResult): TraceJson {
  checkResult(result);
  const { outcome, trace, names } = result;
  const steps = Array.from({ length: trace.length / 2 }, (_, step) => stepOf(result, step));
  return {
    format: 'interleave-trace',
    version: TRACE_JSON_VERSION,
    outcome: { kind: outcome.kind, message: outcome.kind === 'ended' ? '' : outcome.error.message },
    cpus: steps.reduce((most, { cpu }) => Math.max(most, cpu + 1), 1),
    tasks: [...names],
    schedule: [...result.schedule],
    steps,
  };
}

function stepOf(result: RunResult, step: number): TraceStep {
  const choice = result.trace[2 * step]!;
  const task = choiceTask(choice);
  const cell = result.trace[2 * step + 1]! >>> 4;
  const label = result.labels?.[step];
  const gave = result.results?.[step];
  return {
    step,
    task,
    name: result.names[task] ?? `task ${task}`,
    cpu: choiceCpu(choice),
    access: accessOf(result, step),
    cell: cell === 0 ? '' : (result.cells?.describe(cell) ?? `cell ${cell}`),
    ...(label === undefined ? {} : { label }),
    ...(gave === undefined ? {} : { result: gave }),
    switched: step === 0 || result.trace[2 * step - 2] !== choice,
    changes: (result.changes[step] ?? []).map((change) => {
      const { name = change, before = '', after = '' } = CHANGE.exec(change)?.groups ?? {};
      return { name, before, after };
    }),
  };
}
