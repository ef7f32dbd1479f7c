import { BLOCK_ORDER_SHIFT, PageFlag } from '@mm/memory';
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

import { ALLOC_RESERVES, AllocFlag } from '../alloc-flags.js';
import { wakeKswapdIfBoosted } from '../kswapd.js';
import type { PageAllocator } from '../page-allocator.js';
import { giveBackLocked, pcpFreeCount, pcpHighNow, refillLocked } from '../pcp-lists.js';
import { prepareAsAsked } from '../prepare-page.js';
import { watermarkFast } from '../watermark-check.js';
import { PcpWord, ZoneWord, pcpAt } from '../zone-state.js';

// Local constants: imported ones are read from their module each time.
const COUNT = PcpWord.count;
const HIGH = PcpWord.high;
const BATCH = PcpWord.batch;
const FREE_FACTOR = PcpWord.freeFactor;
const FREE = ZoneWord.free;
const FREE_CMA = ZoneWord.freeCma;
const RESERVED = ZoneWord.reservedHighatomic;
const FLAGS = ZoneWord.flags;
const ALLOCATED = PageFlag.allocated;
const ORDER_SHIFT = BLOCK_ORDER_SHIFT;
const NO_WATERMARKS = AllocFlag.noWatermarks;
const AS_ASKED = 0x40100;
const NOT_PLAIN = ALLOC_RESERVES | AllocFlag.noWatermarks;
const CMA_FLAG = AllocFlag.cma;
const KSWAPD = AllocFlag.kswapd;

/** No block from this zone: its watermark says no. */
export const BELOW_WATERMARK = -1;
/** No block on the per-cpu list and none to refill it with. */
export const PCP_EMPTY = -2;

/**
 * Takes a block of order 0..3 off this CPU's list, refilled first when empty, if the zone's watermark
 * allows, and hands it out. Returns its slot, {@link BELOW_WATERMARK} or {@link PCP_EMPTY}; the latter
 * also when the lists are in use further down this CPU's stack. All in one function, because nearly
 * every allocation is this: in parts it takes twice as long.
 * @see linux 6.1 mm/page_alloc.c zone_watermark_fast, rmqueue_pcplist, prep_new_page
 */
export function* takeFromPcp(
  ctx: Context,
  pages: PageAllocator,
  zoneIndex: number,
  order: number,
  type: number,
  highest: number,
  allocFlags: number,
  gfp: number,
): Steps<number> {
  // `| 0` tells the compiler that these are int32: it then need not check each sum.
  const zone = zoneIndex | 0;
  const flags = allocFlags | 0;
  const { frames, pcpState, zoneState } = pages;
  if ((flags & NO_WATERMARKS) === 0) {
    yield read(pages.zoneFreeCell + zone);
    // The short cut of watermarkFast() for single pages without rights to reserves.
    let plain = false;
    if (order === 0 && (flags & NOT_PLAIN) === 0) {
      const at = zone << 3;
      const cma = (flags & CMA_FLAG) !== 0 ? 0 : zoneState[at + FREE_CMA]!;
      const usable = (zoneState[at + FREE]! - zoneState[at + RESERVED]! - (cma > 0 ? cma : 0)) | 0;
      const mark = (pages.wmark[(zone << 2) + (flags & 3)]! + pages.watermarkBoost[zone]!) | 0;
      plain = usable > ((mark + pages.lowmemReserve[Math.imul(zone, pages.nrZones) + highest]!) | 0);
    }
    if (!plain && !watermarkFast(pages, zone, order, highest, flags, 0)) return BELOW_WATERMARK;
  }
  yield irqSave;
  const set = (ctx.cpu << 3) | zone;
  const locked = yield tryLock(pages.pcpLockCell + set);
  if (!locked) {
    yield irqRestore;
    return PCP_EMPTY;
  }
  const pcp = set << 3;
  pcpState[pcp + FREE_FACTOR] = pcpState[pcp + FREE_FACTOR]! >> 1;
  const head = (pages.pcpBase + (set << 4) + Math.imul(order, 3) + type) | 0;
  let slot = frames.next[head]!;
  if (slot === head) {
    yield* refill(pages, ctx.cpu, zone, order, type, flags);
    slot = frames.next[head]!;
  }
  if (slot === head) slot = PCP_EMPTY;
  else {
    const { next, prev } = frames;
    const after = next[slot]!;
    next[head] = after;
    prev[after] = head;
    pcpState[pcp + COUNT] = (pcpState[pcp + COUNT]! - (1 << order)) | 0;
  }
  yield unlock(pages.pcpLockCell + set);
  yield irqRestore;
  if (slot < 0) return slot;
  if ((flags & KSWAPD) !== 0 && zoneState[(zone << 3) + FLAGS] !== 0) wakeKswapdIfBoosted(pages, zone);
  frames.refcount[slot] = 1;
  frames.flags[slot] = ALLOCATED | (order << ORDER_SHIFT);
  if ((gfp & AS_ASKED) !== 0) prepareAsAsked(pages, slot, order, gfp);
  return slot;
}

/**
 * Brings a batch of blocks to an empty per-cpu list. Under the lists' lock.
 * @see linux 6.1 mm/page_alloc.c __rmqueue_pcplist
 */
function* refill(
  pages: PageAllocator,
  cpu: number,
  zone: number,
  order: number,
  type: number,
  allocFlags: number,
): Steps<void> {
  const at = pcpAt(cpu, zone);
  const batch = pages.pcpState[at + BATCH]!;
  const count = batch > 1 ? Math.max(batch >> order, 2) : batch;
  yield lock(pages.zoneLockCell + zone);
  yield rmw(pages.zoneFreeCell + zone);
  const arrived = refillLocked(pages, cpu, zone, order, type, count, allocFlags);
  yield unlock(pages.zoneLockCell + zone);
  pages.pcpState[at + COUNT]! += arrived << order;
}

/**
 * Takes a single page off a per-cpu list for a bulk allocation; -1 when there is none. Under the
 * lists' lock.
 * @see linux 6.1 mm/page_alloc.c __rmqueue_pcplist
 */
export function* takePcpLocked(
  pages: PageAllocator,
  cpu: number,
  zone: number,
  type: number,
  allocFlags: number,
): Steps<number> {
  const { frames } = pages;
  const set = (cpu << 3) | zone;
  const head = (pages.pcpBase + (set << 4) + type) | 0;
  if (frames.next[head] === head) yield* refill(pages, cpu, zone, 0, type, allocFlags);
  const { next, prev } = frames;
  const slot = next[head]!;
  if (slot === head) return -1;
  const after = next[slot]!;
  next[head] = after;
  prev[after] = head;
  pages.pcpState[(set << 3) + COUNT]!--;
  return slot;
}

/**
 * Puts a block that is ready to be free on this CPU's list, and gives some back when there are many.
 * False when the lists are in use further down this CPU's stack.
 * @see linux 6.1 mm/page_alloc.c free_unref_page_commit
 */
export function* giveToPcp(
  ctx: Context,
  pages: PageAllocator,
  zone: number,
  pageSlot: number,
  pageOrder: number,
  type: number,
): Steps<boolean> {
  const slot = pageSlot | 0;
  const order = pageOrder | 0;
  const { pcpState } = pages;
  const { next, prev } = pages.frames;
  yield irqSave;
  const set = (ctx.cpu << 3) | zone;
  const locked = yield tryLock(pages.pcpLockCell + set);
  if (!locked) {
    yield irqRestore;
    return false;
  }
  const pcp = set << 3;
  const head = (pages.pcpBase + (set << 4) + Math.imul(order, 3) + type) | 0;
  const after = next[head]!;
  next[slot] = after;
  prev[slot] = head;
  prev[after] = slot;
  next[head] = slot;
  const count = (pcpState[pcp + COUNT]! + (1 << order)) | 0;
  pcpState[pcp + COUNT] = count;
  if (
    count >= pcpState[pcp + HIGH]! ||
    (order !== 0 && pcpState[pcp + FREE_FACTOR] !== 0) ||
    pages.zoneState[(zone << 3) + FLAGS] !== 0
  )
    yield* giveSomeBack(pages, ctx.cpu, zone, order, type);
  yield unlock(pages.pcpLockCell + set);
  yield irqRestore;
  return true;
}

function* giveSomeBack(
  pages: PageAllocator,
  cpu: number,
  zone: number,
  order: number,
  type: number,
): Steps<void> {
  const at = pcpAt(cpu, zone);
  const freesHigh = order !== 0 && pages.pcpState[at + FREE_FACTOR] !== 0;
  const high = pcpHighNow(pages, at, zone, freesHigh);
  if (pages.pcpState[at + COUNT]! < high) return;
  const some = pcpFreeCount(pages, at, high, freesHigh);
  yield lock(pages.zoneLockCell + zone);
  yield rmw(pages.zoneFreeCell + zone);
  giveBackLocked(pages, cpu, zone, some, 3 * order + type);
  yield unlock(pages.zoneLockCell + zone);
}

