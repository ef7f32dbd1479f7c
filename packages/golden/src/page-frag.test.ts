import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { type PageFragCase, playPageFragCase } from './page-frag.js';

const file = new URL('../../../golden/mm/page-frag.json', import.meta.url);
const cases: PageFragCase[] = JSON.parse(readFileSync(file, 'utf8')).cases;

test.each(cases.map((recorded, i) => [i, recorded] as const))(
  'page-frag case %i matches Linux',
  (_, recorded) => {
    expect(playPageFragCase(recorded)).toBeNull();
  },
);
