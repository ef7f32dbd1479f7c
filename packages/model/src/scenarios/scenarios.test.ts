import { SeededScheduler, formatTrace, runSchedule } from '@mm/interleave';
import { expect, it } from 'vitest';

import { SCENARIOS } from './index.js';

it.each(SCENARIOS)('$name holds under 200 random schedules in each size', ({ sizes, at }) => {
  for (const size of sizes) {
    const scenario = at(size);
    for (let seed = 0; seed < 200; seed++) {
      const result = runSchedule(scenario, new SeededScheduler(seed));
      const ended = result.outcome.kind === 'ended';
      expect(ended ? '' : formatTrace(result)).toBe('');
    }
  }
});

it('every scenario has a name of its own', () => {
  expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
});
