import { MisuseError } from '@mm/buddy';
import { ZERO_SIZE_PTR, kmemCacheSize } from '@mm/kmem';
import { HoleError, readBytes } from '@mm/memory';
import { KernelBug } from '@mm/printk';
import { SlabSystem, walkSlab } from '@mm/slab';
import { type SlubCache, readCounts, readStats, walkSlub } from '@mm/slub';
import { GFP_KERNEL } from '@mm/zones';
import { describe, expect, test } from 'vitest';

import { createMachine } from './create-machine.js';
import { type MachineOptions, cacheDestroy, kfreeBulk } from './index.js';

type Made = ReturnType<typeof createMachine>;

/** What is wrong with the structures of every cache. */
const wrongIn = ({ kmem }: Made): readonly string[] =>
  kmem instanceof SlabSystem
    ? kmem.register.caches.flatMap((cache) => walkSlab(cache).wrong)
    : kmem.register.caches.flatMap((cache) => walkSlub(cache).wrong);

describe.each(['slub', 'slab'] as const)('%s', (slab) => {
  const machineOf = (options: MachineOptions = {}): Made =>
    createMachine({ slab, ramBytes: '64M', cmdline: 'slub_nomerge slab_nomerge', ...options });

  test('zalloc gives zeroes where bytes of the last owner were, on every CPU', () => {
    const machine = machineOf({ cpus: 2 });
    const cache = machine.kmemCacheCreate({ name: 'x', size: 60 })!;
    const object = machine.on(1).kmemCacheZalloc(cache, GFP_KERNEL)!;
    for (let i = 0; i < 60; i++) machine.memory.write8(object + i, 0xee);
    machine.on(1).kmemCacheFree(cache, object);
    expect(machine.on(1).kmemCacheZalloc(cache, GFP_KERNEL)).toBe(object);
    expect(readBytes(machine.memory, object, 60)).toEqual(new Uint8Array(60));
    expect(machine.kmemCacheZalloc(cache, GFP_KERNEL)).not.toBeNull();
  });

  test('the size of a cache is that of its largest user', () => {
    const machine = machineOf({ cmdline: '' });
    const small = machine.kmemCacheCreate({ name: 'small', size: 52 })!;
    expect(kmemCacheSize(small)).toBe(52);
    expect(machine.kmemCacheCreate({ name: 'larger', size: 54 })).toBe(small);
    expect(kmemCacheSize(small)).toBe(54);
  });

  test('kfree in bulk takes objects of many caches and whole pages', () => {
    const machine = machineOf();
    const cache = machine.kmemCacheCreate({ name: 'x', size: 200 })!;
    const large = [machine.kmalloc(20_000, GFP_KERNEL)!, machine.kmalloc(40_000, GFP_KERNEL)!];
    expect(machine.kmem.largePages).toBe(8 + 16);
    const mixed = Array.from({ length: 30 }, (_, i) =>
      i % 3 === 0 ? machine.kmemCacheAlloc(cache, GFP_KERNEL)! : machine.kmalloc(64 << (i % 3), GFP_KERNEL)!,
    );
    kfreeBulk(machine.on(0).ctx, machine.kmem, [large[0]!, ...mixed, large[1]!]);
    expect(machine.kmem.largePages).toBe(0);
    expect(wrongIn(machine)).toEqual([]);
    expect(cacheDestroy(machine.on(0).ctx, cache)).toBe(true);
  });

  test('kfree in bulk does not pass over what is no memory, and then has freed nothing', () => {
    const machine = machineOf();
    const object = machine.kmalloc(64, GFP_KERNEL)!;
    const { ctx } = machine.on(0);
    expect(() => kfreeBulk(ctx, machine.kmem, [object, ZERO_SIZE_PTR])).toThrow(KernelBug);
    expect(() => kfreeBulk(ctx, machine.kmem, [2 ** 40, object])).toThrow(HoleError);
    expect(machine.kmalloc(64, GFP_KERNEL)).not.toBe(object);
    kfreeBulk(ctx, machine.kmem, []);
    kfreeBulk(ctx, machine.kmem, [object]);
    expect(machine.kmalloc(64, GFP_KERNEL)).toBe(object);
  });

  test('a strict machine refuses what is not live among many, before anything is freed', () => {
    const machine = machineOf({ strict: true });
    const [one, other] = [machine.kmalloc(64, GFP_KERNEL)!, machine.kmalloc(500, GFP_KERNEL)!];
    machine.kfree(other);
    const { ctx } = machine.on(0);
    for (const wrong of [
      [one, other],
      [one, one],
    ])
      expect(() => kfreeBulk(ctx, machine.kmem, wrong)).toThrow(MisuseError);
    machine.kfree(one);
  });

  test('giving up no cache does nothing, as where creation failed', () => {
    const machine = machineOf();
    expect(machine.kmemCacheDestroy(machine.kmemCacheCreate({ name: 'bad', size: 64, flags: 1 }))).toBe(
      false,
    );
    expect(cacheDestroy(machine.on(0).ctx, null)).toBe(false);
  });
});

test('of one slab, kfree in bulk frees all at once', () => {
  const machine = createMachine({ ramBytes: '64M' });
  const objects = Array.from({ length: 8 }, () => machine.kmalloc(2048, GFP_KERNEL)!);
  const cache = machine.kmem.kmalloc[11] as SlubCache;
  const before = readStats(cache, 0);
  kfreeBulk(machine.on(0).ctx, machine.kmem, objects);
  expect(readCounts(cache).slabs).toBe(1);
  const freed = readStats(cache, 0).map((n, i) => n - before[i]!);
  expect(freed[2]! + freed[3]!).toBe(1);
});
