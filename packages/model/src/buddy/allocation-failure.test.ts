import { GFP_KERNEL } from '@mm/zones';
import { expect, test } from 'vitest';

import { beginsNow, checkFailure } from './allocation-failure.js';
import { type BuddyWorld, buddyWorld } from './buddy-world.js';

/** A page that is not found on a machine where some allocations fail on purpose, by what happened meanwhile. */
function failedPage(happens: (world: BuddyWorld) => void): () => void {
  const world = buddyWorld({ cpus: 1, faults: '1000000,100,0,-1' });
  const since = beginsNow(world);
  happens(world);
  return () => checkFailure(world, GFP_KERNEL, since);
}

test('on a machine with faults a failure is excused only if one came while the allocation was under way', () => {
  expect(failedPage(() => undefined)).toThrow(
    'an allocation does not fail while enough of the right memory is free',
  );
  expect(failedPage(({ machine: { pages } }) => void pages.faults!.attr.failed++)).not.toThrow();
});

test('a failure is excused where others hold the memory, and where they gave it back too late', () => {
  expect(failedPage(({ model }) => void model.held.fill(2 ** 20))).not.toThrow();
  expect(failedPage(({ model }) => void model.given.fill(2 ** 20))).not.toThrow();
});

test('to ask for faults makes no slab allocator on a machine that has none', () => {
  const world = buddyWorld({ cpus: 1 });
  beginsNow(world);
  expect(world.machine.hasKmem).toBe(false);
  expect([world.machine.kmem.faults, world.machine.hasKmem]).toEqual([null, true]);
});
