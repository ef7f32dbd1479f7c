import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { type GenallocCase, playGenallocCase } from './genalloc.js';

const file = new URL('../../../golden/mm/genalloc.json', import.meta.url);
const cases: GenallocCase[] = JSON.parse(readFileSync(file, 'utf8')).cases;

test.each(cases.map((recorded, i) => [i, recorded] as const))(
  'genalloc case %i matches Linux',
  (_, recorded) => {
    expect(playGenallocCase(recorded)).toBeNull();
  },
);
