import { PFN_MAX } from '@mm/memory';
import { OptionError, checkInteger } from '@mm/printk';

import { checkAllocator } from './check-arguments.js';
import { areaOf, freeOrderAt, listSet, topHead } from './free-area.js';
import { freeBlock } from './merge-block.js';
import { TOP_ORDER } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { blockTypeOf } from './pageblocks.js';
import { ZONE_WORDS, ZoneWord } from './zone-state.js';

const TOP_PAGES = 1 << TOP_ORDER;

/**
 * Hands pages that nobody has used yet to the free lists, as boot does: the largest aligned blocks,
 * from low to high, each at the tail of its list. Untouched blocks of the top order cost no frames.
 *
 * @throws OptionError when the range is not within one zone's span, or some of it is free already; HoleError where it
 * is no memory. Nothing has changed then.
 * @example
 * releaseRange(pages, 0x40000, 0x80000);
 * @see linux 6.1 mm/memblock.c __free_pages_memory
 */
export function releaseRange(pages: PageAllocator, startPfn: number, endPfn: number): void {
  const zone = zoneOfRange(pages, startPfn, endPfn);
  pages.frames.map.checkPages(startPfn, endPfn - startPfn);
  checkNoneFree(pages, startPfn, endPfn);
  for (let pfn = startPfn; pfn < endPfn;) {
    const topEnd = endPfn >> TOP_ORDER;
    if ((pfn & (TOP_PAGES - 1)) === 0 && pfn >> TOP_ORDER < topEnd) {
      pfn = releaseTopBlocks(pages, zone, pfn >> TOP_ORDER, topEnd) << TOP_ORDER;
      continue;
    }
    const aligned = pfn === 0 ? TOP_ORDER : Math.min(TOP_ORDER, 31 - Math.clz32(pfn & -pfn));
    let order = aligned;
    while (pfn + (1 << order) > endPfn) order--;
    freeBlock(pages, zone, pages.frames.slotOf(pfn), order, blockTypeOf(pages, pfn), true);
    pages.zoneState[zone * ZONE_WORDS + ZoneWord.free]! += 1 << order;
    pfn += 1 << order;
  }
}

/** @throws OptionError naming the first page of a free block that reaches into the range. */
function checkNoneFree(pages: PageAllocator, startPfn: number, endPfn: number): void {
  const { frames, topFree } = pages;
  for (let block = startPfn >> TOP_ORDER; block << TOP_ORDER < endPfn; block++) {
    const first = block << TOP_ORDER;
    // Boot finds none made but those at the ends of its other ranges.
    if (topFree[block] === 0 && !frames.isMade(first)) continue;
    for (let pfn = first, end = Math.min(endPfn, first + TOP_PAGES); pfn < end;) {
      const order = freeOrderAt(pages, pfn);
      const next = order < 0 ? pfn + 1 : pfn + (1 << order);
      if (order >= 0 && next > startPfn)
        throw new OptionError(
          'startPfn',
          `a range of which nothing is free, unlike page frame ${pfn}`,
          startPfn,
        );
      pfn = next;
    }
  }
}

/** Puts whole blocks of the top order on the list of the first one's type, as far as they have it; where that ends. */
function releaseTopBlocks(pages: PageAllocator, zone: number, first: number, end: number): number {
  const { topNext, topPrev, topFree } = pages;
  const type = blockTypeOf(pages, first << TOP_ORDER);
  const head = topHead(pages, zone, type);
  let last = topPrev[head]!;
  let block = first;
  for (; block < end && blockTypeOf(pages, block << TOP_ORDER) === type; block++) {
    topNext[last] = block;
    topPrev[block] = last;
    topFree[block] = 1;
    last = block;
  }
  topNext[last] = head;
  topPrev[head] = last;
  pages.listMask[listSet(zone, type)]! |= 1 << TOP_ORDER;
  pages.areaFree[areaOf(zone, TOP_ORDER)]! += block - first;
  pages.zoneState[zone * ZONE_WORDS + ZoneWord.free]! += (block - first) << TOP_ORDER;
  return block;
}

function zoneOfRange(pages: PageAllocator, startPfn: number, endPfn: number): number {
  const { zones } = checkAllocator(pages);
  checkInteger('endPfn', endPfn, 1, PFN_MAX);
  checkInteger('startPfn', startPfn, 0, endPfn - 1);
  for (let zone = 0; zone < pages.nrZones; zone++) {
    const start = zones.startPfn[zone]!;
    if (startPfn >= start && endPfn <= start + zones.spanned[zone]!) return zone;
  }
  throw new OptionError('startPfn', 'a range within one zone', startPfn);
}
