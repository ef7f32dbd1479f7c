import { checkBoolean } from '@mm/printk';
import {
  type Context,
  type Steps,
  compound,
  irqRestore,
  irqSave,
  lock,
  read,
  unlock,
} from '@mm/steps/stepped';

import { checkBlockPfn, checkBlockType, checkZone } from '../check-arguments.js';
import { unreserveHighatomicLocked } from '../highatomic.js';
import { isolateLocked, unisolateLocked } from '../isolate-block.js';
import type { PageAllocator } from '../page-allocator.js';
import { ZONE_WORDS, ZoneWord } from '../zone-state.js';

const EBUSY = 16;

/**
 * Isolates the pageblock of `pfn`: nothing is allocated from it any more.
 *
 * @returns 0, or -EBUSY when it is isolated already or holds used pages that cannot be moved.
 * @throws OptionError when `pfn` is no page frame of a zone.
 * @example
 * isolatePageblock(ctx, pages, 0x80000);
 * @see linux 6.1 mm/page_isolation.c set_migratetype_isolate
 */
export function* isolatePageblock(ctx: Context, pages: PageAllocator, pfn: number): Steps<number> {
  const zone = checkBlockPfn(pages, pfn);
  yield irqSave;
  yield lock(pages.zoneLockCell + zone);
  yield compound(pages.blockTypeCell + zone);
  const done = isolateLocked(pages, ctx.cpu, zone, pfn);
  yield unlock(pages.zoneLockCell + zone);
  yield irqRestore;
  return done ? 0 : -EBUSY;
}

/**
 * Brings an isolated pageblock back into use.
 *
 * @param type the migrate type it gets, 0..4.
 * @throws OptionError when `pfn` is no page frame of a zone or `type` no migrate type.
 * @example
 * unisolatePageblock(ctx, pages, 0x80000, MigrateType.MOVABLE);
 * @see linux 6.1 mm/page_isolation.c unset_migratetype_isolate
 */
export function* unisolatePageblock(
  ctx: Context,
  pages: PageAllocator,
  pfn: number,
  type: number,
): Steps<void> {
  const zone = checkBlockPfn(pages, pfn);
  checkBlockType(type);
  const start = pfn & -(1 << pages.pageblockOrder);
  yield irqSave;
  yield lock(pages.zoneLockCell + zone);
  yield compound(pages.blockTypeCell + zone);
  unisolateLocked(pages, ctx.cpu, zone, Math.max(start, pages.zones.startPfn[zone]!), type);
  yield unlock(pages.zoneLockCell + zone);
  yield irqRestore;
}

/**
 * Gives one pageblock of the high-order atomic reserve back, of the first zone that has one with free
 * pages. The kernel does so when reclaim made no progress; here the caller decides.
 *
 * @param highest index of the highest zone concerned.
 * @param type the migrate type that the pageblock gets, 0..2.
 * @param force also the last pageblock of a zone.
 * @throws OptionError when there is no such zone or migrate type, or `force` is not true or false.
 * @returns whether free pages came out of the reserve.
 * @example
 * unreserveHighatomic(ctx, pages, 0, MigrateType.MOVABLE, true);
 * @see linux 6.1 mm/page_alloc.c unreserve_highatomic_pageblock
 */
export function* unreserveHighatomic(
  _ctx: Context,
  pages: PageAllocator,
  highest: number,
  type: number,
  force: boolean,
): Steps<boolean> {
  checkZone(pages, highest);
  checkBlockType(type);
  checkBoolean('force', force);
  for (let i = highest * pages.nrZones, end = i + pages.nrZones; i < end; i++) {
    yield read(pages.zonelistCell);
    const zone = pages.zonelists[i]!;
    if (zone === 255) break;
    const reserved = pages.zoneState[zone * ZONE_WORDS + ZoneWord.reservedHighatomic]!;
    if (!force && reserved <= 1 << pages.pageblockOrder) continue;
    yield irqSave;
    yield lock(pages.zoneLockCell + zone);
    yield compound(pages.blockTypeCell + zone);
    const moved = unreserveHighatomicLocked(pages, zone, type);
    yield unlock(pages.zoneLockCell + zone);
    yield irqRestore;
    if (moved) return true;
  }
  return false;
}
