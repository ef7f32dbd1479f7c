import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

import { playZonesArchCase } from './zones-arch.js';
import { readRecording } from './read-recording.js';

const file = new URL('../../../golden/mm/zones-arch.json', import.meta.url);
const recording = readRecording(readFileSync(file, 'utf8'), 'zones-arch.json');

it.each(recording.cases.map((_, i) => i))(
  'zones of arm64, arm and i386 kernels are as they printed them: case %i',
  (i) => {
    expect(playZonesArchCase(recording, i)).toBeNull();
  },
);
