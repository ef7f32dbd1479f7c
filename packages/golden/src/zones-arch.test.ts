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

it('more free blocks than a zone has room for are refused, not sought for ever', () => {
  const changed = structuredClone(recording);
  const { text } = changed.cases[9] as { text: { buddyinfo: string } };
  text.buddyinfo = text.buddyinfo.replace(/\d+ $/mu, '99999999 ');
  expect(() => playZonesArchCase(changed, 9)).toThrow('text: expected free blocks of order 10 that fit in');
});
