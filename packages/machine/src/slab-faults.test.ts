import { parseFaultRate } from '@mm/buddy';
import { SLAB_FAILSLAB, SlabFaults, type SlabFaultAttributes } from '@mm/kmem';
import { GFP_ATOMIC, GFP_KERNEL, __GFP_NOFAIL, __GFP_NOWARN } from '@mm/zones';
import { describe, expect, test } from 'vitest';

import { createMachine } from './create-machine.js';
import type { Machine } from './machine.js';
import { cacheAllocBulk } from './erased/index.js';

const ROOM = { ramBytes: '64M', strict: true } as const;

function withFaults(slab: 'slub' | 'slab', attributes: SlabFaultAttributes): Machine {
  const machine = createMachine({ ...ROOM, slab });
  machine.kmem.faults = new SlabFaults(attributes);
  return machine;
}

/** Whether each of several requests succeeds. */
const answers = (count: number, ask: () => number | null): boolean[] =>
  Array.from({ length: count }, () => ask() !== null);

describe.each(['slub', 'slab'] as const)('%s', (slab) => {
  test('every third request fails, at most twice, on the fast path too', () => {
    const machine = withFaults(slab, { interval: 3, times: 2 });
    const cache = machine.kmemCacheCreate({ name: 'tried', size: 64 })!;
    const got = answers(9, () => machine.kmemCacheAlloc(cache, GFP_KERNEL));
    expect(got).toEqual([true, true, false, true, true, false, true, true, true]);
    expect(machine.kmem.faults!.attr.failed).toBe(2);
  });

  test('kmalloc fails as its cache does, but not whole pages; a bulk request is one', () => {
    const machine = withFaults(slab, { interval: 2 });
    expect(answers(4, () => machine.kmalloc(100, GFP_KERNEL))).toEqual([true, false, true, false]);
    expect(answers(4, () => machine.kmalloc(65536, GFP_KERNEL))).toEqual([true, true, true, true]);
    const cache = machine.kmemCacheCreate({ name: 'many', size: 64 })!;
    const objects: number[] = [];
    const { ctx } = machine.on(0);
    expect(cacheAllocBulk(ctx, cache, GFP_KERNEL, 7, objects)).toBe(7);
    expect([cacheAllocBulk(ctx, cache, GFP_KERNEL, 7, objects), objects]).toEqual([0, []]);
  });

  test('who must not fail never does; who may wait can be left alone', () => {
    const machine = withFaults(slab, { ignoreGfpWait: true });
    const cache = machine.kmemCacheCreate({ name: 'kept', size: 64 })!;
    expect(machine.kmemCacheAlloc(cache, GFP_KERNEL)).not.toBeNull();
    expect(machine.kmemCacheAlloc(cache, GFP_ATOMIC)).toBeNull();
    expect(machine.kmemCacheAlloc(cache, GFP_ATOMIC | __GFP_NOFAIL)).not.toBeNull();
  });

  test('objects are counted in bytes before the first fails', () => {
    const machine = withFaults(slab, { space: 200 });
    const cache = machine.kmemCacheCreate({ name: 'first', size: 64 })!;
    expect(answers(5, () => machine.kmemCacheAlloc(cache, GFP_KERNEL))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

test("a machine takes the attributes in the form of the kernel's boot parameter, and has the file then", () => {
  const machine = createMachine({ ...ROOM, failslab: '2,100,0,1' });
  const cache = machine.kmemCacheCreate({ name: 'tried', size: 1000 })!;
  expect(answers(4, () => machine.kmemCacheAlloc(cache, GFP_KERNEL))).toEqual([true, false, true, true]);
  expect(machine.fs.readFileSync('/sys/kernel/slab/tried/failslab', 'utf8')).toBe('0\n');
  expect(() => createMachine(ROOM).fs.readFileSync('/sys/kernel/slab/kmalloc-64/failslab')).toThrow('ENOENT');
});

const file = (name: string): string => `/sys/kernel/slab/${name}/failslab`;

test('with cacheFilter only caches fail that slub_debug=A names; the file says which, and cannot be written in 6.1', () => {
  const machine = createMachine({ ...ROOM, failslab: '1,100,0,-1', cmdline: 'slub_debug=A,named' });
  machine.kmem.faults = new SlabFaults({ cacheFilter: true });
  const [named, other] = ['named', 'other'].map((name) => machine.kmemCacheCreate({ name, size: 1000 })!);
  expect(named!.flags & SLAB_FAILSLAB).not.toBe(0);
  expect(machine.kmemCacheAlloc(named!, GFP_KERNEL)).toBeNull();
  expect(machine.kmemCacheAlloc(other!, GFP_KERNEL)).not.toBeNull();
  expect(machine.fs.readFileSync(file('named'), 'utf8')).toBe('1\n');
  expect(machine.fs.readFileSync(file('other'), 'utf8')).toBe('0\n');
  expect(machine.fs.statSync(file('other')).mode & 0o777).toBe(0o400);
  expect(() => machine.fs.writeFileSync(file('other'), '1\n')).toThrow('EACCES');
  expect(machine.kmemCacheAlloc(other!, GFP_KERNEL)).not.toBeNull();
});

test('slub_debug=A keeps a cache for itself', () => {
  const machine = createMachine({ ...ROOM, failslab: '1,0,0,-1', cmdline: 'slub_debug=A,alone' });
  const alone = machine.kmemCacheCreate({ name: 'alone', size: 500 })!;
  expect(machine.kmemCacheCreate({ name: 'beside', size: 500 })).not.toBe(alone);
});

test('with verbose each failure is said, with what is left before it; not of a request that wants no warnings', () => {
  const machine = createMachine(ROOM);
  const cache = machine.kmemCacheCreate({ name: 'tried', size: 1000 })!;
  machine.kmem.faults = new SlabFaults({ verbose: 1, interval: 0, times: 2 });
  machine.log.take();
  expect(answers(2, () => machine.kmemCacheAlloc(cache, GFP_KERNEL))).toEqual([false, false]);
  expect(machine.log.take()).toEqual([
    'FAULT_INJECTION: forcing a failure.',
    'name failslab, interval 0, probability 100, space 0, times 2',
    'FAULT_INJECTION: forcing a failure.',
    'name failslab, interval 0, probability 100, space 0, times 1',
  ]);
  machine.kmem.faults = new SlabFaults({ verbose: 2, times: 1 });
  expect(machine.kmemCacheAlloc(cache, GFP_KERNEL | __GFP_NOWARN)).toBeNull();
  expect(machine.log.take()).toEqual([]);
});

test('attributes that are none are refused by name', () => {
  expect(() => new SlabFaults({ probability: 101 })).toThrow('probability: expected an integer of 0 to 100');
  expect(() => new SlabFaults({ cacheFilter: 1 as never })).toThrow('cacheFilter: expected true or false');
  expect(() => new SlabFaults({ often: 1 } as never)).toThrow('often: expected one of probability');
  expect(() => new SlabFaults(null as never)).toThrow('attributes: expected an object of attributes');
  expect(() => createMachine({ failslab: 'often' })).toThrow(
    'failslab: expected interval,probability,space,times',
  );
  expect(() => parseFaultRate('1,2,3', 'x')).toThrow('x: expected interval,probability,space,times');
});
