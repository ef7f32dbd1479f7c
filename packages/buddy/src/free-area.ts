import { PageFlag } from '@mm/memory';

import { MAX_ORDER, MIGRATE_TYPES, TOP_ORDER } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';

/** The head slot of the list of (zone, order below the top, type). */
export const listHead = (pages: PageAllocator, zone: number, order: number, type: number): number =>
  pages.listBase + (zone * TOP_ORDER + order) * MIGRATE_TYPES + type;

/** The head number of the top-order list of (zone, type). */
export const topHead = (pages: PageAllocator, zone: number, type: number): number =>
  pages.topHeads + zone * MIGRATE_TYPES + type;

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

/**
 * Puts a block below the top order at the head of a free list and marks it free.
 * @see linux 6.1 mm/page_alloc.c add_to_free_list, set_buddy_order
 */
export function addFree(pages: PageAllocator, zone: number, slot: number, order: number, type: number): void {
  const frames = pages.frames;
  frames.flags[slot]! |= PageFlag.buddy;
  frames.order[slot] = order;
  linkAfter(frames.next, frames.prev, listHead(pages, zone, order, type), slot);
  pages.areaFree[zone * MAX_ORDER + order]!++;
}

/** As {@link addFree}, at the tail. @see linux 6.1 mm/page_alloc.c add_to_free_list_tail */
export function addFreeTail(
  pages: PageAllocator,
  zone: number,
  slot: number,
  order: number,
  type: number,
): void {
  const { frames } = pages;
  frames.flags[slot]! |= PageFlag.buddy;
  frames.order[slot] = order;
  linkAfter(frames.next, frames.prev, frames.prev[listHead(pages, zone, order, type)]!, slot);
  pages.areaFree[zone * MAX_ORDER + order]!++;
}

/** Takes a block below the top order off its free list. @see linux 6.1 mm/page_alloc.c del_page_from_free_list */
export function removeFree(pages: PageAllocator, zone: number, slot: number, order: number): void {
  const frames = pages.frames;
  unlink(frames.next, frames.prev, slot);
  frames.flags[slot]! &= ~PageFlag.buddy;
  pages.areaFree[zone * MAX_ORDER + order]!--;
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
  pages.areaFree[zone * MAX_ORDER + TOP_ORDER]!++;
}

/** Takes a block of the top order off its free list. */
export function removeTopFree(pages: PageAllocator, zone: number, block: number): void {
  unlink(pages.topNext, pages.topPrev, block);
  pages.topFree[block] = 0;
  pages.areaFree[zone * MAX_ORDER + TOP_ORDER]!--;
}

/** Whether the list of (zone, order, type) has no block. */
export function isListEmpty(pages: PageAllocator, zone: number, order: number, type: number): boolean {
  if (order === TOP_ORDER) {
    const head = topHead(pages, zone, type);
    return pages.topNext[head] === head;
  }
  const head = listHead(pages, zone, order, type);
  return pages.frames.next[head] === head;
}

/** The pfn of the first block of a list, or -1. @see linux 6.1 mm/page_alloc.c get_page_from_free_area */
export function firstFree(pages: PageAllocator, zone: number, order: number, type: number): number {
  if (order === TOP_ORDER) {
    const head = topHead(pages, zone, type);
    const block = pages.topNext[head]!;
    return block === head ? -1 : block << TOP_ORDER;
  }
  const head = listHead(pages, zone, order, type);
  const slot = pages.frames.next[head]!;
  return slot === head ? -1 : pages.frames.pfnOf(slot);
}

/** The order of the free block that `pfn` heads, or -1. */
export function freeOrderAt(pages: PageAllocator, pfn: number): number {
  const frames = pages.frames;
  const slot = frames.peekSlotOf(pfn);
  if ((frames.flags[slot]! & PageFlag.buddy) !== 0) return frames.order[slot]!;
  return (pfn & 1023) === 0 && pages.topFree[pfn >> TOP_ORDER] === 1 ? TOP_ORDER : -1;
}

/**
 * Moves the free block at `pfn` to the tail of the list of another type.
 * @see linux 6.1 mm/page_alloc.c move_to_free_list
 */
export function moveFree(pages: PageAllocator, zone: number, pfn: number, order: number, type: number): void {
  if (order === TOP_ORDER) {
    const block = pfn >> TOP_ORDER;
    unlink(pages.topNext, pages.topPrev, block);
    linkAfter(pages.topNext, pages.topPrev, pages.topPrev[topHead(pages, zone, type)]!, block);
    return;
  }
  const { next, prev } = pages.frames;
  const slot = pages.frames.peekSlotOf(pfn);
  unlink(next, prev, slot);
  linkAfter(next, prev, prev[listHead(pages, zone, order, type)]!, slot);
}
