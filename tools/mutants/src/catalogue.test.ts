import { expect, it } from 'vitest';

import { checkEdits } from './bundle.js';
import { MUTANTS } from './catalogue.js';

it.each(MUTANTS)('the edits of $id apply to the sources as they stand', ({ edits }) => {
  expect(() => checkEdits(edits)).not.toThrow();
});

it('every mutant has an id of its own', () => {
  expect(new Set(MUTANTS.map(({ id }) => id)).size).toBe(MUTANTS.length);
});

it('a mutant has edits or is a configuration, and is hunted; or says what is missing', () => {
  for (const { id, edits, hunts, missing, breaks } of MUTANTS) {
    expect([id, hunts.length > 0]).toEqual([id, missing === undefined]);
    expect([id, breaks.length > 0]).toEqual([id, missing === undefined]);
    expect([id, missing === undefined || edits.length === 0]).toEqual([id, true]);
  }
});
