import { LogLevel, OptionError } from '@mm/printk';

import { GfpBit } from './gfp-bits.js';
import { MAX_ORDER } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';

/** @throws OptionError when `gfp` is not an integer in [0, 2^31). */
export function checkGfp(gfp: number): void {
  if (gfp !== gfp >>> 0 || gfp > 0x7fffffff) throw new OptionError('gfp', 'an integer in [0, 2^31)', gfp);
}

/**
 * The answer to an order that is not 0..10: once a warning in the log, and no memory.
 * @throws OptionError when `order` is not an integer from 0.
 */
export function refuseOrder(pages: PageAllocator, gfp: number, order: number): -1 {
  if (!Number.isInteger(order) || order < 0) throw new OptionError('order', 'an integer from 0', order);
  if ((gfp & GfpBit.NOWARN) === 0 && !pages.warnedOnce.has('order')) {
    pages.warnedOnce.add('order');
    pages.log.write(LogLevel.warning, 'WARNING: CPU: 0 PID: 1 at mm/page_alloc.c __alloc_pages');
  }
  return -1;
}

/**
 * The slot of a block that a caller gives back.
 * @throws OptionError when `pfn` is no page frame of the machine or not a multiple of 2^order, or
 * `order` is not in 0..10.
 */
export function slotToFree(pages: PageAllocator, pfn: number, order: number): number {
  const frames = pages.frames;
  const base = frames.directory[pfn >> 10];
  if (base !== undefined && base !== 0 && order >>> 0 === order && order < MAX_ORDER) {
    if ((pfn & ((1 << order) - 1)) === 0 && pfn === pfn >>> 0) return base + (pfn & 1023);
  }
  return checkedSlot(pages, pfn, order);
}

function checkedSlot(pages: PageAllocator, pfn: number, order: number): number {
  if (!Number.isInteger(order) || order < 0 || order >= MAX_ORDER)
    throw new OptionError('order', `an integer in [0, ${MAX_ORDER - 1}]`, order);
  if (!Number.isInteger(pfn) || !pages.frames.map.has(pfn))
    throw new OptionError('pfn', 'a page frame in the memory map', pfn);
  if (pfn % (1 << order) !== 0) throw new OptionError('pfn', `a multiple of ${1 << order}`, pfn);
  return pages.frames.slotOf(pfn);
}
