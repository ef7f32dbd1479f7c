import { PageFlag } from '@mm/memory';
import { SLUB_STAT_NAMES, type SlubCache, readStats, walkSlub } from '@mm/slub';
import { GFP_KERNEL, __GFP_MEMALLOC, __GFP_NOMEMALLOC, __GFP_NOWARN } from '@mm/zones';
import { expect, test } from 'vitest';

import { createMachine } from './create-machine.js';
import { cacheFlush, cacheShrink } from './index.js';

const PLAIN = GFP_KERNEL | __GFP_NOWARN;
const MEMALLOC = PLAIN | __GFP_MEMALLOC;

/** A machine whose memory is used up to the watermark, and a cache of it. */
function usedUp(flags = 0) {
  const machine = createMachine({ ramBytes: '16M', cpus: 2, cmdline: 'slub_nomerge' });
  const cache = machine.kmemCacheCreate({ name: 'x', size: 500, flags }) as SlubCache;
  while (machine.kmemCacheAlloc(cache, PLAIN) !== null);
  const count = (name: (typeof SLUB_STAT_NAMES)[number]): number =>
    readStats(cache, 0)[SLUB_STAT_NAMES.indexOf(name)]!;
  const alloc = (gfp: number, cpu = 0): number | null => machine.on(cpu).kmemCacheAlloc(cache, gfp);
  return { machine, cache, count, alloc, ctx: machine.on(0).ctx };
}

const page = (object: number | null): number => Math.floor(object! / 4096);

test.each([
  ['plain', 0],
  ['debugged', 0x400],
])('a %s slab made of the reserves is on the node for those alone who may use them', (_, flags) => {
  const { machine, cache, alloc, ctx } = usedUp(flags);
  const object = alloc(MEMALLOC);
  expect(object).not.toBeNull();
  cacheFlush(ctx, cache);
  expect(alloc(PLAIN)).toBeNull();
  expect(alloc(MEMALLOC | __GFP_NOMEMALLOC, 1)).toBeNull();
  const second = alloc(MEMALLOC, 1);
  expect(page(second)).toBe(page(object));
  for (const held of [object, second]) machine.on(1).kmemCacheFree(cache, held!);
  cacheShrink(ctx, cache);
  const slot = machine.frames.slotOf(page(object));
  expect(machine.frames.flags[slot]! & (PageFlag.slab | PageFlag.active)).toBe(0);
  expect(walkSlub(cache).wrong).toEqual([]);
});

test('a CPU that has one hands its free list out to anybody, and gives it up when that is at its end', () => {
  const { machine, cache, alloc, count } = usedUp();
  const object = alloc(MEMALLOC)!;
  const held = [object];
  while (held.length < cache.minObjects) held.push(alloc(PLAIN)!);
  expect(held.map(page)).toEqual(held.map(() => page(object)));
  machine.on(1).kmemCacheFree(cache, object);
  const before = [count('alloc_refill'), count('deactivate_remote_frees'), count('deactivate_to_tail')];
  expect(alloc(PLAIN)).toBeNull();
  expect([count('alloc_refill'), count('deactivate_remote_frees'), count('deactivate_to_tail')]).toEqual([
    before[0],
    before[1]! + 1,
    before[2]! + 1,
  ]);
  expect(alloc(MEMALLOC)).toBe(object);
  expect(walkSlub(cache).wrong).toEqual([]);
});
