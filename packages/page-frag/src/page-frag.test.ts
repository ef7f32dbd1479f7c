import { PageAllocator, allocPages, drainAllPages, freePages, freePagesOf, releaseRange } from '@mm/buddy';
import { PageFrames, PhysicalMemory } from '@mm/memory';
import { KernelLog } from '@mm/printk';
import { CellSpace, Context } from '@mm/steps';
import { GFP_ATOMIC, GFP_KERNEL, Zones } from '@mm/zones';
import { describe, expect, test } from 'vitest';

import {
  PageFragCache,
  checkPageFragInvariants,
  pageFragAlloc,
  pageFragAllocAlign,
  pageFragCacheDrain,
  pageFragFree,
} from './index.js';

function boot(pageCount = 4096): { ctx: Context; pages: PageAllocator; cache: PageFragCache } {
  const ranges = [{ startPfn: 0, endPfn: pageCount }];
  const cells = new CellSpace();
  const zones = new Zones([
    {
      name: 'Normal',
      startPfn: 0,
      spannedPages: pageCount,
      presentPages: pageCount,
      managedPages: pageCount,
    },
    { name: 'Movable', startPfn: 0, spannedPages: 0, presentPages: 0, managedPages: 0 },
  ]);
  zones.pcpHigh.fill(125);
  zones.pcpBatch.fill(3);
  const memory = new PhysicalMemory(ranges);
  const pages = new PageAllocator({
    memory,
    frames: new PageFrames(ranges),
    zones,
    cells,
    log: new KernelLog(),
  });
  releaseRange(pages, 0, pageCount);
  return { ctx: new Context(), pages, cache: new PageFragCache(pages, cells) };
}

describe('fragments', () => {
  test('are cut from the end of a block of 32 KiB, downwards', () => {
    const { ctx, cache } = boot();
    const first = pageFragAlloc(ctx, cache, 1000, GFP_KERNEL)!;
    const second = pageFragAlloc(ctx, cache, 24, GFP_KERNEL)!;
    expect(first % 32768).toBe(32768 - 1000);
    expect(second).toBe(first - 24);
    expect(checkPageFragInvariants(cache, 2)).toEqual([]);
  });

  test('are aligned by masking the offset', () => {
    const { ctx, cache } = boot();
    pageFragAlloc(ctx, cache, 100, GFP_KERNEL);
    expect(pageFragAllocAlign(ctx, cache, 100, GFP_KERNEL, -1024)! % 1024).toBe(0);
  });

  test('a page of 1-byte fragments never runs out of references', () => {
    const { ctx, cache, pages } = boot();
    const all = Array.from({ length: 32768 }, () => pageFragAlloc(ctx, cache, 1, GFP_KERNEL)!);
    expect(cache.pagecntBias).toBe(1);
    for (const addr of all) pageFragFree(ctx, pages, addr);
    expect(checkPageFragInvariants(cache, 0)).toEqual([]);
  });
});

describe('a block', () => {
  test('is used again once all its fragments are free, with the old bytes in it', () => {
    const { ctx, cache, pages } = boot();
    const addr = pageFragAlloc(ctx, cache, 32768, GFP_KERNEL | 0x100)!;
    pages.memory.write32(addr, 0x1234);
    pageFragFree(ctx, pages, addr);
    expect(pageFragAlloc(ctx, cache, 32768, GFP_KERNEL | 0x100)).toBe(addr);
    expect(pages.memory.read32(addr)).toBe(0x1234);
  });

  test('with a live fragment is left to it, and freed with the last', () => {
    const { ctx, cache, pages } = boot();
    const before = freePagesOf(pages, 0);
    const held = pageFragAlloc(ctx, cache, 20000, GFP_KERNEL)!;
    const other = pageFragAlloc(ctx, cache, 20000, GFP_KERNEL)!;
    expect(Math.floor(other / 32768)).not.toBe(Math.floor(held / 32768));
    pageFragFree(ctx, pages, held);
    pageFragFree(ctx, pages, other);
    pageFragCacheDrain(ctx, cache);
    drainAllPages(ctx, pages);
    expect(freePagesOf(pages, 0)).toBe(before);
  });

  test('is a single page when there is none of 32 KiB; what is larger then fails and changes nothing', () => {
    const { ctx, cache, pages } = boot(1024);
    const held: number[] = [];
    for (
      let pfn = allocPages(ctx, pages, GFP_ATOMIC, 0);
      pfn !== null;
      pfn = allocPages(ctx, pages, GFP_ATOMIC, 0)
    ) {
      held.push(pfn);
    }
    freePages(ctx, pages, held[0]!, 0);
    expect(pageFragAlloc(ctx, cache, 1024, GFP_ATOMIC)).not.toBeNull();
    expect(cache.size).toBe(4096);
    expect(pageFragAlloc(ctx, cache, 8192, GFP_ATOMIC)).toBeNull();
  });
});

describe('misuse does what it does in the kernel', () => {
  test('a fragment freed once more leaves the free block that it lay in alone but for a reference', () => {
    // One block of 512 pages.
    const { ctx, cache, pages } = boot(512);
    const before = freePagesOf(pages, 0);
    const addr = pageFragAlloc(ctx, cache, 1000, GFP_KERNEL)!;
    pageFragFree(ctx, pages, addr);
    pageFragCacheDrain(ctx, cache);
    drainAllPages(ctx, pages);
    expect(freePagesOf(pages, 0)).toBe(before);
    // Its order is written on its first page, but it is not compound.
    pageFragFree(ctx, pages, 0);
    expect(freePagesOf(pages, 0)).toBe(before);
    expect(pages.frames.refcount[pages.frames.slotOf(0)]).toBe(-1);
    expect(pages.log.dmesg()).toEqual([]);
  });

  test('a size that is negative as a signed number lies behind the block', () => {
    const { ctx, cache } = boot();
    const addr = pageFragAlloc(ctx, cache, 2 ** 32 - 8, GFP_KERNEL)!;
    expect(addr - cache.pfn * 4096).toBe(32768 + 8);
    expect(pageFragAlloc(ctx, cache, 2 ** 31 + 8, GFP_KERNEL)).toBeNull();
  });
});

test('sizes that C could not pass are refused', () => {
  const { ctx, cache } = boot();
  expect(() => pageFragAlloc(ctx, cache, -1, GFP_KERNEL)).toThrow('sizeBytes: expected an integer');
});
