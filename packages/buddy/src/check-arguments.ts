import { OptionError, checkInteger } from '@mm/printk';

import { MAX_ORDER, MIGRATE_TYPES, MigrateType, NR_PCP_LISTS } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { warnOnceGfp } from './warn-once.js';

// A local constant: imported ones are read from their module each time.
const TOP = MAX_ORDER - 1;

/** A page allocator, by what only it has: its class would make the imports a circle. @throws OptionError for anything else. */
export function checkAllocator(pages: PageAllocator): PageAllocator {
  if (!((pages as Partial<PageAllocator> | null)?.blockInfo instanceof Uint8Array))
    throw new OptionError('pages', 'a PageAllocator', pages);
  return pages;
}

/** @throws OptionError for no allocator, and what is not the index of a zone. */
export function checkZone(pages: PageAllocator, zone: number): number {
  return checkInteger('zone', zone, 0, checkAllocator(pages).nrZones - 1);
}

/** @throws OptionError for no allocator, and what is no CPU of the machine. */
export function checkCpu(pages: PageAllocator, cpu: number): number {
  return checkInteger('cpu', cpu, 0, checkAllocator(pages).cpus - 1);
}

/** @throws OptionError for what is no order, 0..10. */
export const checkOrder = (order: number): number => checkInteger('order', order, 0, TOP);

/** @throws OptionError for what is no migrate type, 0..5. */
export const checkType = (type: number): number => checkInteger('type', type, 0, MIGRATE_TYPES - 1);

/** @throws OptionError for what is no index of a per-cpu list, 3 × order + migrate type. */
export const checkPcpIndex = (index: number): number => checkInteger('index', index, 0, NR_PCP_LISTS - 1);

/** @throws OptionError for no allocator, and what is no page frame in the memory map. */
export function checkPfn(pages: PageAllocator, pfn: number): number {
  if (!checkAllocator(pages).frames.map.has(pfn) || !Number.isInteger(pfn))
    throw new OptionError('pfn', 'a page frame in the memory map', pfn);
  return pfn;
}

/** As {@link checkPfn}, of the first page of a block. @throws OptionError too for what is not a multiple of 2^order. */
export function checkBlock(pages: PageAllocator, pfn: number, order: number): void {
  checkPfn(pages, pfn);
  if (pfn % (1 << checkOrder(order)) !== 0) throw new OptionError('pfn', `a multiple of ${1 << order}`, pfn);
}

/** @throws OptionError when `gfp` is not an integer in [0, 2^31). */
export function checkGfp(gfp: number): void {
  if (typeof gfp !== 'number' || gfp !== gfp >>> 0 || gfp > 0x7fffffff)
    throw new OptionError('gfp', 'an integer in [0, 2^31)', gfp);
}

/**
 * The answer to a request that is not plain: `null` where the kernel fails it.
 * @throws OptionError for what only a caller here can get wrong.
 */
export function refuseRequest(pages: PageAllocator, gfp: number, order: number): null {
  checkGfp(gfp);
  return refuseOrder(pages, gfp, order);
}

/**
 * The answer to an order that is not 0..10: once a warning in the log, and no memory.
 * @throws OptionError when `order` is not an integer from 0.
 */
export function refuseOrder(pages: PageAllocator, gfp: number, order: number): null {
  if (!Number.isInteger(order) || order < 0) throw new OptionError('order', 'an integer from 0', order);
  warnOnceGfp(pages, gfp, 'mm/page_alloc.c:5634 __alloc_pages');
  return null;
}

/**
 * The slot of a block that a caller gives back.
 * @throws OptionError when `pfn` is no page frame of the machine or not a multiple of 2^order, or
 * `order` is not in 0..10.
 */
export function slotToFree(pages: PageAllocator, pfn: number, order: number): number {
  const { directory } = pages.frames;
  const section = pfn >> 10;
  const aligned = (pfn | 0) === pfn && (pfn & ((1 << order) - 1)) === 0;
  if (aligned && order >>> 0 === order && order <= TOP && section >= 0 && section < directory.length) {
    const base = directory[section]!;
    if (base !== 0) return (base + (pfn & 1023)) | 0;
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

/** @throws OptionError when `count` is not an integer that `room` has elements for. */
export function checkRoom(count: number, room: Int32Array): void {
  if (!(room instanceof Int32Array)) throw new OptionError('pfns', 'an Int32Array', room);
  if (!Number.isInteger(count) || count < 0 || count > room.length)
    throw new OptionError('count', `an integer in [0, ${room.length}], the room there is`, count);
}

/** @throws OptionError when `count` pages from `pfn` are not all in the memory map. */
export function checkPages(pages: PageAllocator, pfn: number, count: number): void {
  const { map } = pages.frames;
  for (let at = pfn, end = pfn + count; at < end; at = map.endOfRangeAt(at))
    if (!map.has(at)) throw new OptionError('sizeBytes', 'bytes that are all memory', count * 4096);
}

/** @throws OptionError when `sizeBytes` is not a positive integer. */
export function checkSize(sizeBytes: number): void {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1)
    throw new OptionError('sizeBytes', 'a positive integer', sizeBytes);
}

/** @throws OptionError when `addr` is not the address of a page of the machine. */
export function pfnOfAddr(pages: PageAllocator, addr: number): number {
  if (!Number.isSafeInteger(addr) || addr < 0 || addr % 4096 !== 0 || !pages.frames.map.has(addr / 4096))
    throw new OptionError('addr', 'the address of a page, a multiple of 4096', addr);
  return addr / 4096;
}

/**
 * The zone of a page frame.
 * @throws OptionError when `pfn` is in no zone.
 */
export function checkBlockPfn(pages: PageAllocator, pfn: number): number {
  checkPfn(pages, pfn);
  for (let zone = 0; zone < pages.nrZones; zone++) {
    const start = pages.zones.startPfn[zone]!;
    if (pfn >= start && pfn < start + pages.zones.spanned[zone]!) return zone;
  }
  throw new OptionError('pfn', 'a page frame in a zone', pfn);
}

/** @throws OptionError when `type` is no migrate type that a pageblock can be given. */
export function checkBlockType(type: number): void {
  if (!Number.isInteger(type) || type < 0 || type >= MigrateType.ISOLATE)
    throw new OptionError('type', 'a migrate type in [0, 4]', type);
}
