import { SLAB_RED_ZONE, SLAB_TYPESAFE_BY_RCU } from '@mm/kmem';
import { type SlubCache, SlubSystem, endGracePeriod, slubAlloc, slubFree, walkSlub } from '@mm/slub';
import { GFP_KERNEL } from '@mm/zones';
import { describe, expect, test } from 'vitest';

import { cacheAlloc, cacheAllocBulk, cacheDestroy, cacheFree, createMachine, kmalloc } from './index.js';

describe.each(['slub', 'slab'] as const)('%s', (slab) => {
  test('hands out objects that do not overlap, and takes them back', () => {
    const machine = createMachine({ slab, ramBytes: '64M', cpus: 2 });
    const cache = machine.kmemCacheCreate({ name: 'x', size: 100 })!;
    const { ctx } = machine.on(1);
    const objects: number[] = [];
    expect(cacheAllocBulk(ctx, cache, GFP_KERNEL, 500, objects)).toBe(500);
    const sorted = [...objects].sort((a, b) => a - b);
    expect(sorted.every((object, i) => i === 0 || object - sorted[i - 1]! >= 100)).toBe(true);
    for (const object of objects) cacheFree(machine.on(0).ctx, cache, object);
    expect(cacheDestroy(ctx, cache)).toBe(true);
  });

  test('a strict machine refuses what is no live object, and nothing changes', () => {
    const machine = createMachine({ slab, ramBytes: '64M', strict: true });
    const cache = machine.kmemCacheCreate({ name: 'x', size: 64 })!;
    const object = machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
    expect(() => machine.kmemCacheFree(cache, object + 8)).toThrow('is not where an object begins');
    machine.kmemCacheFree(cache, object);
    expect(() => machine.kmemCacheFree(cache, object)).toThrow('is free already');
    expect(() => machine.kmemCacheFree(cache, 0x200000)).toThrow('is not in a slab of this cache');
  });

  test('destroying a cache with live objects says so and keeps them', () => {
    const machine = createMachine({ slab, ramBytes: '64M' });
    const cache = machine.kmemCacheCreate({ name: 'leaky', size: 64, ctor: () => {} })!;
    machine.kmemCacheAlloc(cache, GFP_KERNEL);
    expect(machine.kmemCacheDestroy(cache)).toBe(false);
    expect(machine.log.dmesg().join('\n')).toContain(
      'kmem_cache_destroy leaky: Slab cache still has objects',
    );
  });

  test('32-bit machines have pointers of 4 bytes', () => {
    const machine = createMachine({ slab, preset: 'arm', ramBytes: '256M' });
    expect(machine.kmem.arch.pointerBytes).toBe(4);
    const address = machine.kmalloc(100, GFP_KERNEL)!;
    expect(address % 64).toBe(0);
    machine.kfree(address);
    expect(kmalloc(machine.on(0).ctx, machine.kmem, 0, GFP_KERNEL)).toBe(16);
  });
});

test('on arm, the first object of the first slab of RAM has an address that is not NULL', () => {
  const machine = createMachine({ preset: 'arm', ramBytes: '16M' });
  const cache = machine.kmemCacheCreate({ name: 'x', size: 512, ctor: () => {} })!;
  const objects: number[] = [];
  // All of memory: the first page is among it.
  for (let object; (object = machine.kmemCacheAlloc(cache, GFP_KERNEL)) !== null;) objects.push(object);
  expect(objects).toContain(0x40000000);
  for (const object of objects) machine.kmemCacheFree(cache, object);
  expect(walkSlub(cache as SlubCache).wrong).toEqual([]);
});

test('free lists in random order and hardened pointers hand out every object once', () => {
  for (const options of [
    { randomFreelist: 7 },
    { hardenedFreelist: 9 },
    { randomFreelist: 1, hardenedFreelist: 2 },
  ]) {
    const machine = createMachine({ ramBytes: '64M', ...options });
    const cache = machine.kmemCacheCreate({ name: 'x', size: 64, ctor: () => {} })!;
    const { ctx } = machine.on(0);
    const objects = Array.from({ length: 300 }, () => cacheAlloc(ctx, cache, GFP_KERNEL)!);
    expect(new Set(objects).size).toBe(300);
    const ascending = objects.slice(0, 20).every((object, i) => i === 0 || object > objects[i - 1]!);
    expect(ascending).toBe(!('randomFreelist' in options));
    for (const object of objects) cacheFree(ctx, cache, object);
    expect(walkSlub(cache as SlubCache).wrong).toEqual([]);
    expect(cacheDestroy(ctx, cache)).toBe(true);
  }
});

test('slabs of SLAB_TYPESAFE_BY_RCU go back when a grace period ends', () => {
  const machine = createMachine({ ramBytes: '64M' });
  const slub = new SlubSystem({ pages: machine.pages, cells: machine.cells });
  const cache = slub.register.create({ name: 'rcu', size: 4096, flags: SLAB_TYPESAFE_BY_RCU })!;
  const { ctx } = machine.on(0);
  const objects = Array.from({ length: 200 }, () => slubAlloc(ctx, cache, GFP_KERNEL)!);
  for (const object of objects) slubFree(ctx, cache, object);
  const waiting = slub.rcuSlabs.length;
  expect(waiting).toBeGreaterThan(0);
  expect(machine.frames.owner0[machine.frames.slotOf(Math.floor(objects[0]! / 4096))]).toBe(cache.id);
  endGracePeriod(ctx, slub);
  expect(slub.rcuSlabs).toEqual([]);
});

test('options of the allocator are checked', () => {
  expect(() => createMachine({ slab: 'slob' as never })).toThrow(
    'slab: expected one of slub, slab, got "slob"',
  );
  expect(() => createMachine({ randomFreelist: -1 })).toThrow('randomFreelist: expected an integer of 0 to');
  expect(() => createMachine({ cmdline: 3 as never })).toThrow('cmdline: expected text, got 3');
});

test('hardened pointers and debugging together: a good free is no corruption', () => {
  const machine = createMachine({ ramBytes: '64M', hardenedFreelist: 6, cmdline: 'slub_debug=FZPU' });
  const cache = machine.kmemCacheCreate({ name: 'x', size: 64 })!;
  const object = machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
  machine.log.take();
  machine.kmemCacheFree(cache, object);
  expect(machine.log.dmesg()).toEqual([]);
  expect(machine.kmemCacheAlloc(cache, GFP_KERNEL)).toBe(object);
});

test('debugging that is dropped because slabs would grow leaves the directory of a mergeable cache, which another may have', () => {
  const machine = createMachine({ ramBytes: '64M', cmdline: 'slub_debug=O' });
  expect(machine.kmemCacheCreate({ name: 'plain', size: 4096 })).not.toBeNull();
  machine.log.take();
  expect(machine.kmemCacheCreate({ name: 'x', size: 4090, align: 4096, flags: SLAB_RED_ZONE })).toBeNull();
  expect(machine.log.take()).toEqual([
    "sysfs: cannot create duplicate filename '/kernel/slab/:0004096'",
    "kobject_add_internal failed for :0004096 with -EEXIST, don't try to register things with the same name in the same directory.",
    'kmem_cache_create_usercopy(x) failed with error -17',
  ]);
  // Its name is free.
  expect(machine.kmemCacheCreate({ name: 'x', size: 64, flags: SLAB_RED_ZONE })).not.toBeNull();
});
