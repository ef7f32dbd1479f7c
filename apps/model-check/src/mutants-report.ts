import type { Verdict } from '@mm/mutants';
import Table from 'cli-table3';

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(1);

/** What became of a mutant, with the counterexample that killed it. */
export function verdictText({ mutant, outcome, executions, milliseconds, failure }: Verdict): string {
  const head = `${mutant.id}  ${mutant.mechanism}`;
  if (outcome === 'missing') return `${head}\n  not expressed yet: ${mutant.missing}`;
  if (failure === null)
    return `${head}\n  SURVIVED ${executions} executions, ${seconds(milliseconds)} s; expected to break: ${mutant.breaks.join('; ')}`;
  const other = mutant.breaks.includes(failure.invariant) ? '' : ` (expected: ${mutant.breaks.join('; ')})`;
  return [
    head,
    `  killed after ${executions} executions, ${seconds(milliseconds)} s: ${failure.message}${other}`,
    ...failure.text.split('\n').map((line) => `    ${line}`),
  ].join('\n');
}

/** All verdicts, a line each. */
export function mutantsTable(verdicts: readonly Verdict[]): string {
  const table = new Table({
    head: ['mutant', 'kind', 'verdict', 'executions', 's', 'invariant that broke'],
    style: { head: [], border: [] },
  });
  for (const { mutant, outcome, executions, milliseconds, failure } of verdicts)
    table.push([
      mutant.id,
      mutant.kind,
      outcome,
      executions,
      seconds(milliseconds),
      failure?.invariant ?? mutant.missing ?? '',
    ]);
  return table.toString();
}
