import { assert, check, sample } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { buddySubsystem } from './buddy/buddy-subsystem.js';
import { programsOf, subsystemHolds } from './fast-check.js';
import { ModelViolation } from './model-violation.js';
import type { BuddyWorld } from './buddy/buddy-world.js';
import type { Subsystem } from './subsystem.js';

const SEED = 20_181_205;

describe('programs for fast-check', () => {
  it('are of any length up to the one asked for, with every command and every CPU', () => {
    const programs = sample(programsOf(buddySubsystem, { cpus: 3, commandsMax: 300 }), {
      seed: SEED,
      numRuns: 100,
    });
    const lengths = programs.map((program) => program.length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(300);
    expect(lengths.reduce((sum, length) => sum + length) / 100).toBeGreaterThan(75);
    const operations = programs.flat();
    expect(new Set(operations.map(({ cpu }) => cpu))).toEqual(new Set([0, 1, 2]));
    expect(new Set(operations.map(({ command }) => command)).size).toBe(buddySubsystem.commands.length);
  });

  it.each([
    [{ cpus: 0 }, 'cpus: expected an integer of 1 to 64, got 0'],
    [{ cpus: 65 }, 'cpus: expected an integer of 1 to 64, got 65'],
    [{ commandsMax: 1.5 }, 'commandsMax: expected an integer of 1 to 1000000, got 1.5'],
  ])('are refused for %o', (options, message) => {
    expect(() => programsOf(buddySubsystem, options)).toThrow(message);
  });
});

it('the page allocator holds under programs that fast-check draws', () => {
  assert(subsystemHolds(buddySubsystem, { cpus: 2 }), { seed: SEED, numRuns: 10 });
});

it('fast-check shrinks a program that breaks an invariant', () => {
  const broken: Subsystem<BuddyWorld> = {
    ...buddySubsystem,
    checkLocal: (world) => {
      if (world.model.live.length > 1) throw new ModelViolation('at most one block is live', 'two');
    },
  };
  const { failed, counterexample, errorInstance } = check(subsystemHolds(broken, { commandsMax: 60 }), {
    seed: SEED,
    numRuns: 50,
  });
  expect(failed).toBe(true);
  expect(errorInstance).toBeInstanceOf(ModelViolation);
  expect(counterexample![0].length).toBeLessThanOrEqual(2);
});
