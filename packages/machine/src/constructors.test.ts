import { fillBytes, readBytes } from '@mm/memory';
import { GFP_KERNEL } from '@mm/zones';
import { describe, expect, test } from 'vitest';

import { cacheShrink, createMachine } from './index.js';

describe.each(['slub', 'slab'] as const)('%s: a constructor', (slab) => {
  const constructed = (size: number) => {
    const machine = createMachine({ slab, ramBytes: '64M', cpus: 2 });
    const calls: number[] = [];
    const cache = machine.kmemCacheCreate({
      name: 'made',
      size,
      ctor: (object) => {
        calls.push(object);
        fillBytes(machine.memory, object, size, 0xc7);
      },
    })!;
    const alloc = (): number => machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
    const { ctx } = machine.on(0);
    return {
      machine,
      ctx,
      cache,
      calls,
      alloc,
      bytes: (at: number) => [...readBytes(machine.memory, at, size)],
    };
  };

  test('runs once for every object of a slab as the slab is made, in order of addresses', () => {
    const { cache, calls, alloc } = constructed(512);
    const first = alloc();
    const ofSlab = [...calls];
    expect(ofSlab.length).toBeGreaterThan(1);
    expect(ofSlab).toEqual(ofSlab.map((_, i) => ofSlab[0]! + cache.size * i));
    expect(ofSlab).toContain(first);
    // The rest of the slab costs no call.
    const rest = ofSlab.slice(1).map(alloc);
    expect([first, ...rest].toSorted((a, b) => a - b)).toEqual(ofSlab);
    expect(calls).toEqual(ofSlab);
    alloc();
    expect(calls.length).toBeGreaterThan(ofSlab.length);
  });

  test('does not run again: an object comes back as it was freed, for the free list is not kept in it', () => {
    const { machine, cache, calls, alloc, bytes } = constructed(40);
    const object = alloc();
    expect(bytes(object)).toEqual(Array<number>(40).fill(0xc7));
    const made = calls.length;
    fillBytes(machine.memory, object, 40, 0x11);
    machine.kmemCacheFree(cache, object);
    expect(bytes(object)).toEqual(Array<number>(40).fill(0x11));
    expect(alloc()).toBe(object);
    expect(bytes(object)).toEqual(Array<number>(40).fill(0x11));
    expect(calls).toHaveLength(made);
  });

  test('runs again in a slab whose pages went back and came again', () => {
    const { machine, ctx, cache, calls, alloc, bytes } = constructed(512);
    const object = alloc();
    fillBytes(machine.memory, object, 512, 0x11);
    machine.kmemCacheFree(cache, object);
    const made = calls.length;
    cacheShrink(ctx, cache);
    const again = alloc();
    expect(calls.length).toBe(2 * made);
    expect(bytes(again)).toEqual(Array<number>(512).fill(0xc7));
  });

  test('keeps its cache from being merged', () => {
    const { machine, cache } = constructed(512);
    expect(machine.kmemCacheCreate({ name: 'twin', size: 512, ctor: () => {} })).not.toBe(cache);
    expect(machine.kmemCacheCreate({ name: 'plain', size: 512 })).not.toBe(cache);
  });
});
