import type { Pfn } from '@mm/memory';
import { type Context, type Steps, irqRestore, irqSave, lock, read, rmw, unlock } from '@mm/steps/stepped';

import { AllocFlag } from '../alloc-flags.js';
import { refuseRequest } from '../check-arguments.js';
import { GFP_MOVABLE_SHIFT } from '../gfp-bits.js';
import { memallocFlags, slowAllocFlags } from '../gfp-to-alloc-flags.js';
import { isHighatomicFull, reserveHighatomicLocked } from '../highatomic.js';
import { wakeAllKswapds, wakeKswapdIfBoosted } from '../kswapd.js';
import { MigrateType, PAGE_ALLOC_COSTLY_ORDER, TOP_ORDER } from '../migrate-types.js';
import type { PageAllocator } from '../page-allocator.js';
import { anyBadToTake } from '../page-checks.js';
import { prepareNew } from '../prepare-page.js';
import { takeSmallest } from '../split-block.js';
import { takeBlock } from '../take-block.js';
import { watermarkFast } from '../watermark-check.js';
import { modFreepageState } from '../zone-counters.js';
import { BELOW_WATERMARK, PCP_EMPTY, takeFromPcp } from './pcp.js';

// Local constants: imported ones are read from their module each time.
const TOP = TOP_ORDER;
const COSTLY_ORDER = PAGE_ALLOC_COSTLY_ORDER;
const MOVABLE = MigrateType.MOVABLE;
const MOBILITY_SHIFT = GFP_MOVABLE_SHIFT;
const WMARK_LOW = AllocFlag.wmarkLow;
const NO_WATERMARKS = AllocFlag.noWatermarks;
const CMA = AllocFlag.cma;
const NO_FRAGMENT = AllocFlag.noFragment;
const HIGHATOMIC = AllocFlag.highatomic;
const KSWAPD = AllocFlag.kswapd;
const NO_ZONE = 255;

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
export function* allocSlot(
  ctx: Context,
  pages: PageAllocator,
  gfp: number,
  order: number,
): Steps<number> {
  if ((gfp | 0) !== gfp || gfp < 0 || order >>> 0 !== order || order > TOP)
    return refuseRequest(pages, gfp, order);
  const highest = pages.gfpZones[gfp & 15]!;
  const type = pages.groupByMobilityDisabled ? 0 : (gfp >> MOBILITY_SHIFT) & 3;
  const zone = pages.zonelists[highest * pages.nrZones]!;
  let flags = WMARK_LOW | (gfp & KSWAPD);
  if (type === MOVABLE) flags |= pages.cmaFlag;
  if (zone === pages.nofragmentZone) flags |= NO_FRAGMENT;
  let slot = -1;
  let pcpDone = false;
  if (zone !== NO_ZONE && mayUsePcp(pages, order, type, flags)) {
    slot = yield* takeFromPcp(ctx, pages, zone, order, type, highest, flags, gfp);
    if (slot >= 0) return slot;
    pcpDone = slot === PCP_EMPTY;
  }
  slot = yield* takeFromZones(ctx, pages, gfp, order, flags, highest, type, pcpDone);
  if (slot >= 0 || zone === NO_ZONE) return slot;
  return yield* allocSlowly(ctx, pages, gfp, order, highest, type);
}

/** Orders 0..3 have per-cpu lists; those of movable pages may hold CMA pages. @see linux 6.1 mm/page_alloc.c rmqueue */
const mayUsePcp = (pages: PageAllocator, order: number, type: number, flags: number): boolean =>
  order <= COSTLY_ORDER && type < 3 && (type !== MOVABLE || !pages.cma || (flags & CMA) !== 0);

/**
 * The low watermark was in the way: wakes kswapd and tries again with what the caller has a right to.
 * @see linux 6.1 mm/page_alloc.c __alloc_pages_slowpath
 */
function* allocSlowly(
  ctx: Context,
  pages: PageAllocator,
  gfp: number,
  order: number,
  highest: number,
  type: number,
): Steps<number> {
  const flags = slowAllocFlags(pages, gfp, order, type);
  if ((flags & KSWAPD) !== 0) wakeAllKswapds(pages, highest);
  const slot = yield* takeFromZones(ctx, pages, gfp, order, flags, highest, type, false);
  if (slot >= 0) return slot;
  const reserveFlags = memallocFlags(pages, gfp, type);
  const again = reserveFlags === 0 ? flags : reserveFlags;
  return yield* takeFromZones(ctx, pages, gfp, order, again, highest, type, false);
}

/**
 * Tries the zones in fallback order, each under its watermark. `pcpDone`: of the first zone all that is
 * left to try are the free lists.
 * @see linux 6.1 mm/page_alloc.c get_page_from_freelist
 */
function* takeFromZones(
  ctx: Context,
  pages: PageAllocator,
  gfp: number,
  order: number,
  allocFlags: number,
  highest: number,
  type: number,
  pcpDone: boolean,
): Steps<number> {
  const { zonelists, nrZones } = pages;
  const usesPcp = mayUsePcp(pages, order, type, allocFlags);
  let flags = allocFlags;
  let skip = pcpDone;
  for (;;) {
    for (let i = highest * nrZones, end = i + nrZones; i < end; i++) {
      const zone = zonelists[i]!;
      if (zone === NO_ZONE) break;
      let slot = PCP_EMPTY;
      if (skip) skip = false;
      else if (usesPcp) slot = yield* takeFromPcp(ctx, pages, zone, order, type, highest, flags, gfp);
      else if ((flags & NO_WATERMARKS) === 0) {
        yield read(pages.zoneFreeCell + zone);
        if (!watermarkFast(pages, zone, order, highest, flags, 0)) continue;
      }
      if (slot === BELOW_WATERMARK) continue;
      if (slot === PCP_EMPTY) slot = yield* takeFromBuddy(ctx, pages, zone, order, type, flags, gfp);
      if (slot < 0) continue;
      if ((flags & HIGHATOMIC) !== 0) yield* reserveHighatomic(ctx, pages, zone, slot);
      return slot;
    }
    if ((flags & NO_FRAGMENT) === 0) return -1;
    flags &= ~NO_FRAGMENT;
  }
}

/** Takes a block off the free lists and hands it out. @see linux 6.1 mm/page_alloc.c rmqueue_buddy */
function* takeFromBuddy(
  ctx: Context,
  pages: PageAllocator,
  zone: number,
  order: number,
  type: number,
  flags: number,
  gfp: number,
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
  if (slot < 0) return slot;
  if ((flags & KSWAPD) !== 0) wakeKswapdIfBoosted(pages, zone);
  prepareNew(pages, slot, order, gfp);
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
