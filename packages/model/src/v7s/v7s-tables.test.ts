import { expect, test } from 'vitest';

import { newCounts } from '../engine/counts.js';
import { randomProgram, worldOf } from '../engine/program.js';
import { runInterleaved } from '../engine/run-interleaved.js';
import { runSequence } from '../engine/run-sequence.js';
import { V7S_SHAPES, describeShape } from './v7s-shapes.js';
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

test.each(V7S_SHAPES.map((_, shape) => describeShape({ shape })))('%s: holds', (words) => {
  const shape = V7S_SHAPES.findIndex((_, i) => describeShape({ shape: i }) === words);
  expect(broken({ ...OPTIONS, shape })).toEqual([]);
});

const chosen = (options: WorldOptions): number[] =>
  Array.from({ length: 64 }, (_, seed) => worldOf(v7sSubsystem, options, seed).shape!);

test("a seed chooses the shape, MediaTek's only for kernels that know it; what was asked for stays", () => {
  expect(new Set(chosen({}))).toEqual(new Set(V7S_SHAPES.keys()));
  expect(Math.max(...chosen({ series: 'none' }))).toBe(5);
  expect(new Set(chosen({ shape: 3 }))).toEqual(new Set([3]));
});

test.each([-1, 8, 0.5])('shape %d is refused', (shape) => {
  expect(() => v7sSubsystem.setup({ ...OPTIONS, shape })).toThrow(
    'shape: expected an integer of 0 to 7, got',
  );
});

test('and over a cache of SLAB', () => {
  expect(broken({ ...OPTIONS, slab: 'slab' })).toEqual([]);
});

test('a source that there is not is refused', () => {
  expect(() => v7sSubsystem.setup({ ...OPTIONS, tables: 'air' as TablesName })).toThrow(
    'tables: expected one of slab, page, page-frag, genalloc, got "air"',
  );
});
