import { expect } from 'vitest';

import { expectOptions } from './expected.js';
import { explore as search } from './explore/explore.js';
import type { ExploreOptions, ExploreResult } from './explore/options.js';
import { formatTrace } from './output/format-trace.js';
import type { Scenario } from './run-schedule.js';

/** How far a test looks, and what it asks for. */
export interface TestOptions extends ExploreOptions {
  /** Fail also where the search stopped before all was explored. Default false. */
  readonly complete?: boolean;
}

/** The runs between two chances for the test's timeout to be seen. */
const SLICE_MS = 50;

/**
 * Explores a scenario in a test, and fails it with a readable trace when a run fails or the result is vacuous. Gives way
 * every 50 ms, so that the test's timeout counts.
 *
 * @throws the assertion error that fails the test; RangeError that names what is wrong with an argument.
 * @example
 * it('counts every increment', async () => {
 *   await explore(counting, { preemptions: 2 });
 * });
 */
export async function explore(scenario: Scenario, options: TestOptions = {}): Promise<ExploreResult> {
  expectOptions(options, { complete: 'boolean', milliseconds: 'number' });
  const { complete = false, milliseconds = Infinity, runsMax = runsOf(options), ...rest } = options;
  const start = Date.now();
  let result = search(scenario, { ...rest, ...sliceOf(runsMax, milliseconds) });
  const before = rest.resume?.executions ?? 0;
  for (;;) {
    const runsLeft = runsMax - (result.executions - before);
    const timeLeft = milliseconds - (Date.now() - start);
    if (result.outcome === 'counterexample' || result.exhausted || runsLeft <= 0 || timeLeft <= 0) break;
    await new Promise((resolve) => void queue(resolve));
    result = search(scenario, { ...rest, ...sliceOf(runsLeft, timeLeft), resume: result.state });
  }
  if (result.outcome !== 'holds' || (complete && !result.exhausted)) expect.fail(whatIsWrong(result));
  return result;
}

/** Hands control back to the host's event loop, whatever the host is. */
const queue = (resolve: (value?: unknown) => void): unknown =>
  (globalThis as unknown as { setTimeout: (done: () => void, ms: number) => unknown }).setTimeout(resolve, 0);

const runsOf = ({ strategy = 'dpor', milliseconds }: TestOptions): number =>
  strategy === 'dpor' || milliseconds !== undefined ? Infinity : 1000;

const sliceOf = (runsLeft: number, timeLeft: number): ExploreOptions => ({
  milliseconds: Math.min(SLICE_MS, timeLeft),
  ...(runsLeft === Infinity ? {} : { runsMax: runsLeft }),
});

function whatIsWrong(result: ExploreResult): string {
  const { failure, missing, executions, bounds } = result;
  if (failure !== undefined)
    return [
      `run ${executions} failed; to see it again: explore(scenario, { strategy: [${failure.schedule.join(', ')}] })`,
      formatTrace(failure),
    ].join('\n\n');
  if (result.outcome === 'vacuous')
    return missing.length === 0
      ? 'vacuous: no run was made'
      : `vacuous: ${executions} runs have never reached: ${missing.join(', ')}`;
  return `not complete after ${executions} runs: ${bounds.join(', ')}`;
}
