import { BLOCK_ORDER_SHIFT, PageFlag, type Pfn } from '@mm/memory';
import {
  type Context,
  type Steps,
  irqRestore,
  irqSave,
  lock,
  read,
  rmw,
  tryLock,
  unlock,
} from '@mm/steps/stepped';

import { AllocFlag } from '../alloc-flags.js';
import { PLAN_PCP as PCP_PLANNED } from '../allocation-plan.js';
import { refuseRequest } from '../check-arguments.js';
import { GfpBit } from '../gfp-bits.js';
import { memallocFlags, slowAllocFlags } from '../gfp-to-alloc-flags.js';
import { isHighatomicFull, reserveHighatomicLocked } from '../highatomic.js';
import { wakeAllKswapds, wakeKswapdIfBoosted } from '../kswapd.js';
import { MigrateType, PAGE_ALLOC_COSTLY_ORDER, TOP_ORDER } from '../migrate-types.js';
import type { PageAllocator } from '../page-allocator.js';
import { anyBadToTake } from '../page-checks.js';
import { prepareAsAsked, prepareNew } from '../prepare-page.js';
import { takeSmallest } from '../split-block.js';
import { takeBlock } from '../take-block.js';
import { warnAlloc } from '../warn-alloc.js';
import { watermarkFast } from '../watermark-check.js';
import { modFreepageState } from '../zone-counters.js';
import { PcpWord, STATE_PCP as PCP, STATE_ZONES as ZONES, ZoneWord } from '../zone-state.js';
import { refill, takeFromPcp } from './pcp.js';

// Local constants: imported ones are read from their module each time.
const TOP = TOP_ORDER;
const COSTLY = PAGE_ALLOC_COSTLY_ORDER;
const LOW = AllocFlag.wmarkLow;
const NO_WATERMARKS = AllocFlag.noWatermarks;
const NO_FRAGMENT = AllocFlag.noFragment;
const HIGHATOMIC = AllocFlag.highatomic;
const KSWAPD = AllocFlag.kswapd;
const PLAN_PCP = PCP_PLANNED;
const PLAN_CMA = AllocFlag.cma << 8;
const NO_ZONE = 255;
const COUNT = PcpWord.count;
const FREE_FACTOR = PcpWord.freeFactor;
const FREE = ZoneWord.free;
const FREE_CMA = ZoneWord.freeCma;
const RESERVED = ZoneWord.reservedHighatomic;
const FLAGS = ZoneWord.flags;
const STATE_PCP = PCP;
const STATE_ZONES = ZONES;
const ALLOCATED = PageFlag.allocated;
const ORDER_SHIFT = BLOCK_ORDER_SHIFT;
const AS_ASKED = GfpBit.ZERO | GfpBit.COMP;

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

/**
 * As {@link allocPages}, but returns the slot of the first frame, or -1. Nearly every allocation is a
 * small block from the first zone's per-cpu lists, under the low watermark: that is here in one piece,
 * because in parts it takes twice as long.
 */
export function* allocSlot(
  ctx: Context,
  pages: PageAllocator,
  gfp: number,
  pageOrder: number,
): Steps<number> {
  const { state, frames } = pages;
  const order = pageOrder | 0;
  const plan = (state[gfp & 31]! | 0) as number;
  if (gfp < 0 || (gfp | 0) !== gfp || order !== pageOrder || order < 0 || order > COSTLY || plan < PLAN_PCP)
    return yield* allocElsewhere(ctx, pages, gfp, pageOrder, false);
  const zone = plan & 7;
  yield read(pages.zoneFreeCell + zone);
  if (!isPlainlyAbove(pages, plan, order)) return yield* allocElsewhere(ctx, pages, gfp, order, false);
  yield irqSave;
  const set = (ctx.cpu << 3) | zone;
  const locked = yield tryLock(pages.pcpLockCell + set);
  if (!locked) {
    yield irqRestore;
    return yield* allocElsewhere(ctx, pages, gfp, order, true);
  }
  const pcp = (STATE_PCP + (set << 3)) | 0;
  state[pcp + FREE_FACTOR] = state[pcp + FREE_FACTOR]! >> 1;
  const head = ((pages.pcpBase | 0) + (set << 4) + order + (order << 1) + ((plan >> 6) & 3)) | 0;
  if (frames.next[head] === head) {
    const flags = ((plan >> 8) & 0xfff) | (gfp & KSWAPD);
    yield* refill(pages, ctx.cpu, zone, order, (plan >> 6) & 3, flags);
  }
  const { next, prev } = frames;
  const slot = next[head]!;
  if (slot !== head) {
    const after = next[slot]!;
    next[head] = after;
    prev[after] = head;
    state[pcp + COUNT] = (state[pcp + COUNT]! - (1 << order)) | 0;
  }
  yield unlock(pages.pcpLockCell + set);
  yield irqRestore;
  if (slot === head) return yield* allocElsewhere(ctx, pages, gfp, order, true);
  if ((gfp & KSWAPD) !== 0 && state[STATE_ZONES + (zone << 3) + FLAGS] !== 0)
    wakeKswapdIfBoosted(pages, zone);
  frames.refcount[slot] = 1;
  frames.flags[slot] = ALLOCATED | (order << ORDER_SHIFT);
  if ((gfp & AS_ASKED) !== 0) prepareAsAsked(pages, slot, order, gfp);
  return slot;
}

/**
 * Whether the first zone stays above its low watermark, by the words that every caller has to heed.
 * False also when only {@link watermarkFast} can tell.
 */
function isPlainlyAbove(pages: PageAllocator, plan: number, order: number): boolean {
  const { state, zoneWords } = pages;
  const zone = plan & 7;
  const nrZones = pages.nrZones | 0;
  const at = STATE_ZONES + (zone << 3);
  if ((plan & PLAN_CMA) === 0 && state[at + FREE_CMA] !== 0) return false;
  const mark =
    (zoneWords[(zone << 2) + LOW]! +
      zoneWords[(nrZones << 2) + zone]! +
      zoneWords[(nrZones + (nrZones << 2) + zone * nrZones + ((plan >> 3) & 7)) | 0]!) |
    0;
  if (((state[at + FREE]! - state[at + RESERVED]! - (1 << order) + 1) | 0) <= mark) return false;
  if (order === 0) return true;
  const { listMask } = pages;
  const lists = zone + zone + (zone << 2);
  return (listMask[lists]! | listMask[lists + 1]! | listMask[lists + 2]!) >> order !== 0;
}

/**
 * Everything that the fast path is not for. `pcpDone`: of the first zone all that is left to try are
 * the free lists.
 */
function* allocElsewhere(
  ctx: Context,
  pages: PageAllocator,
  gfp: number,
  order: number,
  pcpDone: boolean,
): Steps<number> {
  if ((gfp | 0) !== gfp || gfp < 0 || order >>> 0 !== order || order > TOP)
    return refuseRequest(pages, gfp, order);
  const plan = pages.state[gfp & 31]!;
  if (plan < 0) return -1;
  const highest = (plan >> 3) & 7;
  const type = (plan >> 6) & 3;
  const flags = ((plan >> 8) & 0xfff) | (gfp & KSWAPD);
  const slot = yield* takeFromZones(ctx, pages, gfp, order, flags, highest, type, pcpDone);
  if (slot >= 0) return slot;
  return yield* allocSlowly(ctx, pages, gfp, order, highest, type);
}

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
  const last = yield* takeFromZones(ctx, pages, gfp, order, again, highest, type, false);
  if (last < 0) warnAlloc(pages, gfp, order);
  return last;
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
  const usesPcp = order <= COSTLY && type < 3;
  let flags = allocFlags;
  let skip = pcpDone;
  for (;;) {
    for (let i = highest * nrZones, end = i + nrZones; i < end; i++) {
      const zone = zonelists[i]!;
      if (zone === NO_ZONE) break;
      if (!skip && (flags & NO_WATERMARKS) === 0) {
        yield read(pages.zoneFreeCell + zone);
        if (!watermarkFast(pages, zone, order, highest, flags, 0)) continue;
      }
      let slot = -1;
      if (usesPcp && !skip) slot = yield* takeFromPcp(ctx, pages, zone, order, type, flags);
      skip = false;
      if (slot < 0) slot = yield* takeFromBuddy(ctx, pages, zone, order, type, flags);
      if (slot < 0) continue;
      if ((flags & KSWAPD) !== 0) wakeKswapdIfBoosted(pages, zone);
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
  yield rmw(pages.zoneFreeCell + zone);
  reserveHighatomicLocked(pages, zone, pages.frames.pfnOf(slot));
  yield unlock(pages.zoneLockCell + zone);
  yield irqRestore;
}
