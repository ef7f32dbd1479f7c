import { KernelBug } from '@mm/printk';

import { checkCpu, checkOrder, checkPcpIndex, checkType, checkZone } from './check-arguments.js';
import { listHead, topHead } from './free-area.js';
import { TOP_ORDER } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { pcpHead } from './pcp-lists.js';

/** A list as it was read: its blocks as pfns, and the one behind which links contradict each other; -1: none. */
export interface ReadList {
  readonly pfns: readonly number[];
  readonly brokenAt: number;
}

/**
 * Follows the links of a list. Who is linked to links back, so a walk that holds that can only end at its head: a list that runs in
 * a circle or into another has an element with two before it.
 */
function readList(next: Int32Array, prev: Int32Array, head: number, pfnOf: (at: number) => number): ReadList {
  const pfns: number[] = [];
  let before = head;
  for (let at = next[head]!; ; at = next[at]!) {
    if (prev[at] !== before) return { pfns, brokenAt: before === head ? pfnOf(at) : pfnOf(before) };
    if (at === head) return { pfns, brokenAt: -1 };
    pfns.push(pfnOf(at));
    before = at;
  }
}

/** A free list, whole or broken. Not checked. */
export function readFreeList(pages: PageAllocator, zone: number, order: number, type: number): ReadList {
  if (order === TOP_ORDER)
    return readList(pages.topNext, pages.topPrev, topHead(pages, zone, type), (at) => at << TOP_ORDER);
  const { frames } = pages;
  return readList(frames.next, frames.prev, listHead(pages, zone, order, type), (at) => frames.pfnOf(at));
}

/** A per-cpu list, whole or broken. Not checked. */
export function readPcpList(pages: PageAllocator, cpu: number, zone: number, index: number): ReadList {
  const { frames } = pages;
  return readList(frames.next, frames.prev, pcpHead(pages, cpu, zone, index), (at) => frames.pfnOf(at));
}

/** The blocks of a whole list. @see linux 6.1 lib/list_debug.c __list_add_valid */
function wholeList({ pfns, brokenAt }: ReadList): number[] {
  if (brokenAt !== -1) throw new KernelBug('list corruption: links contradict each other', { pfn: brokenAt });
  return pfns as number[];
}

/**
 * The blocks of a free list from its head, as pfns.
 *
 * @throws OptionError for what is no zone, order or migrate type; KernelBug for a list whose links contradict each other.
 * @example
 * freeListPfns(pages, zone, 10, MigrateType.MOVABLE); // [11264, 12288, ...]
 */
export function freeListPfns(pages: PageAllocator, zone: number, order: number, type: number): number[] {
  checkZone(pages, zone);
  checkOrder(order);
  checkType(type);
  return wholeList(readFreeList(pages, zone, order, type));
}

/**
 * The blocks of a per-cpu list from its head, as pfns. `index` = 3 × order + migrate type.
 *
 * @throws OptionError for what is no CPU, zone or list; KernelBug for a list whose links contradict each other.
 * @example
 * pcpListPfns(pages, 0, zone, 1); // movable single pages of CPU 0
 */
export function pcpListPfns(pages: PageAllocator, cpu: number, zone: number, index: number): number[] {
  checkCpu(pages, cpu);
  checkZone(pages, zone);
  checkPcpIndex(index);
  return wholeList(readPcpList(pages, cpu, zone, index));
}
