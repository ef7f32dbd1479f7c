import { BLOCK_ORDER_SHIFT, PageFlag, type Pfn } from '@mm/memory';
import {
  type Context,
  type Steps,
  compound,
  irqRestore,
  irqSave,
  lock,
  read,
  rmw,
  tryLock,
  unlock,
} from '@mm/steps/stepped';
import { __GFP_BITS_MASK } from '@mm/zones';

import { AllocFlag } from '../alloc-flags.js';
import { refuseRequest } from '../check-arguments.js';
import { GfpBit } from '../gfp-bits.js';
import { memallocFlags, slowAllocFlags } from '../gfp-to-alloc-flags.js';
import { isHighatomicFull, reserveHighatomicLocked } from '../highatomic.js';
import { wakeAllKswapds, wakeKswapdIfBoosted } from '../kswapd.js';
import { MigrateType, PAGE_ALLOC_COSTLY_ORDER, TOP_ORDER } from '../migrate-types.js';
import type { PageAllocator } from '../page-allocator.js';
import { anyBadToTake } from '../page-checks.js';
import { prepareAsAsked, prepareNew } from '../prepare-page.js';
import { noteReserve } from '../reserve-takers.js';
import { takeSmallest } from '../split-block.js';
import { takeBlock } from '../take-block.js';
import { warnAlloc } from '../warn-alloc.js';
import { warnOnce, warnOnceGfp } from '../warn-once.js';
import { watermarkFast } from '../watermark-check.js';
import { modFreepageState } from '../zone-counters.js';
import { STATE_FLOORS as FLOORS, STATE_PCP as PCP, PcpWord, STATE_ZONES as ZONES } from '../zone-state.js';
import { refill, takeFromPcp } from './pcp.js';
import { zonelistsSeen } from './zonelists.js';

// Local constants: imported ones are read from their module each time.
const TOP = TOP_ORDER;
const COSTLY = PAGE_ALLOC_COSTLY_ORDER;
const NO_WATERMARKS = AllocFlag.noWatermarks;
const NO_FRAGMENT = AllocFlag.noFragment;
const HIGHATOMIC = AllocFlag.highatomic;
const KSWAPD = AllocFlag.kswapd;
const NO_ZONE = 255;
const STATE_FLOORS = FLOORS;
const STATE_PCP = PCP;
const STATE_FREE_FACTORS: number = PCP + PcpWord.freeFactor;
const STATE_ZONES = ZONES;
const ALLOCATED = PageFlag.allocated;
const ORDER_SHIFT = BLOCK_ORDER_SHIFT;
const AS_ASKED = GfpBit.ZERO | GfpBit.COMP;
const ATOMIC_THAT_WAITS = GfpBit.ATOMIC | GfpBit.DIRECT_RECLAIM;
const GFP_MAX = 0x7fffffff;
/** What may be asked for without more to do than taking a page. */
const PLAIN_GFP: number = GFP_MAX & ~AS_ASKED;
/** Of blocks, that none may fail is warned of. */
const SMALL_GFP: number = GFP_MAX & ~GfpBit.NOFAIL;

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
  // Nearly always a single page from the first zone's per-cpu lists, with more free than its floor asks
  // for: that is here in one piece, short enough (460 bytecodes) to be compiled into the callers.
  const { state } = pages;
  const plan = state[gfp & 31]!;
  const zone = plan & 7;
  // Masked: false for fractions and negative numbers too.
  if (order !== 0 || (gfp & PLAIN_GFP) !== gfp) return yield* allocSmall(ctx, pages, gfp, order);
  yield read(pages.zoneFreeCell + zone);
  if (state[STATE_ZONES + (zone << 3)]! <= state[STATE_FLOORS + (gfp & 31)]!)
    return yield* allocBelowFloor(ctx, pages, gfp, order);
  yield irqSave;
  const set = (ctx.cpu << 3) | zone;
  const locked = yield tryLock(pages.pcpLockCell + set);
  if (!locked) {
    yield irqRestore;
    return yield* allocPcpDone(ctx, pages, gfp, order);
  }
  const factor = STATE_FREE_FACTORS + (set << 3);
  state[factor] = state[factor]! >> 1;
  const head = pages.pcpBase + (set << 4) + ((plan >> 6) & 3);
  if (pages.frames.next[head] === head) yield* refillPlanned(ctx, pages, gfp, order);
  const { next, prev, refcount, flags } = pages.frames;
  const slot = next[head]!;
  if (slot === head) return yield* allocUnlocked(ctx, pages, gfp, set);
  const after = next[slot]!;
  next[head] = after;
  prev[after] = head;
  const count = STATE_PCP + (set << 3);
  state[count] = state[count]! - 1;
  refcount[slot] = 1;
  flags[slot] = ALLOCATED;
  yield unlock(pages.pcpLockCell + set);
  yield irqRestore;
  return pages.frames.pfnOf(slot) as Pfn;
}

/** The per-cpu lists of `set` are locked and empty, and so are the free lists: a single page has to come from elsewhere. */
function* allocUnlocked(ctx: Context, pages: PageAllocator, gfp: number, _set: number): Steps<Pfn | null> {
  yield unlock(pages.pcpLockCell + _set);
  yield irqRestore;
  return yield* allocPcpDone(ctx, pages, gfp, 0);
}

/** Only the full check of the watermarks can tell. */
function* allocBelowFloor(ctx: Context, pages: PageAllocator, gfp: number, order: number): Steps<Pfn | null> {
  return yield* allocElsewhere(ctx, pages, gfp, order, false);
}

/** Of the first zone all that is left to try are the free lists. */
function* allocPcpDone(ctx: Context, pages: PageAllocator, gfp: number, order: number): Steps<Pfn | null> {
  return yield* allocElsewhere(ctx, pages, gfp, order, true);
}

/** {@link allocPages} for the orders that have per-cpu lists, and for whatever else is asked for. */
function* allocSmall(ctx: Context, pages: PageAllocator, gfp: number, order: number): Steps<Pfn | null> {
  const { state } = pages;
  const plan = state[gfp & 31]! | 0;
  const zone = plan & 7;
  if ((gfp & SMALL_GFP) !== gfp || (order & COSTLY) !== order)
    return yield* allocElsewhere(ctx, pages, gfp, order, false);
  yield read(pages.zoneFreeCell + zone);
  const left = (state[(STATE_ZONES + (zone << 3)) | 0]! - (1 << order) + 1) | 0;
  if (left <= state[(STATE_FLOORS + (gfp & 31)) | 0]! || !hasPlainBlock(pages, zone, order))
    return yield* allocElsewhere(ctx, pages, gfp, order, false);
  yield irqSave;
  const set = (ctx.cpu << 3) | zone;
  const locked = yield tryLock(pages.pcpLockCell + set);
  if (!locked) {
    yield irqRestore;
    return yield* allocElsewhere(ctx, pages, gfp, order, true);
  }
  const factor = (STATE_FREE_FACTORS + (set << 3)) | 0;
  state[factor] = state[factor]! >> 1;
  const head = ((pages.pcpBase | 0) + (set << 4) + order + (order << 1) + ((plan >> 6) & 3)) | 0;
  if (pages.frames.next[head] === head) yield* refillPlanned(ctx, pages, gfp, order);
  const { next, prev, refcount, flags } = pages.frames;
  const slot = next[head]!;
  if (slot !== head) {
    const after = next[slot]!;
    next[head] = after;
    prev[after] = head;
    const count = (STATE_PCP + (set << 3)) | 0;
    state[count] = (state[count]! - (1 << order)) | 0;
    refcount[slot] = 1;
    flags[slot] = ALLOCATED | (order << ORDER_SHIFT);
  }
  yield unlock(pages.pcpLockCell + set);
  yield irqRestore;
  if (slot === head) return yield* allocElsewhere(ctx, pages, gfp, order, true);
  if ((gfp & AS_ASKED) !== 0) prepareAsAsked(pages, slot, order, gfp);
  return pages.frames.pfnOf(slot) as Pfn;
}

/** Refills the list that an allocation planned so takes from. Under the lists' lock. */
function* refillPlanned(ctx: Context, pages: PageAllocator, gfp: number, order: number): Steps<void> {
  const plan = pages.state[gfp & 31]!;
  const flags = ((plan >> 8) & 0xfff) | (gfp & KSWAPD);
  yield* refill(pages, ctx.cpu, plan & 7, order, (plan >> 6) & 3, flags);
  // Only a refill can have boosted the watermark since the floor was looked at.
  if ((gfp & KSWAPD) !== 0) wakeKswapdIfBoosted(pages, plan & 7);
}

/** Whether the types that fall back to one another have a free block of at least `order`. */
function hasPlainBlock(pages: PageAllocator, zone: number, order: number): boolean {
  const { listMask } = pages;
  const lists = zone + zone + (zone << 2);
  return order === 0 || (listMask[lists]! | listMask[lists + 1]! | listMask[lists + 2]!) >> order !== 0;
}

/**
 * Everything that the fast paths are not for. `pcpDone`: of the first zone all that is left to try are
 * the free lists.
 */
function* allocElsewhere(
  ctx: Context,
  pages: PageAllocator,
  gfp: number,
  order: number,
  pcpDone: boolean,
): Steps<Pfn | null> {
  if ((gfp & GFP_MAX) !== gfp || order >>> 0 !== order || order > TOP)
    return refuseRequest(pages, gfp, order);
  if (pages.faults !== null && pages.faults.shouldFail(gfp, order, pages.log)) return null;
  const plan = pages.state[gfp & 31]!;
  // Not of the plan: there is none where no zone may be used.
  const highest = pages.gfpZones[gfp & 15]!;
  const type = (plan >> 6) & 3;
  const flags = ((plan >> 8) & 0xfff) | (gfp & KSWAPD);
  let slot = yield* takeFromZones(ctx, pages, gfp, order, flags, highest, type, pcpDone);
  if (slot < 0) slot = yield* allocSlowly(ctx, pages, gfp, order, highest, type);
  return slot < 0 ? null : (pages.frames.pfnOf(slot) as Pfn);
}

/**
 * The low watermark was in the way: wakes kswapd and tries again with what the caller has a right to.
 * @see linux 6.1 mm/page_alloc.c __alloc_pages_slowpath
 */
function* allocSlowly(
  ctx: Context,
  pages: PageAllocator,
  asked: number,
  order: number,
  highest: number,
  type: number,
): Steps<number> {
  const gfp = withoutAbuse(pages, asked);
  for (;;) {
    const seen = yield* zonelistsSeen(pages);
    const flags = slowAllocFlags(pages, gfp, order, type);
    yield read(pages.zonelistCell);
    if ((flags & KSWAPD) !== 0) wakeAllKswapds(pages, highest);
    const slot = yield* takeFromZones(ctx, pages, gfp, order, flags, highest, type, false);
    if (slot >= 0) return slot;
    const reserveFlags = memallocFlags(pages, gfp, type);
    const again = reserveFlags === 0 ? flags : reserveFlags;
    const last = yield* takeFromZones(ctx, pages, gfp, order, again, highest, type, false);
    if (last >= 0) {
      if (reserveFlags !== 0) noteReserve(ctx);
      return last;
    }
    // The zonelist may have been made anew while it was walked.
    if ((yield* zonelistsSeen(pages)) === seen) break;
  }
  if ((gfp & GfpBit.NOFAIL) !== 0) {
    const slot = yield* allocUnfailing(ctx, pages, gfp, order, highest, type);
    if (slot >= 0) return slot;
  }
  warnAlloc(pages, gfp & __GFP_BITS_MASK, order);
  return -1;
}

/** Who may wait is not atomic, whatever is said. */
function withoutAbuse(pages: PageAllocator, gfp: number): number {
  if ((gfp & ATOMIC_THAT_WAITS) !== ATOMIC_THAT_WAITS) return gfp;
  warnOnce(pages, 'mm/page_alloc.c:5118 __alloc_pages_slowpath');
  return gfp & ~GfpBit.ATOMIC;
}

/**
 * The last that is done for an allocation that must not fail: half of the reserve, if it may wait. The kernel would go on for ever; here
 * nothing is freed meanwhile.
 * @see linux 6.1 mm/page_alloc.c __alloc_pages_cpuset_fallback
 */
function* allocUnfailing(
  ctx: Context,
  pages: PageAllocator,
  gfp: number,
  order: number,
  highest: number,
  type: number,
): Steps<number> {
  if ((gfp & GfpBit.DIRECT_RECLAIM) === 0) {
    warnOnceGfp(pages, gfp, 'mm/page_alloc.c:5367 __alloc_pages_slowpath');
    return -1;
  }
  if (order > COSTLY) warnOnceGfp(pages, gfp, 'mm/page_alloc.c:5383 __alloc_pages_slowpath');
  return yield* takeFromZones(ctx, pages, gfp, order, AllocFlag.minReserve, highest, type, false);
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
  // Pages of CMA blocks lie on the movable lists.
  const takesMovable = type !== MigrateType.MOVABLE || (allocFlags & pages.cmaFlag) === pages.cmaFlag;
  const usesPcp = order <= COSTLY && type < 3 && takesMovable;
  let flags = allocFlags;
  let skip = pcpDone;
  for (;;) {
    for (let i = highest * nrZones, end = i + nrZones; i < end; i++) {
      yield read(pages.zonelistCell);
      const zone = zonelists[i]!;
      if (zone === NO_ZONE) break;
      if (!skip && (flags & NO_WATERMARKS) === 0) {
        yield read(pages.zoneFreeCell + zone);
        if (!watermarkFast(pages, zone, order, highest, flags, 0)) continue;
      }
      if (order > 1 && (gfp & GfpBit.NOFAIL) !== 0)
        warnOnce(pages, 'mm/page_alloc.c:3891 get_page_from_freelist');
      let slot = -1;
      if (usesPcp && !skip) slot = yield* takeFromPcp(ctx, pages, zone, order, type, flags);
      skip = false;
      if (slot < 0) slot = yield* takeFromBuddy(ctx, pages, zone, order, type, flags);
      if ((flags & KSWAPD) !== 0) wakeKswapdIfBoosted(pages, zone);
      if (slot < 0) continue;
      prepareNew(pages, slot, order, gfp);
      if ((flags & HIGHATOMIC) !== 0) yield* reserveHighatomic(ctx, pages, zone, slot);
      return slot;
    }
    if ((flags & NO_FRAGMENT) === 0) return -1;
    flags &= ~NO_FRAGMENT;
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
    if (slot >= 0) modFreepageState(pages, ctx.cpu, zone, -(1 << order), pages.takenType);
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
    if (slot >= 0) {
      pages.takenType = MigrateType.HIGHATOMIC;
      return slot;
    }
  }
  const slot = takeBlock(pages, zone, order, type, flags);
  if (slot >= 0 || (flags & (AllocFlag.oom | AllocFlag.nonBlock)) === 0) return slot;
  pages.takenType = MigrateType.HIGHATOMIC;
  return takeSmallest(pages, zone, order, MigrateType.HIGHATOMIC);
}

function* reserveHighatomic(_ctx: Context, pages: PageAllocator, zone: number, slot: number): Steps<void> {
  yield read(pages.zoneFreeCell + zone);
  if (isHighatomicFull(pages, zone)) return;
  yield irqSave;
  yield lock(pages.zoneLockCell + zone);
  yield compound(pages.blockTypeCell + zone);
  reserveHighatomicLocked(pages, zone, pages.frames.pfnOf(slot));
  yield unlock(pages.zoneLockCell + zone);
  yield irqRestore;
}
