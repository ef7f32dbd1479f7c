import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { checkCases, playCase } from './player.js';
import { playerFor } from './players.js';
import { readRecording } from './read-recording.js';

const golden = (name: string): string =>
  readFileSync(new URL(`../../../golden/${name}`, import.meta.url), 'utf8');

test.each([
  'mm/slub-geometry.json',
  'mm/debug.json',
  'mm/slab-geometry.json',
  'mm/slab-trace.json',
  'mm/kmalloc.json',
  'mm/slab-pages.json',
  'mm/create-errors.json',
  'mm/sysfs-boot.json',
  'mm/slub-merge.json',
  'mm/slub-trace.json',
  'mm/slub-trace-options.json',
])(
  '%s plays as Linux did',
  (name) => {
    const recording = readRecording(golden(name), name);
    const player = playerFor(recording.kind, name);
    checkCases(player, recording, name);
    const differing = recording.cases.flatMap((_, index) => {
      const result = playCase(player, recording, index);
      return result.verdict !== 'differs' ? [] : [{ index, ...result }];
    });
    expect(differing.slice(0, 5), `${differing.length} of ${recording.cases.length} differ`).toEqual([]);
  },
  60_000,
);
