import { type ExploreState, type Strategy, explore } from '@mm/interleave';

import { toySlub } from '../../../packages/interleave/test/toy-slub.js';
import { fastCheckShrink, ownShrink } from './interleave-shrink.js';
import type { BenchSuite } from './suite.js';

/** Complete runs of the small SLUB protocol, each call going on where the last one stopped. */
function runs(strategy: Strategy): (n: number) => unknown {
  const scenario = toySlub(2, 2);
  let resume: ExploreState | undefined;
  return (n) => {
    const result = explore(scenario, {
      strategy,
      runsMax: n,
      ...(resume === undefined ? {} : { resume }),
    });
    resume = result.exhausted ? undefined : result.state;
    return result.executions;
  };
}

const suite: BenchSuite = {
  operation: 'a complete run of a small SLUB protocol, 2 tasks × 2 operations',
  cases: [
    { name: 'partial-order reduction', prepare: () => runs('dpor'), goal: 5000 },
    { name: 'priorities (pct)', prepare: () => runs('pct') },
    { name: 'random', prepare: () => runs('random') },
  ],
  notes: () => {
    const small = explore(toySlub(2, 1));
    const own = ownShrink();
    const peer = fastCheckShrink();
    return [
      `2 tasks × 1 operation: ${small.executions} executions, ${small.blocked} blocked (goal: 518, 0)`,
      `a 20-command bug in ${own.commands} commands: shrunk in ${own.executions} executions to ${own.length} commands`,
      `  fast-check: ${peer.executions} executions to ${peer.length} commands; ratio ${(own.executions / peer.executions).toFixed(3)} (goal: at most 0.1)`,
    ];
  },
};
export default suite;
