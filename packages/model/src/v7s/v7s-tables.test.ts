import { expect, test } from 'vitest';

import { newCounts } from '../engine/counts.js';
import { randomProgram } from '../engine/program.js';
import { runInterleaved } from '../engine/run-interleaved.js';
import { runSequence } from '../engine/run-sequence.js';
import { TABLES_NAMES, type TablesName, type WorldOptions } from '../subsystem.js';
import { v7sSubsystem } from './v7s-subsystem.js';

const OPTIONS = { preset: 'arm64-2018', cpus: 3 } as const;

/** What random programs break, in sequence and interleaved. */
function broken(options: WorldOptions): string[] {
  const messages: string[] = [];
  for (let seed = 1; seed <= 4; seed++) {
    const program = randomProgram(v7sSubsystem, seed, 250, OPTIONS.cpus);
    const counts = newCounts(v7sSubsystem);
    const failure =
      seed % 2 === 0
        ? runInterleaved(v7sSubsystem, options, program, counts, { schedule: seed }).failure
        : runSequence(v7sSubsystem, options, program, counts);
    if (failure) messages.push(failure.error.message);
  }
  return messages;
}

test.each(TABLES_NAMES)('page tables hold over %s', (tables) => {
  expect(broken({ ...OPTIONS, tables })).toEqual([]);
});

test('and over a cache of SLAB', () => {
  expect(broken({ ...OPTIONS, slab: 'slab' })).toEqual([]);
});

test('a source that there is not is refused', () => {
  expect(() => v7sSubsystem.setup({ ...OPTIONS, tables: 'air' as TablesName })).toThrow(
    'tables: expected one of slab, page, page-frag, genalloc, got "air"',
  );
});
