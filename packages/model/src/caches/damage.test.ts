import type { SlubCache } from '@mm/slub';
import { Context } from '@mm/steps';
import { GFP_KERNEL } from '@mm/zones';
import { expect, test } from 'vitest';

import { newCounts } from '../engine/counts.js';
import { failureOf } from '../engine/failure.js';
import { KernelCrash } from '../engine/kernel-crash.js';
import { randomProgram } from '../engine/program.js';
import { runInterleaved } from '../engine/run-interleaved.js';
import { runSequence } from '../engine/run-sequence.js';
import type { Op, Subsystem, WorldOptions } from '../subsystem.js';
import { slabSubsystem, slubSubsystem } from './cache-subsystem.js';
import {
  type CacheWorld,
  cacheWorld,
  checkCachesWhole,
  openUser,
  received,
  userRequest,
} from './cache-world.js';
import { withCorruption } from './corruption.js';
import { type Damage, checkReported, damageFree, freeWriteOf } from './damage.js';
import { freeObjectsOf } from './free-objects.js';

/** The invariants that random programs break which write into free objects, and how many did. */
function played<W>(system: Subsystem<W>, options: WorldOptions): { broken: string[]; written: number } {
  const counts = newCounts(system);
  const broken: string[] = [];
  for (let seed = 1; seed <= 6; seed++) {
    const program = randomProgram(system, seed, 600, 3);
    const failure =
      seed % 2 === 0
        ? runInterleaved(system, options, program, counts, { schedule: seed }).failure
        : runSequence(system, options, program, counts);
    if (failure !== null) broken.push(`seed ${seed}: ${failure.invariant}: ${failure.error.message}`);
  }
  return { broken, written: counts.byCommand.find(({ name }) => name === 'writeToFree')!.ran };
}

test.each<WorldOptions>([
  {},
  { cmdline: 'slub_debug=FZPU' },
  { cmdline: 'slub_debug=F' },
  { cmdline: 'slub_debug=Z', strict: false },
  { cmdline: 'slub_debug=U' },
  { strict: false },
  { randomFreelist: 5, hardenedFreelist: 6 },
  { preset: 'i386', strict: false },
])(
  'slub with %o: what a write into a free object leads to is an answer, a report or a crash of the kernel',
  (machine) => {
    const { broken, written } = played(slubSubsystem, { cpus: 3, corrupt: true, ...machine });
    expect(broken).toEqual([]);
    expect(written).toBeGreaterThan(0);
  },
);

test.each<WorldOptions>([{}, { debugSlab: true }, { strict: false }])(
  'slab with %o: what a write into a free object leads to is an answer, a report or a crash of the kernel',
  (machine) => {
    const { broken, written } = played(slabSubsystem, { cpus: 3, corrupt: true, slab: 'slab', ...machine });
    expect(broken).toEqual([]);
    expect(written).toBeGreaterThan(0);
  },
);

/** Runs that had no end while slabs could be on two lists at once, by seed, interleaved. */
test.each([90, 126, 282])('slab, seed %i: a list that wild numbers broke has an end', (seed) => {
  const options = { cpus: 3, corrupt: true, strict: false };
  const program = randomProgram(slabSubsystem, seed, 1000, 3);
  const counts = newCounts(slabSubsystem);
  expect(runInterleaved(slabSubsystem, options, program, counts, { schedule: seed }).failure).toBeNull();
});

test.each(['slub', 'slab'] as const)(
  '%s: a seed in four writes into free objects, unless told otherwise',
  (slab) => {
    const chosen = (corrupt?: boolean): WorldOptions[] =>
      Array.from({ length: 64 }, (_, seed) =>
        withCorruption(corrupt === undefined ? {} : { corrupt }, seed, slab),
      );
    const many = [chosen(), chosen(true), chosen(false)].map(
      (worlds) => worlds.filter(({ corrupt }) => corrupt === true).length,
    );
    expect(many).toEqual([16, 64, 0]);
    const kinds = new Set(chosen().map((options) => JSON.stringify(options)));
    expect(kinds.size).toBe(slab === 'slub' ? 9 : 5);
    expect(withCorruption({ corrupt: true, strict: true }, 31, slab).strict).toBe(true);
  },
);

/** A user of small objects who holds one of them, on a machine of one CPU; the rest of its slab is free. */
function withSlab(slab: 'slub' | 'slab', machine: WorldOptions): CacheWorld {
  const world = cacheWorld({ cpus: 1, corrupt: true, ...machine }, slab);
  // Objects of 1 KiB or 24 bytes: into those of SLAB fits no index list.
  const op: Op = { command: 0, cpu: 0, a: 0, b: slab === 'slub' ? 8 : 1 };
  const request = userRequest(world, op);
  const cache = world.machine.kmemCacheCreate(request)!;
  openUser(world, op, request, cache);
  const [user] = world.users;
  received(world, user!, world.machine.kmemCacheAlloc(cache, GFP_KERNEL)!, user!.size, false);
  return world;
}

/** Writes into the free object that is handed out next, of the writes that mean `damage` the first. */
function writeInto(world: CacheWorld, damage: Damage): void {
  const { cache } = world.users[0]!;
  const free = freeObjectsOf(world, cache);
  const next = world.machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
  world.machine.kmemCacheFree(cache, next);
  const object = free.find(({ address }) => address === next)!;
  for (let b = 1; ; b++) {
    const write = freeWriteOf(world, cache, object, free, { command: 0, cpu: 0, a: 0, b });
    if (write.damage !== damage) continue;
    damageFree(world, cache, next, write);
    return;
  }
}

const take = (world: CacheWorld): void => {
  const [user] = world.users;
  received(world, user!, world.machine.kmemCacheAlloc(user!.cache, GFP_KERNEL)!, user!.size, false);
};

test('a write beside the free pointer changes nothing that an allocator without debugging looks at', () => {
  const world = withSlab('slub', {});
  writeInto(world, 'harmless');
  for (let i = 0; i < 40; i++) take(world);
  checkCachesWhole(world);
  expect(world.machine.log.lines).toEqual([]);
});

test('SLUB with debugging reports the write, writes the slab off, and never hands the object out', () => {
  const world = withSlab('slub', { cmdline: 'slub_debug=FZPU' });
  writeInto(world, 'checked');
  const address = world.damages.pending.get(world.users[0]!.cache);
  take(world);
  expect(world.machine.log.dmesg().join('\n')).toMatch(/Poison overwritten|Freepointer corrupt/u);
  for (let i = 0; i < 40; i++) take(world);
  expect(world.model.live.map((object) => object.address)).not.toContain(address);
  checkCachesWhole(world);
});

test('SLAB with debugging reports the write when it hands the object out, and all holds', () => {
  const world = withSlab('slab', { debugSlab: true });
  writeInto(world, 'checked');
  take(world);
  expect(world.machine.log.dmesg().join('\n')).toContain('Slab corruption');
  checkCachesWhole(world);
});

test('a report of an earlier write into the same object is not one of a later write', () => {
  const world = withSlab('slab', { debugSlab: true });
  const [user] = world.users;
  writeInto(world, 'checked');
  const first = world.machine.kmemCacheAlloc(user!.cache, GFP_KERNEL)!;
  world.requests.noteReports();
  expect(world.damages.pending.size).toBe(0);
  world.machine.kmemCacheFree(user!.cache, first);
  writeInto(world, 'checked');
  world.requests.noteReports();
  expect(world.damages.pending.get(user!.cache)).toBe(first);
});

test('an object that is handed out although nobody reported the write is noticed', () => {
  const world = withSlab('slub', { cmdline: 'slub_debug=FZPU' });
  const { cache } = world.users[0]!;
  writeInto(world, 'checked');
  expect(() => checkReported(world, cache, world.damages.pending.get(cache)!)).toThrow(
    'a write into a free object is reported before the object is used',
  );
});

test('a free pointer that leads out of its slab crashes the kernel, which ends a run and breaks nothing', () => {
  const world = withSlab('slub', {});
  const { cache } = world.users[0]!;
  const free = freeObjectsOf(world, cache);
  for (const { address } of free) {
    const at = address + (cache as SlubCache).offset;
    damageFree(world, cache, address, { at, bytes: new Uint8Array(8).fill(0x6b), damage: 'undefined' });
  }
  const alloc = slubSubsystem.commands.find(({ name }) => name === 'allocObject')!;
  const twice = (): void => {
    for (let i = 0; i < 2; i++) alloc.run(world, new Context(0), { command: 0, cpu: 0, a: 0, b: 0 });
  };
  expect(twice).toThrow(KernelCrash);
  expect(twice).toThrow('general protection fault: a free pointer leads out of its slab');
  expect(failureOf(new KernelCrash(new Error('x')), 1)).toBeNull();
});
