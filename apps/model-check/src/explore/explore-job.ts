import { isMainThread } from 'node:worker_threads';

import { type ScenarioSize, scenarioNamed } from '@mm/model';
import { z } from 'zod';

import type { Job } from '../campaign/job.js';
import { onInterrupt } from '../interrupt.js';
import { type ExploreAsked, type ScenarioReport, exploreScenario } from './explore-scenario.js';
import { sizeText } from './list-scenarios.js';
import { isBad, reportTable } from './report-table.js';

/** What is explored, and how. */
export interface ExploreJobOptions extends ExploreAsked {
  /** A unit each. */
  readonly parts: ReadonlyArray<{ readonly scenario: string; readonly size: ScenarioSize }>;
}

/** What some scenarios came to. */
export interface ExploreJobResult {
  readonly reports: readonly ScenarioReport[];
}

const count = z.number().int().nonnegative();
const reportSchema: z.ZodType<ScenarioReport> = z.strictObject({
  scenario: z.string(),
  size: z.strictObject({ cpus: count, operations: count }),
  outcome: z.enum(['holds', 'counterexample', 'vacuous']),
  complete: z.boolean(),
  bounds: z.array(z.string()),
  executions: count,
  blocked: count,
  steps: count,
  deepest: count,
  milliseconds: count,
  reached: z.record(z.string(), count),
  missing: z.array(z.string()),
  failure: z
    .strictObject({ kind: z.string(), message: z.string(), schedule: z.array(count), steps: count })
    .nullable(),
  interrupted: z.boolean(),
});

/** A unit is a scenario in one size. */
async function runUnit(options: ExploreJobOptions, _lane: string, unit: number): Promise<ExploreJobResult> {
  const { scenario, size } = options.parts[unit]!;
  // Threads are ended from outside; this one has to hear of it itself.
  const interrupt = isMainThread ? onInterrupt() : undefined;
  try {
    const stop = (): boolean => interrupt?.requested === true;
    return { reports: [await exploreScenario(scenarioNamed(scenario)!, size, options, stop)] };
  } finally {
    interrupt?.release();
  }
}

/** Interleavings of named scenarios: the job of `mm-check explore`. One lane, so that threads share all scenarios. */
export const exploreJob: Job<ExploreJobOptions, ExploreJobResult> = {
  name: 'explore',
  schema: z.strictObject({ reports: z.array(reportSchema) }),
  lanes: ({ parts }) => [{ name: 'scenarios', units: parts.length, milliseconds: Infinity }],
  runUnit,
  empty: () => ({ reports: [] }),
  merge: (_options, _lane, earlier, later) => ({ reports: [...earlier.reports, ...later.reports] }),
  ends: (_options, { reports }) => reports.some(({ outcome }) => outcome === 'counterexample'),
  failures: ({ reports }) =>
    reports
      .filter(isBad)
      .map(
        ({ scenario, size, failure, missing }) =>
          `${scenario} ${sizeText(size)}: ${failure?.message ?? `never reached: ${missing.join(', ')}`}`,
      ),
  describe: (_options, lanes) => reportTable(lanes.flatMap(({ result }) => result.reports)),
  amount: ({ reports }) => reports.reduce((sum, { executions, blocked }) => sum + executions + blocked, 0),
  unitOfAmount: 'executions',
};
