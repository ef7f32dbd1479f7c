import { fillBytes } from '@mm/memory';
import { type SlabCache, drainAll, freelistAddress, headSlotOf, slabShrink } from '@mm/slab';
import { type SlubCache, flushAll, slubFreeBulk } from '@mm/slub';
import { GFP_KERNEL } from '@mm/zones';
import { expect, test } from 'vitest';

import { createMachine } from './create-machine.js';

/*
 * Free lists that somebody wrote over, on machines that follow them as the kernel does: what comes of it is an answer or a crash of the
 * kernel, and no walk is without end.
 */

function slabMachine(size: number) {
  const machine = createMachine({ ramBytes: '64M', slab: 'slab', cmdline: 'slab_nomerge' });
  const cache = machine.kmemCacheCreate({ name: 'wild', size }) as SlabCache;
  const { ctx } = machine.on(0);
  const alloc = (): number => machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
  const free = (object: number): void => machine.kmemCacheFree(cache, object);
  return { machine, cache, ctx, alloc, free };
}

function slubMachine(size: number) {
  const machine = createMachine({ ramBytes: '64M', cmdline: 'slub_nomerge' });
  const cache = machine.kmemCacheCreate({ name: 'wild', size }) as SlubCache;
  const { ctx } = machine.on(0);
  const alloc = (): number => machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
  const free = (object: number): void => machine.kmemCacheFree(cache, object);
  return { machine, cache, ctx, alloc, free };
}

test('SLAB hands out what a wild number leads to, behind the slab, and dies when that comes back', () => {
  const { machine, cache, ctx, alloc, free } = slabMachine(1024);
  const object = alloc();
  drainAll(ctx, cache);
  const slot = headSlotOf(machine.frames, Math.floor(object / 4096));
  fillBytes(machine.memory, freelistAddress(cache, slot), cache.num, 0xff);
  const wild = alloc();
  expect(wild - object).toBe(0xff * 1024 - (object % 4096));
  free(wild);
  expect(() => drainAll(ctx, cache)).toThrow('an object is freed that is in no slab of its cache');
});

test('SLAB dies when more objects of a slab come back than were handed out', () => {
  const { cache, ctx, alloc, free } = slabMachine(1024);
  const [first, second] = [alloc(), alloc()];
  drainAll(ctx, cache);
  for (const object of [first, second, first]) free(object);
  expect(() => drainAll(ctx, cache)).toThrow('an object is freed of a slab that is all free');
});

test('SLAB dies when an object of a slab comes back that has been given up', () => {
  const { cache, ctx, alloc, free } = slabMachine(1024);
  const object = alloc();
  free(object);
  slabShrink(ctx, cache);
  free(object);
  expect(() => drainAll(ctx, cache)).toThrow('an object is freed that is in no slab of its cache');
});

test('SLUB walks the list of objects freed together for ever when one is there twice', () => {
  const { cache, ctx, alloc } = slubMachine(64);
  const [a, b, c] = [alloc(), alloc(), alloc()];
  expect(() => slubFreeBulk(ctx, cache, [b, a, b, c])).toThrow('soft lockup: a free list that never ends');
});

test('a SLUB slab that lost its free list dies when it would join a second list', () => {
  const { machine, cache, ctx, alloc, free } = slubMachine(1024);
  const objects = Array.from({ length: cache.objects }, alloc);
  // Another slab is the CPU's: of the first the node has the rest.
  for (const object of objects.slice(0, 3)) free(object);
  flushAll(ctx, cache);
  const slot = machine.frames.peekSlotOf(
    Math.floor(objects[0]! / 4096 / 2 ** cache.order) * 2 ** cache.order,
  );
  expect(machine.frames.spare[slot]).not.toBe(0);
  machine.frames.owner1[slot] = 0;
  expect(() => free(objects[3]!)).toThrow('kernel BUG at lib/list_debug.c: a slab joins a second list');
});
