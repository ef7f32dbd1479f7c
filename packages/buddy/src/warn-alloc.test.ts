import { Context } from '@mm/steps';
import {
  __GFP_DIRECT_RECLAIM,
  __GFP_DMA,
  __GFP_NOFAIL,
  __GFP_NOWARN,
  GFP_ATOMIC,
  GFP_KERNEL,
} from '@mm/zones';
import { expect, test } from 'vitest';

import { smallMachine, wholeZone } from '../test/small-machine.js';
import {
  type PageAllocator,
  PageFaults,
  allocPages,
  allocPagesBulk,
  allocPagesExact,
  updateFloors,
} from './index.js';

/** All memory in use but for less than a block of the top order. */
function withoutTopBlocks(): PageAllocator {
  const pages = smallMachine();
  while (allocPages(new Context(), pages, GFP_KERNEL | __GFP_NOWARN, 10) !== null);
  return pages;
}

const warnings = ({ log }: PageAllocator): string[] =>
  log.dmesg().filter((line) => line.includes('WARNING: CPU: 0 PID: 1 at mm/page_alloc.c'));

test('of failures one is reported, in the ten seconds that no clock ends, and none with __GFP_NOWARN', () => {
  const pages = withoutTopBlocks();
  expect(pages.log.dmesg()).toEqual([]);
  for (let i = 0; i < 20; i++) expect(allocPages(new Context(), pages, GFP_KERNEL, 10)).toBeNull();
  expect(pages.log.dmesg()).toHaveLength(1);
  expect(pages.log.dmesg()[0]).toContain('page allocation failure: order:10, mode:0xcc0(GFP_KERNEL)');
});

test('where no zone may be used the failure is reported, but not that ZONE_DMA without memory has none', () => {
  const specs = [wholeZone('DMA', 0, 0), wholeZone('DMA32', 0, 0), wholeZone('Normal', 0, 16_384)];
  const dma32 = smallMachine({ specs });
  expect(allocPages(new Context(), dma32, 0xcc4, 0)).toBeNull();
  expect(dma32.log.dmesg().join()).toContain('order:0, mode:0xcc4(GFP_KERNEL|GFP_DMA32)');
  const dma = smallMachine({ specs });
  expect(allocPages(new Context(), dma, GFP_KERNEL | __GFP_DMA, 0)).toBeNull();
  expect(dma.log.dmesg()).toEqual([]);
});

test('a failure in ZONE_DMA that has memory is reported', () => {
  const pages = smallMachine({ specs: [wholeZone('DMA', 0, 2048), wholeZone('Normal', 2048, 16_384)] });
  while (allocPages(new Context(), pages, GFP_KERNEL | __GFP_DMA, 10) !== null);
  expect(pages.log.dmesg()).toHaveLength(1);
});

test('blocks of more than two pages that must not come to nothing are warned of once, as they are taken', () => {
  const pages = smallMachine();
  const ctx = new Context();
  allocPages(ctx, pages, GFP_KERNEL | __GFP_NOFAIL, 1);
  expect(pages.log.dmesg()).toEqual([]);
  for (let i = 0; i < 2; i++) allocPages(ctx, pages, GFP_KERNEL | __GFP_NOFAIL, 2);
  expect(warnings(pages)).toHaveLength(1);
  expect(warnings(pages)[0]).toContain('3891 get_page_from_freelist');
  expect(pages.log.taintText).toContain('W');
});

test('what must not fail gets half of the min watermark, if it may wait, and is warned of if not', () => {
  const pages = smallMachine({ minPages: 100 });
  const ctx = new Context();
  while (allocPages(ctx, pages, GFP_KERNEL | __GFP_NOWARN, 0) !== null);
  expect(allocPages(ctx, pages, __GFP_NOFAIL, 0)).toBeNull();
  expect(warnings(pages)).toHaveLength(1);
  expect(warnings(pages)[0]).toContain('5367 __alloc_pages_slowpath');
  let taken = 0;
  while (allocPages(ctx, pages, GFP_KERNEL | __GFP_NOFAIL | __GFP_NOWARN, 0) !== null) taken++;
  expect(taken).toBeGreaterThan(40);
  expect(taken).toBeLessThanOrEqual(50 + pages.zones.pcpBatch[0]!);
});

test('a large block that must not fail is warned of when there is none', () => {
  const pages = withoutTopBlocks();
  expect(allocPages(new Context(), pages, GFP_KERNEL | __GFP_NOFAIL, 10)).toBeNull();
  expect(warnings(pages).map((line) => /page_alloc\.c:(\d+)/u.exec(line)![1])).toEqual(['5383']);
});

test('who is atomic and may wait is warned of below the watermark, and is not atomic', () => {
  const pages = withoutTopBlocks();
  const asked = GFP_ATOMIC | __GFP_DIRECT_RECLAIM;
  for (let i = 0; i < 2; i++) expect(allocPages(new Context(), pages, asked, 10)).toBeNull();
  expect(warnings(pages)).toHaveLength(1);
  expect(warnings(pages)[0]).toContain('5118 __alloc_pages_slowpath');
  // Of the mask, __GFP_ATOMIC is gone.
  expect(pages.log.dmesg().join()).toContain(`mode:0x${(asked & ~0x200).toString(16)}(`);
});

test('warnings have a head and taint the kernel', () => {
  const pages = smallMachine();
  allocPagesExact(new Context(), pages, 4096, GFP_KERNEL | 0x40000);
  expect(pages.log.dmesg()[0]).toContain('[ cut here ]');
  expect(warnings(pages)[0]).toContain('5930 alloc_pages_exact');
  expect(pages.log.taintText).toContain('W');
  const other = smallMachine();
  expect(allocPages(new Context(), other, GFP_KERNEL, 11)).toBeNull();
  expect(other.log.taintText).toContain('W');
});

test('a bulk allocation that is to fail takes no page, and asks for none alone', () => {
  const pages = smallMachine();
  const pfns = new Int32Array(8).fill(-1);
  pages.faults = new PageFaults({ times: 1 });
  updateFloors(pages);
  expect(allocPagesBulk(new Context(), pages, GFP_KERNEL, 8, pfns)).toBe(0);
  expect(allocPagesBulk(new Context(), pages, GFP_KERNEL, 8, pfns)).toBe(8);
});

test('an allocation that no zone may serve counts among those that fail on purpose', () => {
  const pages = smallMachine({ specs: [wholeZone('DMA32', 0, 0), wholeZone('Normal', 0, 16_384)] });
  pages.faults = new PageFaults({ interval: 2 });
  updateFloors(pages);
  expect(allocPages(new Context(), pages, 0xcc4, 0)).toBeNull();
  expect(allocPages(new Context(), pages, GFP_KERNEL, 0)).toBeNull();
  expect(allocPages(new Context(), pages, GFP_KERNEL, 0)).not.toBeNull();
});

test('allocations that may come from high memory can be left alone', () => {
  const faults = new PageFaults({ ignoreGfpHighmem: true });
  expect(faults.shouldFail(GFP_KERNEL | 2, 0)).toBe(false);
  expect(faults.shouldFail(GFP_KERNEL, 0)).toBe(true);
});
