import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import { type BuddyTraceCase, playBuddyCase } from './buddy-trace.js';

const read = (name: string): BuddyTraceCase[] =>
  JSON.parse(readFileSync(new URL(`../../../golden/mm/${name}`, import.meta.url), 'utf8')).cases;

describe.each(['buddy-trace.json', 'buddy-trace-large.json'])('%s', (name) => {
  test.each(read(name).map((recorded, i) => [i, recorded] as const))(
    'case %i matches Linux',
    (_, recorded) => {
      expect(playBuddyCase(recorded)).toBeNull();
    },
  );
});
