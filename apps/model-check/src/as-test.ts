import type { Counterexample } from '@mm/model';

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
