import { expect, it } from 'vitest';

import { Dpor } from './dpor.js';
import { Execution } from './execution.js';
import { toySlub } from './toy-slub.js';

it('makes 518 complete executions of the small SLUB protocol, none blocked', () => {
  const dpor = new Dpor(new Execution(toySlub(2, 1), { moves: 0, stepsMax: 1000, monitors: [] }));
  while (!dpor.complete) dpor.next();
  expect(dpor.counts).toMatchObject({ executions: 518, blocked: 0 });
});
