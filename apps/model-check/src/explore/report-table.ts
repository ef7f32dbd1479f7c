import Table from 'cli-table3';

import type { ScenarioReport } from './explore-scenario.js';
import { sizeText } from './list-scenarios.js';

/** Whether a report is one that a green run must not have: a failure, or a complete search that saw nothing of what it is for. */
export const isBad = ({ outcome, complete }: ScenarioReport): boolean =>
  outcome === 'counterexample' || (outcome === 'vacuous' && complete);

/** Reports as a table. */
export function reportTable(reports: readonly ScenarioReport[]): string {
  const table = new Table({
    head: [
      'scenario',
      'size',
      'executions',
      'blocked',
      'steps',
      'longest',
      'executions/s',
      'explored',
      'verdict',
    ],
    style: { head: [], border: [] },
  });
  for (const report of reports) {
    const { scenario, size, executions, blocked, steps, deepest, milliseconds, complete } = report;
    table.push([
      scenario,
      sizeText(size),
      executions,
      blocked,
      steps,
      deepest,
      Math.round(((executions + blocked) * 1000) / Math.max(1, milliseconds)),
      [complete ? 'complete' : 'bounded', ...report.bounds].join(', '),
      verdictOf(report),
    ]);
  }
  return table.toString();
}

function verdictOf({ outcome, missing }: ScenarioReport): string {
  if (outcome === 'counterexample') return 'FAILS';
  return missing.length === 0 ? 'holds' : `never reached: ${missing.join(', ')}`;
}
