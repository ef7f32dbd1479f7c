import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

import { playZonesCase } from './zones.js';
import { readRecording } from './read-recording.js';

const file = new URL('../../../golden/mm/zones.json', import.meta.url);
const recording = readRecording(readFileSync(file, 'utf8'), 'zones.json');

it.each(recording.cases.map((_, i) => i))(
  'zones are sized as the recorded kernel sized them: case %i',
  (i) => {
    expect(playZonesCase(recording, i)).toBeNull();
  },
);
