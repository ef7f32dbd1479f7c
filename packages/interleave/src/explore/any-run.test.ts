import { expect, it } from 'vitest';

import { toySlub } from '../../test/toy-slub.js';
import { ReplayScheduler } from '../replay-scheduler.js';
import { runSchedule } from '../run-schedule.js';
import { explore } from './explore.js';
import type { ExploreOptions, ExploreResult } from './options.js';

const toy = toySlub(2, 1);

it('every run of a search can be had by its number, whether it failed or not', () => {
  const seen = new Set<string>();
  let result: ExploreResult | undefined;
  do {
    result = explore(toy, { runsMax: 1, ...(result === undefined ? {} : { resume: result.state }) });
    const replay = new ReplayScheduler(result.last!);
    const again = runSchedule(toy, replay);
    expect([again.outcome.kind, replay.leftAt]).toEqual(['ended', -1]);
    expect(again.schedule).toEqual(result.last);
    seen.add(result.last!.join());
  } while (!result.exhausted);
  expect(seen.size).toBe(518);
});

it.each<ExploreOptions>([{ strategy: 'random', seed: 5 }, { strategy: 'pct', depth: 2 }, { preemptions: 1 }])(
  'the last run of a search is the same however it is come to: %j',
  (asked) => {
    const whole = explore(toy, { ...asked, runsMax: 7 });
    const first = explore(toy, { ...asked, runsMax: 3 });
    expect(explore(toy, { ...asked, runsMax: 4, resume: first.state }).last).toEqual(whole.last);
    expect(first.last).not.toEqual(whole.last);
  },
);

it('a search that made no run has no last one', () => {
  expect(explore(toy, { runsMax: 0 }).last).toBeUndefined();
});
