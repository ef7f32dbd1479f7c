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

import { unlink } from '../free-area.js';
import { MIGRATE_PCPTYPES } from '../migrate-types.js';
import type { PageAllocator } from '../page-allocator.js';
import { pcpFreeCount, pcpHead, pcpHighNow, pcpLock, pcpSizesCellOf } from '../pcp-lists.js';
import { freeBlock } from '../merge-block.js';
import { giveBackLocked, giveBackOne } from '../pcp-give-back.js';
import { modFreePages } from '../zone-counters.js';
import { refillLocked } from '../pcp-refill.js';
import { PcpWord, STATE_PCP as PCP, STATE_ZONES as ZONES, ZoneWord, pcpAt } from '../zone-state.js';

// Local constants: imported ones are read from their module each time.
const COUNT = PcpWord.count;
const HIGH = PcpWord.high;
const BATCH = PcpWord.batch;
const FREE_FACTOR = PcpWord.freeFactor;
const STATE_PCP = PCP;
const ISOLATED = ZoneWord.isolatedBlocks;
/** The lists of single pages come first. */
const FIRST_HIGH_INDEX = MIGRATE_PCPTYPES;
const STATE_ZONE_FLAGS: number = ZONES + ZoneWord.flags;

/**
 * Takes a block of order 0..3 off this CPU's list, refilled first when empty. Returns its slot, or -1
 * when there is none or the lists are in use further down this CPU's stack.
 * @see linux 6.1 mm/page_alloc.c rmqueue_pcplist
 */
export function* takeFromPcp(
  ctx: Context,
  pages: PageAllocator,
  zone: number,
  order: number,
  type: number,
  allocFlags: number,
): Steps<number> {
  yield irqSave;
  const locked = yield tryLock(pcpLock(pages, ctx.cpu, zone));
  if (!locked) {
    yield irqRestore;
    return -1;
  }
  pages.pcpState[pcpAt(ctx.cpu, zone) + FREE_FACTOR]! >>= 1;
  const slot = yield* takePcpLocked(pages, ctx.cpu, zone, order, type, allocFlags);
  yield unlock(pcpLock(pages, ctx.cpu, zone));
  yield irqRestore;
  return slot;
}

/**
 * Brings a batch of blocks to an empty per-cpu list. Under the lists' lock.
 * @see linux 6.1 mm/page_alloc.c __rmqueue_pcplist
 */
export function* refill(
  pages: PageAllocator,
  cpu: number,
  zone: number,
  order: number,
  type: number,
  allocFlags: number,
): Steps<void> {
  const at = pcpAt(cpu, zone);
  yield read(pcpSizesCellOf(pages, cpu, zone));
  const batch = pages.pcpState[at + BATCH]!;
  const count = batch > 1 ? Math.max(batch >> order, 2) : batch;
  yield lock(pages.zoneLockCell + zone);
  yield rmw(pages.zoneFreeCell + zone);
  const arrived = refillLocked(pages, cpu, zone, order, type, count, allocFlags);
  yield unlock(pages.zoneLockCell + zone);
  pages.pcpState[at + COUNT]! += arrived << order;
}

/**
 * Takes a block off a per-cpu list, refilled first when empty; -1 when there is none. Under the lists'
 * lock.
 * @see linux 6.1 mm/page_alloc.c __rmqueue_pcplist
 */
export function* takePcpLocked(
  pages: PageAllocator,
  cpu: number,
  zone: number,
  order: number,
  type: number,
  allocFlags: number,
): Steps<number> {
  const { frames } = pages;
  const head = pcpHead(pages, cpu, zone, 3 * order + type);
  if (frames.next[head] === head) yield* refill(pages, cpu, zone, order, type, allocFlags);
  const slot = frames.next[head]!;
  if (slot === head) return -1;
  unlink(frames.next, frames.prev, slot);
  pages.pcpState[pcpAt(cpu, zone) + COUNT]! -= 1 << order;
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
  slot: number,
  order: number,
  type: number,
): Steps<boolean> {
  const { state } = pages;
  yield irqSave;
  const set = (ctx.cpu << 3) | zone;
  const locked = yield tryLock(pages.pcpLockCell + set);
  if (!locked) {
    yield irqRestore;
    return false;
  }
  // Only now: before the lock another CPU may have made the pool of frames grow, into new arrays.
  const { next, prev } = pages.frames;
  const head = ((pages.pcpBase | 0) + (set << 4) + order + (order << 1) + type) | 0;
  const after = next[head]!;
  next[slot] = after;
  prev[slot] = head;
  prev[after] = slot;
  next[head] = slot;
  const pcp = (STATE_PCP + (set << 3)) | 0;
  const count = (state[pcp + COUNT]! + (1 << order)) | 0;
  state[pcp + COUNT] = count;
  yield read(pages.pcpSizesCell + set);
  if (
    count >= state[pcp + HIGH]! ||
    (order !== 0 && state[pcp + FREE_FACTOR] !== 0) ||
    state[(STATE_ZONE_FLAGS + (zone << 3)) | 0] !== 0
  )
    yield* giveSomeBack(ctx, pages, zone, 3 * order + type);
  yield unlock(pages.pcpLockCell + set);
  yield irqRestore;
  return true;
}

/**
 * Gives pages of this CPU's lists back when there are many, from list `index` on. Under the lists' lock.
 * @see linux 6.1 mm/page_alloc.c free_unref_page_commit
 */
export function* giveSomeBack(ctx: Context, pages: PageAllocator, zone: number, index: number): Steps<void> {
  const { pcpState } = pages;
  const { cpu } = ctx;
  const at = pcpAt(cpu, zone);
  const freesHigh = index >= FIRST_HIGH_INDEX && pcpState[at + FREE_FACTOR] !== 0;
  const high = pcpHighNow(pages, at, zone, freesHigh);
  if (pcpState[at + COUNT]! < high) return;
  yield read(pcpSizesCellOf(pages, cpu, zone));
  const some = pcpFreeCount(pages, at, high, freesHigh);
  yield lock(pages.zoneLockCell + zone);
  yield rmw(pages.zoneFreeCell + zone);
  giveBackLocked(pages, cpu, zone, some, index);
  yield unlock(pages.zoneLockCell + zone);
}

/**
 * Gives a block back to the free lists by way of lists that are empty: as {@link giveSomeBack} does with the only block there is, when
 * blocks are freed in a row. Under the lists' lock.
 * @see linux 6.1 mm/page_alloc.c free_unref_page_commit
 */
export function* giveThrough(
  ctx: Context,
  pages: PageAllocator,
  zone: number,
  slot: number,
  order: number,
  type: number,
): Steps<void> {
  const { cpu } = ctx;
  yield read(pcpSizesCellOf(pages, cpu, zone));
  yield lock(pages.zoneLockCell + zone);
  yield rmw(pages.zoneFreeCell + zone);
  if (pages.zoneState[(zone << 3) | ISOLATED]! > 0) giveBackOne(pages, cpu, zone, slot, order, type);
  else {
    modFreePages(pages, cpu, zone, 1 << order);
    freeBlock(pages, zone, slot, order, type, false);
  }
  yield unlock(pages.zoneLockCell + zone);
}
