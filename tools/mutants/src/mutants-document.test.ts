import { expect, it } from 'vitest';

import { ROOT } from './bundle.js';
import { MUTANTS } from './catalogue.js';
import { mutantsDocument } from './mutants-document.js';

it('docs/mutants.md is made from the catalogue', async () => {
  await expect(mutantsDocument(MUTANTS)).toMatchFileSnapshot(`${ROOT}docs/mutants.md`);
});
