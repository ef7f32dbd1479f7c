import { describe, expect, it } from 'vitest';

import { buddySubsystem } from '../buddy/buddy-subsystem.js';
import { zonesSubsystem } from '../zones/zones-subsystem.js';
import { counterexampleOf } from './counterexample.js';
import { newCounts } from './counts.js';
import { randomProgram } from './program.js';
import { runInterleaved } from './run-interleaved.js';
import { runSequence } from './run-sequence.js';

const presets = ['x86_64', 'arm64-2018', 'arm64', 'arm', 'i386'] as const;

describe.each(presets)('on %s', (preset) => {
  it.each([1, 2, 3])(
    'the page allocator does as the model says, one command after the other, seed %i',
    (seed) => {
      const counts = newCounts(buddySubsystem);
      const failure = runSequence(
        buddySubsystem,
        { preset, cpus: 2 },
        randomProgram(buddySubsystem, seed, 2000, 2),
        counts,
      );
      expect(failure?.error).toBeUndefined();
      expect(counts.byCommand.filter(({ ran }) => ran === 0)).toEqual([]);
    },
  );

  it.each([1, 2])('the page allocator does as the model says, interleaved on 3 CPUs, seed %i', (seed) => {
    const counts = newCounts(buddySubsystem);
    const program = randomProgram(buddySubsystem, seed, 1000, 3);
    const { failure } = runInterleaved(buddySubsystem, { preset, cpus: 3 }, program, counts, {
      schedule: seed,
    });
    expect(failure?.error).toBeUndefined();
    expect(counts.transitions).toBeGreaterThan(counts.commands);
  });
});

it.each([1, 2, 3, 4])(
  'zones of any machine are sized as documented, whatever is written, seed %i',
  (seed) => {
    const counts = newCounts(zonesSubsystem);
    const failure = runSequence(zonesSubsystem, {}, randomProgram(zonesSubsystem, seed, 2000, 1), counts);
    expect(failure?.error).toBeUndefined();
  },
);

it('a failure without an error is no counterexample', () => {
  const failing = {
    example: { program: [], schedule: null },
    failure: { invariant: 'x', commands: 0, error: 'text' as never },
    runs: 1,
  };
  const found = { seed: 1, mode: 'sequence', commands: 0, commit: 'c' } as const;
  expect(() => counterexampleOf(zonesSubsystem, {}, failing as never, found)).toThrow(
    'failing.failure.error: expected an object of class Error',
  );
});
