import { Errno } from '@mm/printk';
import { Context } from '@mm/steps';
import { expect, test } from 'vitest';

import { beginsNow, faultsSoFar } from '../buddy/allocation-failure.js';
import { newCounts } from '../engine/counts.js';
import { randomProgram } from '../engine/program.js';
import { runInterleaved } from '../engine/run-interleaved.js';
import { runSequence } from '../engine/run-sequence.js';
import { TABLES_NAMES, type WorldOptions } from '../subsystem.js';
import { ENOUGH, checkTableFailure } from './table-failure.js';
import { v7sSubsystem } from './v7s-subsystem.js';
import { type V7sWorld, v7sWorld } from './v7s-world.js';

const OPTIONS = { preset: 'arm64-2018', cpus: 3 } as const;

/** Random programs, in sequence and interleaved: what they break, and how many maps were refused. */
function played(
  options: WorldOptions,
  shapes: readonly number[] = [0],
): { broken: string[]; ran: number; refused: number } {
  const broken: string[] = [];
  const counts = newCounts(v7sSubsystem);
  for (const shape of shapes)
    for (let seed = 1; seed <= 4; seed++) {
      const program = randomProgram(v7sSubsystem, seed, 150, OPTIONS.cpus);
      const world = { ...OPTIONS, ...options, shape };
      const failure =
        seed % 2 === 0
          ? runInterleaved(v7sSubsystem, world, program, counts, { schedule: seed }).failure
          : runSequence(v7sSubsystem, world, program, counts);
      if (failure !== null) broken.push(failure.error.message);
    }
  const { ran, failed } = counts.byCommand.find(({ name }) => name === 'map')!;
  return { broken, ran, refused: failed };
}

test.each(TABLES_NAMES)('over %s: where page allocations fail nothing is lost', (tables) => {
  const without = played({ tables });
  const all = played({ tables, faults: '1,100,0,-1' });
  expect(
    [played({ tables, faults: '3,100,0,-1' }), played({ tables, faults: '1,40,0,-1' })].flatMap(
      ({ broken }) => broken,
    ),
  ).toEqual([]);
  expect(all.broken).toEqual([]);
  // What needs no table can still be mapped.
  expect(all.refused).toBeGreaterThan(without.refused);
  expect(all.ran).toBeGreaterThan(all.refused);
});

test.each(['slub', 'slab'] as const)('over a cache of %s: where tables fail nothing is lost', (slab) => {
  const without = played({ slab }).refused;
  for (const failslab of ['2,100,0,-1', '1,30,0,-1', '1,100,0,5']) {
    const { broken, refused } = played({ slab, failslab });
    expect(broken).toEqual([]);
    expect(refused).toBeGreaterThan(without);
  }
});

test('every shape of table stands both kinds of faults at once', () => {
  const faults = { faults: '3,60,0,-1', failslab: '4,80,0,-1' };
  expect(played(faults, [1, 2, 3, 4, 5, 6, 7]).broken).toEqual([]);
});

test('the page table itself is made without a fault', () => {
  const world = v7sWorld({ ...OPTIONS, faults: '1,100,0,-1', failslab: '1,100,0,-1' });
  expect(faultsSoFar(world.machine)).toBe(0);
  expect(world.machine.kmalloc(64, 0xcc0)).toBeNull();
  expect(faultsSoFar(world.machine)).toBe(1);
});

/** A map that fails, by what happened before it. */
function failedMap(happens: (world: V7sWorld) => void): () => void {
  const world = v7sWorld({ ...OPTIONS, failslab: '1000000,100,0,-1' });
  const beginning = beginsNow(world.buddy);
  happens(world);
  return () => checkTableFailure(world, beginning, ENOUGH, 'a map');
}

test('faults excuse a failure only if one came while the operation was under way', () => {
  expect(failedMap(() => undefined)).toThrow(
    'a map does not fail for memory while enough below 4 GiB is free',
  );
  expect(failedMap(({ machine: { kmem } }) => void kmem.faults!.attr.failed++)).not.toThrow();
});

test.each(['faults', 'failslab'] as const)(
  '%s: a map that runs into a fault leaves nothing behind, and succeeds when asked again',
  (kind) => {
    const map = v7sSubsystem.commands.find(({ name }) => name === 'map')!;
    let refused = 0;
    for (let a = 1; a < 30; a++) {
      const world = v7sWorld({ ...OPTIONS, [kind]: '1,100,0,2' });
      const again = (): unknown =>
        map.run(world, new Context(0), { command: 0, cpu: 0, a: a * 7919, b: a * 104_729 });
      const answers = [again(), again(), again()];
      v7sSubsystem.checkWhole(world);
      if (!answers.includes(-Errno.ENOMEM)) continue;
      refused++;
      expect(answers).toContain(0);
    }
    expect(refused).toBeGreaterThan(5);
  },
);
