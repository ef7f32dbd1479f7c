import { SlabCache, drainCpu, readSlabCounts, slabReap, walkSlab } from '@mm/slab';
import { GFP_KERNEL } from '@mm/zones';
import { expect, test } from 'vitest';

import { createMachine } from './create-machine.js';

// Objects of 512 bytes: arrays hold 54, a batch is 27, a slab holds eight. With one CPU there is no shared array.
const reaped = (cpus: number) => {
  const machine = createMachine({ slab: 'slab', ramBytes: '64M', cpus, cmdline: 'slab_nomerge' });
  const cache = machine.kmemCacheCreate({ name: 'x', size: 512 })!;
  if (!(cache instanceof SlabCache)) throw new Error('not a SLAB machine');
  const { ctx } = machine.on(0);
  const alloc = (many: number): number[] =>
    Array.from({ length: many }, () => machine.kmemCacheAlloc(cache, GFP_KERNEL)!);
  const free = (objects: readonly number[]): void => {
    for (const object of objects) machine.kmemCacheFree(cache, object);
  };
  const reap = (): void => slabReap(ctx, cache);
  return { cache, ctx, alloc, free, reap, held: () => cache.arrays[0]!.words[0]! };
};

test('an array that was used is left alone once, then loses a fifth of its limit at a time, at the end half of what it has', () => {
  const { cache, alloc, free, reap, held } = reaped(1);
  // Slab by slab: 64 objects came, four are left in the array.
  free(alloc(60).slice(0, 50));
  const lengths = [held()];
  for (let i = 0; i < 9; i++) {
    reap();
    lengths.push(held());
  }
  expect(lengths).toEqual([54, 54, 43, 32, 21, 10, 5, 2, 1, 0]);
  expect(readSlabCounts(cache).active_objs).toBe(10);
  expect(walkSlab(cache).wrong).toEqual([]);
});

test('an allocation between two rounds spares the array again', () => {
  const { alloc, free, reap, held } = reaped(1);
  free(alloc(60).slice(0, 50));
  reap();
  free(alloc(1));
  reap();
  expect(held()).toBe(54);
  reap();
  expect(held()).toBe(43);
});

// The node may keep 62 free objects, or 143; a fifth of them, in slabs, is two, or four.
test.each([
  [1, [6, 6, 4, 2, 0, 0]],
  [4, [6, 6, 2, 0, 0, 0]],
])('free slabs go back a few at a time, but for the round after some were taken, %i CPUs', (cpus, left) => {
  const { cache, ctx, alloc, free, reap } = reaped(cpus);
  free(alloc(48));
  drainCpu(ctx, cache, 0);
  // From the free slabs, as there is no other.
  free(alloc(1));
  drainCpu(ctx, cache, 0);
  const slabs = [readSlabCounts(cache).num_slabs];
  for (let i = 0; i < 5; i++) {
    reap();
    slabs.push(readSlabCounts(cache).num_slabs);
  }
  expect(slabs).toEqual(left);
});

test('a shared array that nobody took from loses objects at once', () => {
  const { cache, alloc, free, reap } = reaped(2);
  const shared = (): number => readSlabCounts(cache).shared_avail;
  // One more than the array holds: a batch moves to the shared one.
  free(alloc(64).slice(0, 55));
  expect(shared()).toBe(27);
  // A fifth of its 216 places is more than it has: half.
  reap();
  expect(shared()).toBe(13);
});
