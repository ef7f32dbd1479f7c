import { checkCpu, checkOrder, checkPcpIndex, checkType, checkZone } from './check-arguments.js';
import { listHead, topHead } from './free-area.js';
import { TOP_ORDER } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { pcpHead } from './pcp-lists.js';

/**
 * The blocks of a free list from its head, as pfns.
 *
 * @throws OptionError for what is no zone, order or migrate type.
 * @example
 * freeListPfns(pages, zone, 10, MigrateType.MOVABLE); // [11264, 12288, ...]
 */
export function freeListPfns(pages: PageAllocator, zone: number, order: number, type: number): number[] {
  checkZone(pages, zone);
  checkOrder(order);
  checkType(type);
  const pfns: number[] = [];
  if (order === TOP_ORDER) {
    const head = topHead(pages, zone, type);
    for (let at = pages.topNext[head]!; at !== head; at = pages.topNext[at]!) pfns.push(at << TOP_ORDER);
    return pfns;
  }
  const { frames } = pages;
  const head = listHead(pages, zone, order, type);
  for (let at = frames.next[head]!; at !== head; at = frames.next[at]!) pfns.push(frames.pfnOf(at));
  return pfns;
}

/**
 * The blocks of a per-cpu list from its head, as pfns. `index` = 3 × order + migrate type.
 *
 * @throws OptionError for what is no CPU, zone or list.
 * @example
 * pcpListPfns(pages, 0, zone, 1); // movable single pages of CPU 0
 */
export function pcpListPfns(pages: PageAllocator, cpu: number, zone: number, index: number): number[] {
  checkCpu(pages, cpu);
  checkZone(pages, zone);
  checkPcpIndex(index);
  const { frames } = pages;
  const pfns: number[] = [];
  const head = pcpHead(pages, cpu, zone, index);
  for (let at = frames.next[head]!; at !== head; at = frames.next[at]!) pfns.push(frames.pfnOf(at));
  return pfns;
}
