import { createMachine } from '@mm/machine';
import { OptionError } from '@mm/printk';
import {
  type SlabCache,
  type SlabSystem,
  slabAlloc,
  slabAllocBulk,
  slabDestroy,
  slabFree,
  slabFreeBulk,
  slabKfree,
  slabKmalloc,
  tuneCache,
} from '@mm/slab';
import {
  type SlubCache,
  type SlubSystem,
  kmemCacheDestroy,
  slubAlloc,
  slubAllocBulk,
  slubFree,
  slubFreeBulk,
  slubKfree,
  slubKmalloc,
} from '@mm/slub';
import { GFP_KERNEL } from '@mm/zones';
import { describe, expect, it } from 'vitest';

import { digest } from './digest.js';

const slubWorld = (strict = false) => {
  const machine = createMachine({ ramBytes: '16M', cpus: 2, slab: 'slub', strict });
  const system = machine.kmem as SlubSystem;
  return { ...machine.on(0), machine, system, cache: system.register.create({ name: 'x', size: 64 })! };
};
const slabWorld = (strict = false) => {
  const machine = createMachine({ ramBytes: '16M', cpus: 2, slab: 'slab', strict });
  const system = machine.kmem as SlabSystem;
  return { ...machine.on(0), machine, system, cache: system.register.create({ name: 'x', size: 64 })! };
};

const messageOf = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    return error instanceof OptionError ? error.message : String(error);
  }
  return 'taken without a word';
};

const DESTROYED = 'cache: expected a cache that has not been destroyed, got "x"';

describe('a cache that was destroyed', () => {
  it.each([false, true])('of SLUB is an error that says so, and changes nothing; strict: %s', (strict) => {
    const { ctx, cache, machine } = slubWorld(strict);
    const object = slubAlloc(ctx, cache, GFP_KERNEL)!;
    slubFree(ctx, cache, object);
    expect(kmemCacheDestroy(ctx, cache)).toBe(true);
    const before = digest(machine.frames.flags, cache.cpu, cache.node);
    expect(
      [
        () => slubAlloc(ctx, cache, GFP_KERNEL),
        () => slubAllocBulk(ctx, cache, GFP_KERNEL, 2, []),
        () => {
          slubFree(ctx, cache, object);
        },
        () => {
          slubFreeBulk(ctx, cache, [object]);
        },
        () => kmemCacheDestroy(ctx, cache),
      ].map(messageOf),
    ).toEqual(Array.from({ length: 5 }, () => DESTROYED));
    expect(digest(machine.frames.flags, cache.cpu, cache.node)).toEqual(before);
  });

  it.each([false, true])('of SLAB is an error that says so, and changes nothing; strict: %s', (strict) => {
    const { ctx, cache, machine } = slabWorld(strict);
    const object = slabAlloc(ctx, cache, GFP_KERNEL)!;
    slabFree(ctx, cache, object);
    expect(slabDestroy(ctx, cache)).toBe(true);
    const before = digest(machine.frames.flags, cache.node, ...cache.arrays.map(({ words }) => words));
    expect(
      [
        () => slabAlloc(ctx, cache, GFP_KERNEL),
        () => slabAllocBulk(ctx, cache, GFP_KERNEL, 2, []),
        () => {
          slabFree(ctx, cache, object);
        },
        () => {
          slabFreeBulk(ctx, cache, [object]);
        },
        () => slabDestroy(ctx, cache),
        () => tuneCache(ctx, cache, 120, 60, 8),
      ].map(messageOf),
    ).toEqual(Array.from({ length: 6 }, () => DESTROYED));
    expect(digest(machine.frames.flags, cache.node, ...cache.arrays.map(({ words }) => words))).toEqual(
      before,
    );
  });
});

describe('what is of the other allocator', () => {
  it('is no cache and no allocator of this one', () => {
    const { ctx, cache: ofSlub, system: slub } = slubWorld();
    const { cache: ofSlab, system: slab } = slabWorld();
    expect(
      [
        () => slubAlloc(ctx, ofSlab as unknown as SlubCache, GFP_KERNEL),
        () => {
          slubFree(ctx, ofSlab as unknown as SlubCache, 4096);
        },
        () => slubKmalloc(ctx, slab as unknown as SlubSystem, 64, GFP_KERNEL),
        () => {
          slubKfree(ctx, slab as unknown as SlubSystem, 4096);
        },
        () => slabAlloc(ctx, ofSlub as unknown as SlabCache, GFP_KERNEL),
        () => {
          slabFree(ctx, ofSlub as unknown as SlabCache, 4096);
        },
        () => slabKmalloc(ctx, slub as unknown as SlabSystem, 64, GFP_KERNEL),
        () => {
          slabKfree(ctx, slub as unknown as SlabSystem, 4096);
        },
      ].map(messageOf),
    ).toEqual([
      'cache: expected a cache of SLUB, got an object',
      'cache: expected a cache of SLUB, got an object',
      'system: expected a SlubSystem, got an object',
      'system: expected a SlubSystem, got an object',
      'cache: expected a cache of SLAB, got an object',
      'cache: expected a cache of SLAB, got an object',
      'system: expected a SlabSystem, got an object',
      'system: expected a SlabSystem, got an object',
    ]);
  });
});
