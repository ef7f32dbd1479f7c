import { KernelBug, KernelLog } from '@mm/printk';
import { CellSpace } from '@mm/steps';
import { GFP_KERNEL, __GFP_DMA32, __GFP_HIGHMEM } from '@mm/zones';
import { describe, expect, test } from 'vitest';

import {
  CacheRegister,
  type KmemCache,
  type OpenRequest,
  SLAB_ARCH_X86_64,
  SLAB_CACHE_DMA,
  SLAB_CACHE_DMA32,
  SLAB_HWCACHE_ALIGN,
  SLAB_PANIC,
  type Series,
  calculateAlignment,
  fixSlabGfp,
  forbiddenGfp,
  formatSlabFlags,
  kmallocClasses,
  kmallocIndex,
  slabArchOf,
} from './index.js';

/** A register over an allocator that makes anything of at most 4 MiB. */
function register(series: Series = 'merged', log = new KernelLog()): CacheRegister<KmemCache> {
  return new CacheRegister<KmemCache>(
    { arch: SLAB_ARCH_X86_64, series, build: 'slub', log, nomerge: false, cells: new CellSpace(), cpus: 1 },
    {
      prepare() {},
      bootFlags: (flags) => flags,
      open: (request: OpenRequest) =>
        request.size > 2 ** 22 ? -22 : { ...request, objectSize: request.size, system: { log } },
      alias: () => true,
    },
  );
}

test('objects are aligned to the part of a cache line that holds them', () => {
  const sizes = [8, 9, 24, 33, 64, 65].map((size) =>
    calculateAlignment(SLAB_ARCH_X86_64, SLAB_HWCACHE_ALIGN, 0, size),
  );
  expect(sizes).toEqual([8, 16, 32, 64, 64, 64]);
  expect(calculateAlignment(SLAB_ARCH_X86_64, 0, 3, 100)).toBe(8);
  expect(() => calculateAlignment(SLAB_ARCH_X86_64, SLAB_HWCACHE_ALIGN, 0, 0)).toThrow(KernelBug);
});

test('kmalloc has the classes of its architecture', () => {
  expect(
    [1, 8, 9, 65, 96, 97, 128, 129, 192, 193, 8192].map((size) => kmallocIndex(SLAB_ARCH_X86_64, size)),
  ).toEqual([3, 3, 4, 1, 1, 7, 7, 2, 2, 8, 13]);
  const names = kmallocClasses(slabArchOf('arm64'), false).map(({ name }) => name);
  expect(names.slice(0, 3)).toEqual(['kmalloc-128', 'kmalloc-256', 'kmalloc-512']);
  expect(names).not.toContain('kmalloc-96');
  expect(names).not.toContain('dma-kmalloc-1k');
});

describe('the series', () => {
  test.each(['4.15', 'none'] as const)('%s knows no cache for DMA32', (series) => {
    const log = new KernelLog();
    expect(register(series, log).create({ name: 'l2', size: 1024, flags: SLAB_CACHE_DMA32 })).toBeNull();
    expect(log.dmesg()).toEqual(['kmem_cache_create_usercopy(l2) failed with error -22']);
  });

  test('only v4 lets a cache made for DMA32 be asked for it, where there is the zone', () => {
    const allowed = (['4.15', 'none', 'v4', 'merged'] as const).filter(
      (series) => (forbiddenGfp(series, true, SLAB_CACHE_DMA32) & __GFP_DMA32) === 0,
    );
    expect(allowed).toEqual(['v4']);
    expect(forbiddenGfp('v4', false, SLAB_CACHE_DMA32) & __GFP_DMA32).not.toBe(0);
    expect(forbiddenGfp('v4', true, SLAB_CACHE_DMA) & __GFP_DMA32).not.toBe(0);
    expect(forbiddenGfp('v4', true, SLAB_CACHE_DMA32) & __GFP_HIGHMEM).not.toBe(0);
  });

  test('a forbidden flag is taken off with a warning', () => {
    const log = new KernelLog();
    expect(fixSlabGfp(log, GFP_KERNEL | __GFP_DMA32, forbiddenGfp('merged', true, 0))).toBe(GFP_KERNEL);
    expect(log.dmesg()).toEqual([
      'Unexpected gfp: 0x4 (GFP_DMA32). Fixing up to gfp: 0xcc0 (GFP_KERNEL). Fix your code!',
    ]);
  });
});

test('caches of different zones are never merged; others of like size are', () => {
  const caches = register();
  const plain = caches.create({ name: 'a', size: 64 });
  expect(caches.create({ name: 'b', size: 60 })).toBe(plain);
  expect(plain!.refcount).toBe(2);
  const dma = caches.create({ name: 'c', size: 64, flags: SLAB_CACHE_DMA });
  const dma32 = caches.create({ name: 'd', size: 64, flags: SLAB_CACHE_DMA32 });
  expect(new Set([plain, dma, dma32]).size).toBe(3);
  expect(caches.create({ name: 'e', size: 64, ctor: () => {} })).not.toBe(plain);
});

test('SLAB_PANIC and a failure end in a panic; wrong arguments are named', () => {
  expect(() => register().create({ name: 'big', size: 2 ** 23, flags: SLAB_PANIC })).toThrow(
    /Failed to create slab 'big'. Error -22/u,
  );
  expect(() => register().create({ name: '', size: 8 })).toThrow(
    'name: expected a name of at least one character',
  );
  expect(() => register().create({ name: 'x', size: -1 })).toThrow(
    'size: expected an integer of 0 to 4294967295, got -1',
  );
  expect(() => register().create({ name: 'x', size: 8, align: 0.5 })).toThrow('align: expected');
});

test('flags are told in words', () => {
  expect(formatSlabFlags(SLAB_CACHE_DMA32 | SLAB_PANIC)).toBe('SLAB_CACHE_DMA32|SLAB_PANIC');
  expect(formatSlabFlags(0)).toBe('0');
  expect(formatSlabFlags(1)).toBe('0x1');
});
