import {
  GFP_SLAB_BUG_MASK,
  SLAB_CACHE_DMA,
  SLAB_CACHE_DMA32,
  SLAB_GFP_KEPT,
  SLAB_HWCACHE_ALIGN,
  type Series,
  forbiddenGfp,
} from '@mm/kmem';
import { SERIES, createMachine } from '@mm/machine';
import { ModelViolation } from '@mm/model';
import { GFP_KERNEL, gfpZone, gfpZoneTable, isBadGfpZone } from '@mm/zones';

import { type Check, hold } from './check.js';

const MASK = 'the flags that reach the page allocator are the formula';
const DMA = 1;
const HIGHMEM = 2;
const DMA32 = 4;
const MOVABLE = 8;
/** Bits about waiting, reserves and warnings, as the documentation of gfp flags lists them, and those about placement. */
const KEPT_BITS = [0x20, 0x40, 0x80, 0x200, 0x400, 0x800, 0x2000, 0x4000, 0x8000, 0x10000, 0x20000, 0x80000];

/** The forbidden bits by the series' own words: HIGHMEM always; DMA32 always, but in v4 for caches made for it. */
function isForbidden(bit: number, series: Series, zoneDma32: boolean, cacheFlags: number): boolean {
  if (bit === HIGHMEM) return true;
  if (bit !== DMA32) return false;
  return series !== 'v4' || !zoneDma32 || (cacheFlags & SLAB_CACHE_DMA32) === 0;
}

/** What the modifiers of a zone mean, as gfp.h documents them; null: they contradict each other. */
function documentedZone(bits: number): string | null {
  if ([DMA, HIGHMEM, DMA32].filter((bit) => (bits & bit) !== 0).length > 1) return null;
  if ((bits & DMA) !== 0) return 'DMA';
  if ((bits & DMA32) !== 0) return 'DMA32';
  if ((bits & HIGHMEM) === 0) return 'Normal';
  return (bits & MOVABLE) === 0 ? 'HighMem' : 'Movable';
}

/** Of flags and of sizes that follow from them. */
export const MASK_CHECKS: Readonly<Record<string, Check>> = {
  'slab masks: what a caller may ask for'() {
    for (const bit of [DMA, HIGHMEM, DMA32, MOVABLE]) hold(MASK, SLAB_GFP_KEPT & bit, 0);
    for (const bit of KEPT_BITS) hold(MASK, SLAB_GFP_KEPT & bit, bit);
    hold(MASK, GFP_SLAB_BUG_MASK & (DMA32 | HIGHMEM), DMA32 | HIGHMEM);
    for (const series of SERIES)
      for (const zoneDma32 of [true, false])
        for (const flags of [0, SLAB_CACHE_DMA, SLAB_CACHE_DMA32])
          for (const bit of [DMA, HIGHMEM, DMA32, ...KEPT_BITS])
            hold(
              MASK,
              (forbiddenGfp(series, zoneDma32, flags) & bit) !== 0,
              isForbidden(bit, series, zoneDma32, flags),
            );
  },

  'caches: merged requests fit'(random) {
    const machine = createMachine({ ramBytes: '64M', slab: random.below(2) === 0 ? 'slub' : 'slab' });
    for (let i = 0; i < 20; i++) {
      const size = 8 + random.below(400);
      const align = [0, 8, 32, 64, 128, 256][random.below(6)]!;
      const cache = machine.kmemCacheCreate({ name: `asked-${i}`, size, align });
      if (cache === null) throw new ModelViolation('a good request gets a cache', `${size} bytes, ${align}`);
      if (cache.size < size)
        throw new ModelViolation(
          'no live object overlaps another',
          `${size} bytes are served by objects of ${cache.size}`,
        );
      for (let k = 0; k < 3; k++) {
        const object = machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
        if (align > 0) hold('an object is aligned as its cache says', object % align, 0);
      }
    }
  },

  'caches: alignment to cache lines'() {
    const machine = createMachine({ ramBytes: '64M' });
    for (let size = 1; size <= 200; size++) {
      const request = { name: `line-${size}`, size, flags: SLAB_HWCACHE_ALIGN };
      const cache = machine.kmemCacheCreate(request)!;
      const lines = new Set<number>();
      for (let i = 0; i < 8; i++) {
        const object = machine.kmemCacheAlloc(cache, GFP_KERNEL)!;
        const first = Math.floor(object / 64);
        lines.add(Math.floor((object + size - 1) / 64) - first + 1);
      }
      hold('an object lies in as few cache lines as it can', Math.max(...lines), Math.ceil(size / 64));
    }
  },

  'kmalloc: every size fits its class'() {
    const machine = createMachine({ ramBytes: '64M' });
    let last: readonly [start: number, size: number] = [0, 0];
    for (let size = 1; size <= 8200; size += size < 600 ? 1 : 77) {
      const start = machine.kmalloc(size, GFP_KERNEL)!;
      const next = machine.kmalloc(size, GFP_KERNEL)!;
      if (Math.abs(next - start) < size)
        throw new ModelViolation('kmalloc gives what was asked for', `${size} bytes at ${start} and ${next}`);
      if (start < last[0] + last[1] && last[0] < start + size)
        throw new ModelViolation('kmalloc gives what was asked for', `${size} bytes at ${start}`);
      machine.kfree(next);
      last = [start, size];
      if (size % 40 !== 0) continue;
      const low = machine.kmalloc(size, GFP_KERNEL | DMA)!;
      hold('kmalloc gives memory of the zone asked for', low < 2 ** 24, true);
    }
  },

  'caches: flags that may be passed'() {
    for (const series of SERIES) {
      const machine = createMachine({ preset: 'arm64-2018', ramBytes: '64M', series });
      const cache = machine.kmemCacheCreate({ name: 'low', size: 320, flags: SLAB_CACHE_DMA32 });
      const may = series === 'v4' || series === 'merged';
      hold('before the series no cache for DMA32 can be made', cache !== null, may);
    }
  },

  'zones: the table of modifiers'() {
    const NAMES = ['DMA', 'DMA32', 'Normal', 'HighMem', 'Movable'] as const;
    const table = gfpZoneTable({ dma: true, dma32: true, highmem: true });
    for (let bits = 0; bits < 16; bits++) {
      const wanted = documentedZone(bits);
      const found = isBadGfpZone(bits) ? null : NAMES[gfpZone(table, bits)]!;
      hold('zone modifiers ask for what they are documented to', found, wanted);
    }
  },
};
