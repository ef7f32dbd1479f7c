import { SLAB_TYPESAFE_BY_RCU } from '@mm/kmem';
import { PageFlag, fillBytes, readBytes } from '@mm/memory';
import { GFP_KERNEL } from '@mm/zones';
import { describe, expect, test } from 'vitest';

import { cacheShrink, createMachine, gracePeriodEnds } from './index.js';

describe.each(['slub', 'slab'] as const)('%s: SLAB_TYPESAFE_BY_RCU', (slab) => {
  const world = (flags: number) => {
    const machine = createMachine({ slab, ramBytes: '64M', cpus: 1, cmdline: 'slub_nomerge slab_nomerge' });
    const cache = machine.kmemCacheCreate({ name: 'read', size: 512, flags })!;
    const { ctx } = machine.on(0);
    const slabAt = (object: number): boolean =>
      (machine.frames.flags[machine.frames.slotOf(Math.floor(object / 4096))]! & PageFlag.slab) !== 0;
    return { machine, cache, ctx, slabAt };
  };

  test('a reader that holds on to a freed object finds an object of its type there until the grace period ends', () => {
    const { machine, cache, ctx, slabAt } = world(SLAB_TYPESAFE_BY_RCU);
    const object = machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
    fillBytes(machine.memory, object, 512, 0x11);
    machine.kmemCacheFree(cache, object);
    expect(cacheShrink(ctx, cache)).toBe(0);
    // No slab of the cache is left, and the pages are not yet anybody else's.
    expect(slabAt(object)).toBe(true);
    expect([...readBytes(machine.memory, object, 512)]).toEqual(Array<number>(512).fill(0x11));
    gracePeriodEnds(ctx, machine.kmem);
    expect(slabAt(object)).toBe(false);
  });

  test('an object does not wait: it is handed out again at once, as another object of the same type', () => {
    const { machine, cache } = world(SLAB_TYPESAFE_BY_RCU);
    const object = machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
    machine.kmemCacheFree(cache, object);
    expect(machine.kmemCacheAlloc(cache, GFP_KERNEL)).toBe(object);
  });

  test('what is given up after a grace period began waits for the next', () => {
    const { machine, cache, ctx, slabAt } = world(SLAB_TYPESAFE_BY_RCU);
    const first = machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
    machine.kmemCacheFree(cache, first);
    cacheShrink(ctx, cache);
    gracePeriodEnds(ctx, machine.kmem);
    const second = machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
    machine.kmemCacheFree(cache, second);
    cacheShrink(ctx, cache);
    expect(slabAt(second)).toBe(true);
    gracePeriodEnds(ctx, machine.kmem);
    expect(slabAt(second)).toBe(false);
  });

  test('without the flag pages go back at once', () => {
    const { machine, cache, ctx, slabAt } = world(0);
    const object = machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
    machine.kmemCacheFree(cache, object);
    cacheShrink(ctx, cache);
    expect(slabAt(object)).toBe(false);
  });

  test('a destroyed cache leaves its pages until the grace period ends', () => {
    const { machine, cache, ctx, slabAt } = world(SLAB_TYPESAFE_BY_RCU);
    const object = machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
    machine.kmemCacheFree(cache, object);
    expect(machine.kmemCacheDestroy(cache)).toBe(true);
    expect(slabAt(object)).toBe(true);
    gracePeriodEnds(ctx, machine.kmem);
    expect(slabAt(object)).toBe(false);
  });
});
