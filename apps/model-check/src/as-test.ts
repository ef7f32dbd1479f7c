import type { Counterexample } from '@mm/model';

import type { ScenarioFile } from './explore/scenario-file.js';

/** A counterexample as a vitest test that can be pasted: it fails as long as the bug is there. */
export function testText(found: Counterexample): string {
  const name = `${found.system}: ${found.invariant}`;
  return `import { parseCounterexample, replayCounterexample } from '@mm/model';
import { expect, it } from 'vitest';

// ${found.failure.replaceAll(/\s+/gu, ' ')}
it(${JSON.stringify(name)}, () => {
  const found = parseCounterexample(
    ${JSON.stringify({ ...found, steps: [] }, null, 2).replaceAll('\n', '\n    ')},
    'found',
  );
  expect(replayCounterexample(found).run.failure?.error.message).toBeUndefined();
});`;
}

/** A saved run of a scenario as a vitest test that can be pasted: it fails, with the run, as long as the bug is there. */
export function scenarioTestText({ scenario, size, failure, schedule }: ScenarioFile): string {
  return `import { explore, formatTrace } from '@mm/interleave';
import { scenarioNamed } from '@mm/model';
import { expect, it } from 'vitest';

// ${failure.replaceAll(/\s+/gu, ' ')}
it(${JSON.stringify(`${scenario}: ${failure.replaceAll(/\s+/gu, ' ')}`)}, () => {
  const scenario = scenarioNamed(${JSON.stringify(scenario)})!.at({ cpus: ${size.cpus}, operations: ${size.operations} });
  const { failure } = explore(scenario, { strategy: [${schedule.join(', ')}] });
  expect(failure === undefined ? 'holds' : formatTrace(failure)).toBe('holds');
});`;
}
