import { expect, test } from 'vitest';

import { newCounts } from '../engine/counts.js';
import { randomProgram } from '../engine/program.js';
import { ROUND_COMMANDS, runInterleaved } from '../engine/run-interleaved.js';
import { runSequence } from '../engine/run-sequence.js';
import type { Op, Subsystem, WorldOptions } from '../subsystem.js';
import { v7sSubsystem } from '../v7s/v7s-subsystem.js';
import { slabSubsystem, slubSubsystem } from './cache-subsystem.js';

/** The invariants that random programs break. */
function broken<W>(system: Subsystem<W>, options: WorldOptions, seeds: number, commands = 400): Set<string> {
  const found = new Set<string>();
  for (let seed = 1; seed <= seeds; seed++) {
    const program = randomProgram(system, seed, commands, options.cpus ?? 1);
    const counts = newCounts(system);
    const failure =
      seed % 2 === 0
        ? runInterleaved(system, options, program, counts, { schedule: seed }).failure
        : runSequence(system, options, program, counts);
    if (failure) found.add(failure.error.message.split(':')[0]!);
  }
  return found;
}

const ARM64 = { preset: 'arm64-2018', cpus: 3 } as const;

test.each([slubSubsystem, slabSubsystem])('$name holds under random programs and schedules', (system) => {
  expect(broken(system, { cpus: 3 }, 30)).toEqual(new Set());
});

test.each([
  { strict: false },
  { cmdline: 'slub_debug=FZPU' },
  { cmdline: 'slub_nomerge' },
  { faults: '1,20,0,-1' },
  { faults: '5,100,0,-1' },
  { failslab: '1,20,0,-1' },
  { failslab: '4,100,0,-1', faults: '5,100,0,-1' },
  { failslab: '3,100,0,-1', cmdline: 'slub_debug=FZP' },
  { cmdline: 'slub_debug=FZ' },
  { cmdline: 'slub_debug=FZ', faults: '5,100,0,-1' },
  { cmdline: 'slub_debug=Z' },
  { cmdline: 'slub_debug=P', faults: '5,100,0,-1' },
  { cmdline: 'slub_debug=U', faults: '5,100,0,-1' },
  { randomFreelist: 5, hardenedFreelist: 6 },
])('slub holds on a machine with %o', (machine) => {
  expect(broken(slubSubsystem, { cpus: 3, ...machine }, 6)).toEqual(new Set());
});

test('slab holds on a kernel built with DEBUG_SLAB', () => {
  expect(broken(slabSubsystem, { cpus: 3, slab: 'slab', debugSlab: true }, 8)).toEqual(new Set());
});

test.each([slubSubsystem, slabSubsystem])(
  '$name: before the series a cache for DMA lies above 4 GiB',
  (system) => {
    const invariant = 'objects of a cache made for DMA lie below 0x100000000';
    expect(broken(system, { ...ARM64, series: 'none' }, 2)).toEqual(new Set([invariant]));
    expect(broken(system, { ...ARM64, series: '4.15' }, 2)).toEqual(new Set([invariant]));
    expect(broken(system, { ...ARM64, series: 'v4' }, 6)).toEqual(new Set());
    expect(broken(system, { ...ARM64, series: 'merged' }, 6)).toEqual(new Set());
  },
);

test('page tables: a cut address before 4.19, a map that fails before the series, none after', () => {
  expect(broken(v7sSubsystem, { ...ARM64, series: '4.15' }, 2, 60)).toEqual(
    new Set(['a descriptor holds the whole address of its table']),
  );
  expect(broken(v7sSubsystem, { ...ARM64, series: 'none' }, 2, 60)).toEqual(
    new Set(['a map does not fail for memory while enough below 4 GiB is free']),
  );
  expect(broken(v7sSubsystem, { ...ARM64, series: 'v4' }, 3)).toEqual(new Set());
  expect(broken(v7sSubsystem, { ...ARM64, series: 'merged' }, 3)).toEqual(new Set());
});

test('the live bugs of the page table of Linux 6.1 are found, and the corrected one has none', () => {
  const found = broken(v7sSubsystem, { ...ARM64, behaviour: 'linux-6.1' }, 60, 40);
  expect(found).toContain('an unmap leaves the rest as it was'); // L1
  expect(found).toContain('an unmap takes away all that is mapped'); // L2
  expect(found).toContain('a map over something mapped is refused'); // L3
  expect(found).toContain('a map that fails takes nothing away'); // L4
  expect(found).toContain('a page size that the format does not have is refused'); // L5
  expect(found).toContain('a map that leaves the space is refused'); // L6
  expect(broken(v7sSubsystem, ARM64, 6)).toEqual(new Set());
});

const op = (system: Subsystem<unknown>, name: string, cpu: number): Op => ({
  command: system.commands.findIndex((command) => command.name === name),
  cpu,
  a: 0,
  b: 2,
});

test.each([
  { system: slabSubsystem, beside: 'freeObject' },
  { system: slabSubsystem, beside: 'overrunObject' },
  { system: slubSubsystem, beside: 'freeObject' },
  { system: slubSubsystem, beside: 'overrunObject' },
])('$system.name: no $beside while the cache is given up with its last object', ({ system, beside }) => {
  const caches = system as Subsystem<unknown>;
  const wait = op(caches, 'gracePeriodEnds', 0);
  const setUp = [op(caches, 'createCache', 0), op(caches, 'allocObject', 0)];
  const program = [
    ...setUp,
    ...Array.from({ length: ROUND_COMMANDS - setUp.length }, () => wait),
    op(caches, 'abandonCache', 0),
    op(caches, beside, 1),
    op(caches, 'freeObject', 1),
  ];
  const debug = system === slabSubsystem ? { debugSlab: true } : { cmdline: 'slub_debug=FZP' };
  const options = { cpus: 2, ...debug };
  const failures = Array.from(
    { length: 40 },
    (_, i) =>
      runInterleaved(caches, options, program, newCounts(caches), { schedule: i }).failure?.error.message,
  );
  expect(new Set(failures)).toEqual(new Set([undefined]));
});
