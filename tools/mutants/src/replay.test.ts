import { expect, it } from 'vitest';

import { MUTANTS } from './catalogue.js';
import { savedFinding } from './counterexamples.js';
import { replay } from './hunt/hunter.js';
import { replayFinding } from './hunt-mutants.js';

const expressed = MUTANTS.filter(({ missing }) => missing === undefined);

it('every mutant has a saved counterexample', () => {
  expect(expressed.filter(({ id }) => savedFinding(id) === null).map(({ id }) => id)).toEqual([]);
});

// One of each kind of hunt: `mm-check mutants --replay` plays all of them in CI.
it.each(['2', '8', '31', '40'])('what killed %s kills it still', async (id) => {
  const mutant = expressed.find((one) => one.id === id)!;
  expect((await replayFinding(mutant, savedFinding(id)!.finding))?.invariant).toBeTypeOf('string');
});

it.each(expressed.filter(({ edits }) => edits.length > 0))(
  'what killed $id holds on the code as it stands',
  ({ id }) => {
    const saved = savedFinding(id);
    expect(saved === null ? null : replay(saved.finding, false, () => {})).toBeNull();
  },
);
