import { BUDDY_MASK, PageFlag, buddyKey, orderOfFlags } from '@mm/memory';

import { MIGRATE_TYPES, TOP_ORDER } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';

// Heads of lists are numbered (zone * 6 + type) * 16 + order, so that a head tells its list by shifts.
const HEAD_SHIFT = 4;
const HEAD_ORDER_MASK = 15;
/** Head slots of a zone. */
export const ZONE_HEADS: number = MIGRATE_TYPES << HEAD_SHIFT;

/** The number of the list set of (zone, type): the index in `listMask`. */
export const listSet = (zone: number, type: number): number => zone * MIGRATE_TYPES + type;

/** The head slot of the list of (zone, order below the top, type). */
export const listHead = (pages: PageAllocator, zone: number, order: number, type: number): number =>
  pages.listBase + ((zone * MIGRATE_TYPES + type) << HEAD_SHIFT) + order;

/** The head number of the top-order list of (zone, type). */
export const topHead = (pages: PageAllocator, zone: number, type: number): number =>
  pages.topHeads + zone * MIGRATE_TYPES + type;

/** The counter of free blocks of (zone, order) in `areaFree`. */
export const areaOf = (zone: number, order: number): number => (zone << HEAD_SHIFT) + order;

/** Links `slot` behind `at`. */
export function linkAfter(next: Int32Array, prev: Int32Array, at: number, slot: number): void {
  const after = next[at]!;
  next[slot] = after;
  prev[slot] = at;
  prev[after] = slot;
  next[at] = slot;
}

/** Takes `slot` out of the list it is on. */
export function unlink(next: Int32Array, prev: Int32Array, slot: number): void {
  const after = next[slot]!;
  const before = prev[slot]!;
  next[before] = after;
  prev[after] = before;
}

/** As {@link unlink}, for a block on a free list below the top order; keeps `listMask`. */
export function unlinkFree(pages: PageAllocator, next: Int32Array, prev: Int32Array, slot: number): void {
  const after = next[slot]!;
  const before = prev[slot]!;
  next[before] = after;
  prev[after] = before;
  // Both neighbours are one: the head, and the list is empty now.
  if (after === before) {
    const head = after - pages.listBase;
    pages.listMask[head >> HEAD_SHIFT]! &= ~(1 << (head & HEAD_ORDER_MASK));
  }
}

/**
 * Puts a block below the top order on a free list and marks it free.
 * @see linux 6.1 mm/page_alloc.c add_to_free_list, add_to_free_list_tail, set_buddy_order
 */
export function addFree(
  pages: PageAllocator,
  zone: number,
  slot: number,
  order: number,
  type: number,
  toTail: boolean,
): void {
  const { flags, next, prev } = pages.frames;
  const head = listHead(pages, zone, order, type);
  flags[slot] = (flags[slot]! & ~BUDDY_MASK) | buddyKey(zone, order);
  linkAfter(next, prev, toTail ? prev[head]! : head, slot);
  pages.listMask[listSet(zone, type)]! |= 1 << order;
  pages.areaFree[areaOf(zone, order)]!++;
}

/** Takes a block below the top order off its free list. @see linux 6.1 mm/page_alloc.c del_page_from_free_list */
export function removeFree(pages: PageAllocator, zone: number, slot: number, order: number): void {
  const { flags, next, prev } = pages.frames;
  unlinkFree(pages, next, prev, slot);
  flags[slot]! &= ~BUDDY_MASK;
  pages.areaFree[areaOf(zone, order)]!--;
}

/** Puts a block of the top order on a free list. */
export function addTopFree(
  pages: PageAllocator,
  zone: number,
  block: number,
  type: number,
  toTail: boolean,
): void {
  const head = topHead(pages, zone, type);
  linkAfter(pages.topNext, pages.topPrev, toTail ? pages.topPrev[head]! : head, block);
  pages.topFree[block] = 1;
  pages.listMask[listSet(zone, type)]! |= 1 << TOP_ORDER;
  pages.areaFree[areaOf(zone, TOP_ORDER)]!++;
}

/** Takes a block of the top order off its free list. */
export function removeTopFree(pages: PageAllocator, zone: number, block: number): void {
  unlinkTop(pages, block);
  pages.topFree[block] = 0;
  pages.areaFree[areaOf(zone, TOP_ORDER)]!--;
}

function unlinkTop(pages: PageAllocator, block: number): void {
  const { topNext, topPrev } = pages;
  unlink(topNext, topPrev, block);
  const head = topNext[block]!;
  if (head === topPrev[block]) pages.listMask[head - pages.topHeads]! &= ~(1 << TOP_ORDER);
}

/** Whether the list of (zone, order, type) has no block. */
export const isListEmpty = (pages: PageAllocator, zone: number, order: number, type: number): boolean =>
  ((pages.listMask[zone * MIGRATE_TYPES + type]! >> order) & 1) === 0;

/** The pfn of the first block of a list, or -1. @see linux 6.1 mm/page_alloc.c get_page_from_free_area */
export function firstFree(pages: PageAllocator, zone: number, order: number, type: number): number {
  if (isListEmpty(pages, zone, order, type)) return -1;
  if (order === TOP_ORDER) return pages.topNext[topHead(pages, zone, type)]! << TOP_ORDER;
  return pages.frames.pfnOf(pages.frames.next[listHead(pages, zone, order, type)]!);
}

/** The order of the free block that `pfn` heads, or -1. */
export function freeOrderAt(pages: PageAllocator, pfn: number): number {
  const frames = pages.frames;
  const flags = frames.flags[frames.peekSlotOf(pfn)]!;
  if ((flags & PageFlag.buddy) !== 0) return orderOfFlags(flags);
  return (pfn & 1023) === 0 && pages.topFree[pfn >> TOP_ORDER] === 1 ? TOP_ORDER : -1;
}

/**
 * Moves the free block at `pfn` to the tail of the list of another type.
 * @see linux 6.1 mm/page_alloc.c move_to_free_list
 */
export function moveFree(pages: PageAllocator, zone: number, pfn: number, order: number, type: number): void {
  if (order === TOP_ORDER) {
    const block = pfn >> TOP_ORDER;
    unlinkTop(pages, block);
    linkAfter(pages.topNext, pages.topPrev, pages.topPrev[topHead(pages, zone, type)]!, block);
  } else {
    const { next, prev } = pages.frames;
    const slot = pages.frames.peekSlotOf(pfn);
    unlinkFree(pages, next, prev, slot);
    linkAfter(next, prev, prev[listHead(pages, zone, order, type)]!, slot);
  }
  pages.listMask[listSet(zone, type)]! |= 1 << order;
}
