import { type Context, type Steps, irqRestore, irqSave, read, tryLock, unlock } from '@mm/steps/stepped';

import { AllocFlag } from '../alloc-flags.js';
import { checkGfp, checkRoom } from '../check-arguments.js';
import { typeOfGfp } from '../gfp-to-alloc-flags.js';
import { MigrateType } from '../migrate-types.js';
import type { PageAllocator } from '../page-allocator.js';
import { pcpLock } from '../pcp-lists.js';
import { prepareNew } from '../prepare-page.js';
import { watermarkFast } from '../watermark-check.js';
import { allocPages } from './alloc-pages.js';
import { takePcpLocked } from './pcp.js';

/**
 * Allocates up to `count` single pages at once into `pfns`; elements from the start that already hold
 * a page (not -1) are kept and count. At least one page is tried for; the rest may be missing.
 *
 * @param gfp as for `allocPages`.
 * @param pfns receives page frame numbers; free elements hold -1.
 * @returns how many elements, from the start, hold a page.
 * @throws OptionError when `count` is more than `pfns` has room for.
 * @example
 * const pfns = new Int32Array(16).fill(-1);
 * const got = allocPagesBulk(ctx, pages, GFP_KERNEL, 16, pfns);
 * @see linux 6.1 mm/page_alloc.c __alloc_pages_bulk
 */
export function* allocPagesBulk(
  ctx: Context,
  pages: PageAllocator,
  gfp: number,
  count: number,
  pfns: Int32Array,
): Steps<number> {
  checkGfp(gfp);
  checkRoom(count, pfns);
  let populated = 0;
  while (populated < count && pfns[populated]! >= 0) populated++;
  if (populated === count) return populated;
  if (count - populated > 1) {
    // The one page that is asked for when this gets none may fail once more.
    if (pages.faults !== null && pages.faults.shouldFail(gfp, 0, pages.log)) return populated;
    const type = typeOfGfp(pages, gfp);
    const zone = yield* zoneForBulk(pages, gfp, count, type);
    if (zone >= 0) {
      const filled = yield* fillFromPcp(ctx, pages, zone, gfp, count, pfns, populated);
      if (filled > populated) return filled;
    }
  }
  const pfn = yield* allocPages(ctx, pages, gfp, 0);
  if (pfn === null) return populated;
  pfns[populated] = pfn;
  return populated + 1;
}

/** Bulk allocations do not look for a zone whose pageblocks would mix. */
const bulkFlags = (pages: PageAllocator, type: number): number =>
  AllocFlag.wmarkLow | (type === MigrateType.MOVABLE ? pages.cmaFlag : 0);

/** The first zone that keeps its low watermark and `count` pages, or -1. */
function* zoneForBulk(pages: PageAllocator, gfp: number, count: number, type: number): Steps<number> {
  const highest = pages.gfpZones[gfp & 15]!;
  yield read(pages.zonelistCell);
  const first = pages.zonelists[highest * pages.nrZones]!;
  const flags = bulkFlags(pages, type);
  for (let i = highest * pages.nrZones, end = i + pages.nrZones; i < end; i++) {
    yield read(pages.zonelistCell);
    const zone = pages.zonelists[i]!;
    if (zone === 255) break;
    yield read(pages.zoneFreeCell + zone);
    if (watermarkFast(pages, zone, 0, first, flags, count)) return zone;
  }
  return -1;
}

function* fillFromPcp(
  ctx: Context,
  pages: PageAllocator,
  zone: number,
  gfp: number,
  count: number,
  pfns: Int32Array,
  from: number,
): Steps<number> {
  const type = typeOfGfp(pages, gfp);
  const flags = bulkFlags(pages, type);
  yield irqSave;
  const cpu = ctx.cpu;
  const locked = yield tryLock(pcpLock(pages, cpu, zone));
  let populated = from;
  let taken = 0;
  if (locked) {
    for (; populated < count; populated++) {
      if (pfns[populated]! >= 0) continue;
      const slot = yield* takePcpLocked(pages, cpu, zone, 0, type, flags);
      if (slot < 0) break;
      prepareNew(pages, slot, 0, gfp);
      pfns[populated] = pages.frames.pfnOf(slot);
      taken++;
    }
    yield unlock(pcpLock(pages, cpu, zone));
  }
  yield irqRestore;
  return taken === 0 ? from : populated;
}
