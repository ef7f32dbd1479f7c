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
