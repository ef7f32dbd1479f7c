import { expect, test } from 'vitest';

import { newCounts } from '../engine/counts.js';
import { randomProgram } from '../engine/program.js';
import { runInterleaved } from '../engine/run-interleaved.js';
import { runSequence } from '../engine/run-sequence.js';
import type { WorldOptions } from '../subsystem.js';
import { sysfsSubsystem } from './sysfs-subsystem.js';

const COMMANDS = 600;

function play(
  options: WorldOptions,
  seed: number,
): { failure: string | undefined; counts: ReturnType<typeof newCounts> } {
  const program = randomProgram(sysfsSubsystem, seed, COMMANDS, options.cpus ?? 1);
  const counts = newCounts(sysfsSubsystem);
  const failure =
    seed % 2 === 0
      ? runInterleaved(sysfsSubsystem, options, program, counts, { schedule: seed }).failure
      : runSequence(sysfsSubsystem, options, program, counts);
  return { failure: failure?.error.message, counts };
}

const WORLDS: ReadonlyArray<readonly [string, WorldOptions]> = [
  ['SLUB', { cpus: 3 }],
  ['SLUB under the series as posted', { cpus: 2, preset: 'arm64-2018', series: 'v4' }],
  ['SLUB without merging', { cpus: 2, cmdline: 'slub_nomerge' }],
  ['SLAB', { cpus: 3, slab: 'slab' }],
];

test.each(WORLDS)('%s: readers and writers of files find what there is, whatever goes on', (_, options) => {
  for (let seed = 1; seed <= 8; seed++) {
    const { failure, counts } = play(options, seed);
    expect(failure).toBeUndefined();
    expect(counts.byCommand.find(({ name }) => name === 'readProcFile')!.ran).toBeGreaterThan(0);
  }
});
