import { HoleError } from '@mm/memory';
import { KernelBug, KernelLog, OptionError } from '@mm/printk';
import { SLAB_CACHE_DMA32, SLAB_PANIC, SLAB_TYPESAFE_BY_RCU, checkRequest } from '@mm/kmem';
import { SlabCache, tuneCache } from '@mm/slab';
import { parseSlubDebug } from '@mm/slub';
import { GFP_KERNEL } from '@mm/zones';
import { describe, expect, test } from 'vitest';

import { createMachine } from './create-machine.js';
import { diffMachines } from './image/diff-machines.js';

const log = new KernelLog();

/** What only a caller in TypeScript can get wrong: an error that names the field, the value and what is right. */
test.each<[what: string, act: () => unknown, message: string]>([
  ['a cache without a name', () => checkRequest({ name: '', size: 8 }), 'name: expected a name'],
  ['a name with a zero', () => checkRequest({ name: 'a\0b', size: 8 }), 'name: expected a name'],
  [
    'half a byte',
    () => checkRequest({ name: 'a', size: 1.5 }),
    'size: expected an integer of 0 to 4294967295, got 1.5',
  ],
  ['a negative alignment', () => checkRequest({ name: 'a', size: 8, align: -8 }), 'align: expected'],
  [
    'flags that are no number',
    () => checkRequest({ name: 'a', size: 8, flags: Number.NaN }),
    'flags: expected',
  ],
  [
    'a region that is no number',
    () => checkRequest({ name: 'a', size: 8, useroffset: -1 }),
    'useroffset: expected',
  ],
  [
    'a constructor that is no function',
    () => checkRequest({ name: 'a', size: 8, ctor: 7 as never }),
    'ctor: expected a function or null',
  ],
  [
    'an allocator that is none',
    () => createMachine({ slab: 'slob' as never }),
    'slab: expected one of slub, slab',
  ],
  [
    'DEBUG_SLAB under SLUB',
    () => createMachine({ debugSlab: true }),
    "debugSlab: expected false unless slab is 'slab'",
  ],
  [
    'DEBUG_SLAB that is neither',
    () => createMachine({ slab: 'slab', debugSlab: 1 as never }),
    'debugSlab: expected true or false',
  ],
  [
    'free lists in random order on SLAB',
    () => createMachine({ slab: 'slab', randomFreelist: 1 }),
    "randomFreelist: expected none where slab is 'slab', got 1",
  ],
  [
    'free pointers hardened on SLAB',
    () => createMachine({ slab: 'slab', hardenedFreelist: 1 }),
    "hardenedFreelist: expected none where slab is 'slab', got 1",
  ],
  ['a seed that is none', () => createMachine({ randomFreelist: -1 }), 'randomFreelist: expected an integer'],
  [
    'a secret that is none',
    () => createMachine({ hardenedFreelist: 0.5 }),
    'hardenedFreelist: expected an integer',
  ],
])('%s is refused', (_, act, message) => {
  expect(act).toThrow(OptionError);
  expect(act).toThrow(message);
});

describe.each(['slub', 'slab'] as const)('%s', (slab) => {
  const machine = createMachine({ slab, ramBytes: '64M', cpus: 2 });
  const { register } = machine.kmem;

  /** What the kernel has an answer for: null, and the reason in the log. */
  test.each([
    ['flags that no caller may pass', { size: 64, flags: 0x1 }],
    ['the private flags of the allocator', { size: 64, flags: 0x80000000 }],
    ['objects that fit no slab', { size: 2 ** 23 }],
  ])('%s: no cache, and nothing has changed', (_, request) => {
    const before = register.caches.length;
    machine.log.take();
    expect(machine.kmemCacheCreate({ name: 'wrong', ...request })).toBeNull();
    expect(machine.log.dmesg().join('\n')).toMatch(
      /kmem_cache_create_usercopy\(wrong\) failed with error -\d+/u,
    );
    expect(register.caches.length).toBe(before);
  });

  test('SLAB_PANIC ends the kernel where the cache cannot be made', () => {
    const vital = { name: 'vital', size: 2 ** 23, flags: SLAB_PANIC };
    expect(() => machine.kmemCacheCreate(vital)).toThrow(KernelBug);
    expect(() => machine.kmemCacheCreate(vital)).toThrow(
      "Kernel panic - not syncing: kmem_cache_create_usercopy: Failed to create slab 'vital'",
    );
  });

  test('a region for user copies outside the object is warned of and dropped', () => {
    for (const region of [
      { useroffset: 8, usersize: 0 },
      { useroffset: 60, usersize: 8 },
      { useroffset: 0, usersize: 65 },
    ]) {
      machine.log.take();
      const cache = machine.kmemCacheCreate({ name: 'copied', size: 64, ctor: () => {}, ...region })!;
      expect([cache.useroffset, cache.usersize]).toEqual([0, 0]);
      expect(machine.log.dmesg()[1]).toMatch(
        /^WARNING: .* at mm\/slab_common\.c:32[01] kmem_cache_create_usercopy/u,
      );
    }
  });

  test('kmalloc of more than there is: a warning and null; of nothing: no memory that can be freed', () => {
    machine.log.take();
    expect(machine.kmalloc(2 ** 22 + 1, GFP_KERNEL)).toBeNull();
    expect(machine.log.dmesg().join('\n')).toContain('mm/page_alloc.c:5634 __alloc_pages');
    const nothing = machine.kmalloc(0, GFP_KERNEL);
    machine.kfree(nothing);
    machine.kfree(null);
  });

  test.each([
    ['in a hole', 0x300_0000],
    ['behind the last page', 2 ** 32],
    ['whose page number is one of a page and 2^32', 2 ** 44 + 0x10_0000],
  ])('kfree of an address without memory, %s, names it and changes nothing', (_, address) => {
    const memoryMap = [
      { start: 0, end: 0x200_0000 },
      { start: 0x400_0000, end: 0x600_0000 },
    ];
    const holed = createMachine({ slab, memoryMap });
    holed.kmalloc(2 ** 15, GFP_KERNEL);
    const before = holed.snapshot();
    expect(() => holed.kfree(address)).toThrow(HoleError);
    expect(() => holed.kfree(address)).toThrow(`0x${address.toString(16)}`);
    expect(diffMachines(before, holed.snapshot())).toEqual([]);
  });

  test('before the series there is no SLAB_CACHE_DMA32', () => {
    const old = createMachine({ slab, ramBytes: '64M', series: 'none' });
    expect(old.kmemCacheCreate({ name: 'low', size: 64, flags: SLAB_CACHE_DMA32 })).toBeNull();
    expect(old.log.dmesg()).toContain('kmem_cache_create_usercopy(low) failed with error -22');
  });

  test('a cache of SLAB_TYPESAFE_BY_RCU with live objects is reported and stays', () => {
    const cache = machine.kmemCacheCreate({ name: 'read', size: 64, flags: SLAB_TYPESAFE_BY_RCU })!;
    const object = machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
    machine.log.take();
    expect(machine.kmemCacheDestroy(cache)).toBe(false);
    expect(machine.log.dmesg().join('\n')).toContain(
      'kmem_cache_destroy read: Slab cache still has objects when called from',
    );
    expect(register.caches).toContain(cache);
    machine.kmemCacheFree(cache, object);
  });
});

test('tunables of SLAB out of range are -EINVAL and change nothing', () => {
  const machine = createMachine({ slab: 'slab', ramBytes: '64M' });
  const cache = machine.kmemCacheCreate({ name: 'x', size: 64, ctor: () => {} })!;
  if (!(cache instanceof SlabCache)) throw new Error('not a SLAB machine');
  const before = [cache.limit, cache.batchcount, cache.shared];
  for (const [limit, batch, shared] of [
    [0, 1, 0],
    [10, 0, 0],
    [10, 11, 0],
    [10, 5, -1],
  ] as const)
    expect(tuneCache(machine.on(0).ctx, cache, limit, batch, shared)).toBe(-22);
  expect([cache.limit, cache.batchcount, cache.shared]).toEqual(before);
});

test('arrays of SLAB that the kernel has no memory for are -ENOMEM; the cache goes on', () => {
  const machine = createMachine({ slab: 'slab', ramBytes: '64M' });
  const cache = machine.kmemCacheCreate({ name: 'x', size: 64, ctor: () => {} })!;
  if (!(cache instanceof SlabCache)) throw new Error('not a SLAB machine');
  const { ctx } = machine.on(0);
  const before = [cache.limit, cache.batchcount, cache.shared];
  expect(tuneCache(ctx, cache, 4095, 1, 0)).toBe(-12);
  expect([cache.limit, cache.batchcount, cache.shared]).toEqual(before);
  expect(machine.log.dmesg()).toContain('illegal size (32776) or align (8) for percpu allocation');
  expect(tuneCache(ctx, cache, 4094, 1, 0)).toBe(0);
  // The shared array comes second: those of the CPUs are exchanged by then.
  expect(tuneCache(ctx, cache, 100, 50, 2 ** 31 - 1)).toBe(-12);
  expect(cache.arrays.map(({ entries }) => entries.length)).toEqual([100]);
  machine.kmemCacheFree(cache, machine.kmemCacheAlloc(cache, 0xcc0)!);
});

test('slub_debug: letters, names, globs; what is unknown is said and passed over', () => {
  const said = new KernelLog();
  expect(parseSlubDebug('FX', said).flags).toBe(0x100);
  expect(said.dmesg()).toEqual(["slub_debug option 'X' unknown. skipped"]);
  const { flags, lists } = parseSlubDebug('FZ,dentry,kmalloc-*;P', log);
  expect(flags).toBe(0x800);
  expect(lists).toEqual([{ flags: 0x500, names: ['dentry', 'kmalloc-*'] }]);
  expect(parseSlubDebug('-', log).flags).toBe(0);
  expect(parseSlubDebug('O', log).disableHigherOrder).toBe(true);
  const machine = createMachine({ ramBytes: '64M', cmdline: 'slub_debug=Z,wat*' });
  expect(machine.kmemCacheCreate({ name: 'watched', size: 64 })!.flags & 0x400).toBe(0x400);
  expect(machine.kmemCacheCreate({ name: 'other', size: 64 })!.flags & 0x400).toBe(0);
});
