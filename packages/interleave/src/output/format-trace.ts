import { checkResult } from '../check-scenario.js';
import { describeStep, outcomeOf } from './describe-access.js';
import type { RunResult } from '../run-schedule.js';
import { choiceCpu, choiceTask } from '../scheduler.js';

/**
 * A run as text: a line for each step, a column for each CPU, `>` where another task or CPU goes on
 * than before, and behind `|` what the step changed, where that was recorded.
 *
 * @example
 * console.log(formatTrace(result));
 * //    step  CPU 0              CPU 1
 * // >     0  task 0 begins
 * //       1  task 0 read a
 * // >     2                     task 1 begins
 */
export function formatTrace(result: RunResult): string {
  checkResult(result);
  const { trace } = result;
  const rows: Array<{ cpu: number; switched: boolean; text: string }> = [];
  let cpus = 1;
  let last = -1;
  for (let i = 0; i < trace.length; i += 2) {
    const choice = trace[i]!;
    const name = result.names[choiceTask(choice)] ?? `task ${choiceTask(choice)}`;
    const text = `${name} ${describeStep(result, i / 2)}`;
    rows.push({ cpu: choiceCpu(choice), switched: choice !== last, text });
    cpus = Math.max(cpus, choiceCpu(choice) + 1);
    last = choice;
  }
  const widths = Array.from({ length: cpus }, (_, cpu) =>
    Math.max(6, ...rows.filter((row) => row.cpu === cpu).map((row) => row.text.length)),
  );
  const line = (mark: string, step: string, cells: readonly string[]): string =>
    `${mark} ${step.padStart(6)}  ${cells.map((cell, cpu) => cell.padEnd(widths[cpu] ?? 0)).join('  ')}`.trimEnd();
  const head = line(
    ' ',
    'step',
    widths.map((_, cpu) => `CPU ${cpu}`),
  );
  const changes = (step: number): string[] => {
    const changed = result.changes[step] ?? [];
    return changed.length === 0 ? [] : [`| ${changed.join('; ')}`];
  };
  const lines = rows.map(({ cpu, switched, text }, step) =>
    line(switched ? '>' : ' ', String(step), [
      ...widths.map((width, at) => (at === cpu ? text : '').padEnd(width)),
      ...changes(step),
    ]),
  );
  return [head, ...lines, outcomeOf(result)].join('\n');
}
