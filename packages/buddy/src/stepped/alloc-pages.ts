import type { Pfn } from '@mm/memory';
import { type Context, type Steps, irqRestore, irqSave, lock, read, rmw, unlock } from '@mm/steps/stepped';

import { AllocFlag } from '../alloc-flags.js';
import { checkGfp, refuseOrder } from '../check-arguments.js';
import { firstAllocFlags, memallocFlags, slowAllocFlags, typeOfGfp } from '../gfp-to-alloc-flags.js';
import { isHighatomicFull, reserveHighatomicLocked } from '../highatomic.js';
import { wakeAllKswapds, wakeKswapdIfBoosted } from '../kswapd.js';
import { MAX_ORDER, MigrateType, PAGE_ALLOC_COSTLY_ORDER } from '../migrate-types.js';
import type { PageAllocator } from '../page-allocator.js';
import { anyBadToTake } from '../page-checks.js';
import { prepareNew } from '../prepare-page.js';
import { takeSmallest } from '../split-block.js';
import { takeBlock } from '../take-block.js';
import { watermarkFast } from '../watermark-check.js';
import { modFreepageState } from '../zone-counters.js';
import { takeFromPcp } from './pcp.js';

/**
 * Allocates a block of 2^order pages; `null` when there is no memory. Reclaim and compaction are
 * not simulated: where the kernel would start them, the allocation fails.
 *
 * @param gfp flags from `@mm/zones`, for example `GFP_KERNEL`.
 * @param order 0..10; a larger one is answered with a warning in the log and `null`.
 * @returns the first page of the block, with one reference; a multiple of 2^order.
 * @throws OptionError when `gfp` or `order` is not an integer from 0.
 * @example
 * const pfn = allocPages(ctx, pages, GFP_KERNEL, 2);
 * if (pfn !== null) freePages(ctx, pages, pfn, 2);
 * @see linux 6.1 mm/page_alloc.c __alloc_pages
 */
export function* allocPages(
  ctx: Context,
  pages: PageAllocator,
  gfp: number,
  order: number,
): Steps<Pfn | null> {
  const slot = yield* allocSlot(ctx, pages, gfp, order);
  return slot < 0 ? null : (pages.frames.pfnOf(slot) as Pfn);
}

/** As {@link allocPages}, but returns the slot of the first frame, or -1. */
export function* allocSlot(ctx: Context, pages: PageAllocator, gfp: number, order: number): Steps<number> {
  checkGfp(gfp);
  if (order >>> 0 >= MAX_ORDER || order !== order >>> 0) return refuseOrder(pages, gfp, order);
  const highest = pages.gfpZones[gfp & 15]!;
  const type = typeOfGfp(pages, gfp);
  const firstZone = pages.zonelists[highest * pages.nrZones]!;
  const flags = firstAllocFlags(pages, gfp, type, firstZone);
  let slot = yield* takeFromZones(ctx, pages, gfp, order, flags, highest, type);
  if (slot >= 0 || firstZone === 255) return slot;
  const slowFlags = slowAllocFlags(pages, gfp, order, type);
  if ((slowFlags & AllocFlag.kswapd) !== 0) wakeAllKswapds(pages, highest);
  slot = yield* takeFromZones(ctx, pages, gfp, order, slowFlags, highest, type);
  if (slot >= 0) return slot;
  const reserveFlags = memallocFlags(pages, gfp, type);
  if (reserveFlags !== 0) slot = yield* takeFromZones(ctx, pages, gfp, order, reserveFlags, highest, type);
  return slot;
}

/**
 * Tries the zones in fallback order, each under its watermark.
 * @see linux 6.1 mm/page_alloc.c get_page_from_freelist
 */
export function* takeFromZones(
  ctx: Context,
  pages: PageAllocator,
  gfp: number,
  order: number,
  allocFlags: number,
  highest: number,
  type: number,
): Steps<number> {
  const { zonelists, nrZones } = pages;
  let flags = allocFlags;
  for (;;) {
    for (let i = highest * nrZones, end = i + nrZones; i < end; i++) {
      const zone = zonelists[i]!;
      if (zone === 255) break;
      if ((flags & AllocFlag.noWatermarks) === 0) {
        yield read(pages.zoneFreeCell + zone);
        if (!watermarkFast(pages, zone, order, highest, flags, 0)) continue;
      }
      let slot = -1;
      if (
        order <= PAGE_ALLOC_COSTLY_ORDER &&
        type < 3 &&
        (!pages.cma || (flags & AllocFlag.cma) !== 0 || type !== MigrateType.MOVABLE)
      )
        slot = yield* takeFromPcp(ctx, pages, zone, order, type, flags);
      if (slot < 0) slot = yield* takeFromBuddy(ctx, pages, zone, order, type, flags);
      if (slot < 0) continue;
      if ((flags & AllocFlag.kswapd) !== 0) wakeKswapdIfBoosted(pages, zone);
      prepareNew(pages, slot, order, gfp);
      if ((flags & AllocFlag.highatomic) !== 0) yield* reserveHighatomic(ctx, pages, zone, slot);
      return slot;
    }
    if ((flags & AllocFlag.noFragment) === 0) return -1;
    flags &= ~AllocFlag.noFragment;
  }
}

/** Takes a block off the free lists. @see linux 6.1 mm/page_alloc.c rmqueue_buddy */
function* takeFromBuddy(
  ctx: Context,
  pages: PageAllocator,
  zone: number,
  order: number,
  type: number,
  flags: number,
): Steps<number> {
  let slot = -1;
  do {
    yield irqSave;
    yield lock(pages.zoneLockCell + zone);
    yield rmw(pages.zoneFreeCell + zone);
    slot = takeBuddyLocked(pages, zone, order, type, flags);
    if (slot >= 0) modFreepageState(pages, ctx.cpu, zone, -(1 << order), pages.frames.migratetype[slot]!);
    yield unlock(pages.zoneLockCell + zone);
    yield irqRestore;
  } while (slot >= 0 && anyBadToTake(pages, slot, order));
  return slot;
}

function takeBuddyLocked(
  pages: PageAllocator,
  zone: number,
  order: number,
  type: number,
  flags: number,
): number {
  if ((flags & AllocFlag.highatomic) !== 0) {
    const slot = takeSmallest(pages, zone, order, MigrateType.HIGHATOMIC);
    if (slot >= 0) return slot;
  }
  const slot = takeBlock(pages, zone, order, type, flags);
  if (slot >= 0 || (flags & (AllocFlag.oom | AllocFlag.nonBlock)) === 0) return slot;
  return takeSmallest(pages, zone, order, MigrateType.HIGHATOMIC);
}

function* reserveHighatomic(_ctx: Context, pages: PageAllocator, zone: number, slot: number): Steps<void> {
  yield read(pages.zoneFreeCell + zone);
  if (isHighatomicFull(pages, zone)) return;
  yield irqSave;
  yield lock(pages.zoneLockCell + zone);
  yield rmw(pages.zoneFreeCell + zone);
  reserveHighatomicLocked(pages, zone, pages.frames.pfnOf(slot));
  yield unlock(pages.zoneLockCell + zone);
  yield irqRestore;
}
