import type { RunResult } from '../run-schedule.js';
import { outcomeOf } from './describe-access.js';
import { type TraceStep, traceJson } from './trace-json.js';

/** An event of the Chrome trace event format; times in microseconds. */
export interface PerfettoEvent {
  readonly ph: 'X' | 'M' | 'i';
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly s?: 'g' | 't';
  readonly args?: Readonly<Record<string, unknown>>;
}

/** A run for the Perfetto viewer (ui.perfetto.dev) and chrome://tracing, as the JSON that they open. */
export interface PerfettoTrace {
  readonly traceEvents: readonly PerfettoEvent[];
  readonly displayTimeUnit: 'ns';
}

const PID = 1;

/**
 * A run for the Perfetto viewer: a track for each CPU, a slice for each stretch of steps of one task and in it one for each
 * step, a microsecond long. What a step changed is among its arguments.
 *
 * @example
 * JSON.stringify(perfettoTrace(result)); // open the file in ui.perfetto.dev
 */
export function perfettoTrace(result: RunResult): PerfettoTrace {
  const { steps, cpus, outcome } = traceJson(result);
  const events: PerfettoEvent[] = [meta('process_name', 0, 'run')];
  for (let cpu = 0; cpu < cpus; cpu++) events.push(meta('thread_name', cpu, `CPU ${cpu}`));
  for (let start = 0; start < steps.length;) {
    let end = start + 1;
    while (end < steps.length && !steps[end]!.switched) end++;
    const { name, cpu, task } = steps[start]!;
    events.push(slice(name, cpu, start, end - start, { task }));
    for (const step of steps.slice(start, end)) events.push(sliceOf(step));
    start = end;
  }
  if (outcome.kind !== 'ended') {
    const tid = steps.at(-1)?.cpu ?? 0;
    events.push({
      ph: 'i',
      s: 'g',
      cat: 'outcome',
      name: outcomeOf(result),
      pid: PID,
      tid,
      ts: steps.length,
    });
  }
  return { traceEvents: events, displayTimeUnit: 'ns' };
}

const meta = (name: string, tid: number, value: string): PerfettoEvent => ({
  ph: 'M',
  name,
  pid: PID,
  tid,
  ts: 0,
  args: { name: value },
});

const slice = (
  name: string,
  cpu: number,
  ts: number,
  dur: number,
  args: Record<string, unknown>,
): PerfettoEvent => ({
  ph: 'X',
  cat: 'run',
  name,
  pid: PID,
  tid: cpu,
  ts,
  dur,
  args,
});

function sliceOf(step: TraceStep): PerfettoEvent {
  const changed = Object.fromEntries(
    step.changes.map(({ name, before, after }) => [name, `${before} -> ${after}`]),
  );
  const gave = step.result === undefined ? {} : { result: step.result };
  return slice(step.label ?? step.access, step.cpu, step.step, 1, { step: step.step, ...gave, ...changed });
}
