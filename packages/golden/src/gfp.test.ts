import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

import { playGfpCase } from './gfp.js';
import { readRecording } from './read-recording.js';

const file = new URL('../../../golden/mm/gfp.json', import.meta.url);
const recording = readRecording(readFileSync(file, 'utf8'), 'gfp.json');

it.each(recording.cases.map((_, i) => i))(
  'flags and zone tables are those of the recorded kernel: case %i',
  (i) => {
    expect(playGfpCase(recording, i)).toBeNull();
  },
);

it.each([
  ['gfp_flags', 'GFP_SLAB_BUG_MASK'],
  ['slab_flags', 'SLAB_CACHE_DMA32'],
  ['slab_flags', 'SLAB_CORE_FLAGS'],
  ['slab_flags', 'CACHE_CREATE_MASK'],
  ['migratetypes', 'MIGRATE_ISOLATE'],
])('a number of the kernel that is another here is a mismatch: %s.%s', (group, name) => {
  const cases = structuredClone(recording.cases) as Array<Record<string, Record<string, number>>>;
  cases[0]![group]![name]! ^= 0x20;
  expect(playGfpCase({ ...recording, cases }, 0)?.path).toBe(`${group}.${name}`);
});

it.each(['MAX_ORDER', 'NR_PCP_LISTS', 'PAGE_ALLOC_COSTLY_ORDER'])('so is another %s', (name) => {
  const cases = structuredClone(recording.cases) as Array<Record<string, number>>;
  cases[0]![name]! += 1;
  expect(playGfpCase({ ...recording, cases }, 0)?.path).toBe(name);
});
