import { expect, test } from 'vitest';

import type { KmemCache, OpenRequest } from './kmem-cache.js';
import { findMergeable, isUnmergeable } from './merge.js';
import { SLAB_ARCH_X86_64 } from './slab-arch.js';
import { SLAB_CACHE_DMA32, SLAB_POISON } from './slab-flags.js';

const cacheOf = (changes: Partial<KmemCache>): KmemCache =>
  ({
    name: 'old',
    size: 64,
    align: 8,
    flags: 0,
    ctor: null,
    usersize: 0,
    refcount: 1,
    ...changes,
  }) as KmemCache;

const REQUEST: OpenRequest = {
  name: 'new',
  size: 64,
  align: 0,
  flags: 0,
  useroffset: 0,
  usersize: 0,
  ctor: null,
  refcount: 1,
};

/** Whether a cache like `old` takes a user of `size` bytes at a multiple of `align`. */
function takes(old: Partial<KmemCache>, size: number, align = 0, isSlab = false): boolean {
  const request = { ...REQUEST, size, align };
  const rules = { arch: SLAB_ARCH_X86_64, isSlab, nomerge: false };
  return findMergeable([cacheOf(old)], rules, request, old.flags ?? 0) !== null;
}

test('an object fits with less than a pointer to spare', () => {
  expect([48, 56, 57, 64, 65].map((size) => takes({}, size))).toEqual([false, false, true, true, false]);
});

test('the object size must be a multiple of the alignment', () => {
  expect(takes({ size: 96 }, 96, 32)).toBe(true);
  expect(takes({ size: 104 }, 97, 16)).toBe(false);
});

test('SLAB alone wants the alignment of the old cache to be a multiple', () => {
  expect(takes({ align: 8 }, 64, 64)).toBe(true);
  expect(takes({ align: 8 }, 64, 64, true)).toBe(false);
  expect(takes({ align: 64 }, 64, 64, true)).toBe(true);
  expect(takes({ align: 24 }, 64, 16, true)).toBe(false);
  expect(takes({ align: 64 }, 64, 16, true)).toBe(true);
});

test('the oldest that fits is taken', () => {
  const caches = [
    cacheOf({ name: 'dma32', flags: SLAB_CACHE_DMA32 }),
    cacheOf({ name: 'a' }),
    cacheOf({ name: 'b' }),
  ];
  const request = REQUEST;
  const rules = { arch: SLAB_ARCH_X86_64, isSlab: false, nomerge: false };
  expect(findMergeable(caches, rules, request, 0)?.name).toBe('a');
  expect(findMergeable(caches, { ...rules, nomerge: true }, request, 0)).toBeNull();
  expect(findMergeable(caches, rules, request, SLAB_POISON)).toBeNull();
  expect(findMergeable(caches, rules, { ...request, ctor: () => {} }, 0)).toBeNull();
});

test.each<[string, Partial<KmemCache>, boolean]>([
  ['a plain cache', {}, false],
  ['one that poisons', { flags: SLAB_POISON }, true],
  ['one with a constructor', { ctor: () => {} }, true],
  ['one with a region for user copies', { usersize: 1 }, true],
  ['one that the allocator needs itself', { refcount: -1 }, true],
  ['one whose last user is going', { refcount: 0 }, false],
])('%s', (_, changes, never) => {
  expect(isUnmergeable(cacheOf(changes), false)).toBe(never);
  expect(isUnmergeable(cacheOf(changes), true)).toBe(true);
});
