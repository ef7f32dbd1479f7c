import { PFN_MAX } from '@mm/memory';
import { OptionError, checkInteger } from '@mm/printk';

import { checkAllocator } from './check-arguments.js';
import { addTopFree } from './free-area.js';
import { freeBlock } from './merge-block.js';
import { TOP_ORDER } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { blockTypeOf } from './pageblocks.js';
import { ZONE_WORDS, ZoneWord } from './zone-state.js';

/**
 * Hands pages that nobody has used yet to the free lists, as boot does: the largest aligned blocks,
 * from low to high, each at the tail of its list. Untouched blocks of the top order cost no frames.
 *
 * @throws OptionError when the range is not within one zone's span, or some of it is free already.
 * @example
 * releaseRange(pages, 0x40000, 0x80000);
 * @see linux 6.1 mm/memblock.c __free_pages_memory
 */
export function releaseRange(pages: PageAllocator, startPfn: number, endPfn: number): void {
  const zone = zoneOfRange(pages, startPfn, endPfn);
  for (let pfn = startPfn; pfn < endPfn;) {
    const aligned = pfn === 0 ? TOP_ORDER : Math.min(TOP_ORDER, 31 - Math.clz32(pfn & -pfn));
    let order = aligned;
    while (pfn + (1 << order) > endPfn) order--;
    if (order === TOP_ORDER) addTopFree(pages, zone, pfn >> TOP_ORDER, blockTypeOf(pages, pfn), true);
    else freeBlock(pages, zone, pages.frames.slotOf(pfn), order, blockTypeOf(pages, pfn), true);
    pages.zoneState[zone * ZONE_WORDS + ZoneWord.free]! += 1 << order;
    pfn += 1 << order;
  }
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
