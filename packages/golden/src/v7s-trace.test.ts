import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import { playV7sCase } from './v7s-trace.js';
import type { V7sCase } from './v7s-trace-schema.js';

const folder = new URL('../../../golden/v7s/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

test('there are 15 files of v7s recordings', () => {
  expect(files).toHaveLength(15);
});

describe.each(files)('%s', (name) => {
  const cases: V7sCase[] = JSON.parse(readFileSync(new URL(name, folder), 'utf8')).cases;
  test.each(cases.map((recorded) => [recorded.name, recorded] as const))(
    '%s matches Linux',
    (_, recorded) => {
      expect(playV7sCase(recorded)).toBeNull();
    },
  );
});
