import { expect, it } from 'vitest';

import { MUTANTS } from './catalogue.js';
import { savedFinding } from './counterexamples.js';
import { replay } from './hunt/hunter.js';
import { replayFinding } from './hunt-mutants.js';

const expressed = MUTANTS.filter(({ missing }) => missing === undefined);

it('every mutant has a saved counterexample', () => {
  expect(expressed.filter(({ id }) => savedFinding(id) === null).map(({ id }) => id)).toEqual([]);
});

it.each(expressed)('what killed $id kills it still', async (mutant) => {
  const saved = savedFinding(mutant.id);
  expect(saved === null ? null : (await replayFinding(mutant, saved.finding))?.invariant).toBeTypeOf(
    'string',
  );
});

it.each(expressed.filter(({ edits }) => edits.length > 0))(
  'what killed $id holds on the code as it stands',
  ({ id }) => {
    const saved = savedFinding(id);
    expect(saved === null ? null : replay(saved.finding, () => {})).toBeNull();
  },
);
