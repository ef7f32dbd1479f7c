import { type Context, type Steps, irqRestore, irqSave, lock, rmw, tryLock, unlock } from '@mm/steps/stepped';

import { linkAfter, unlink } from '../free-area.js';
import { PAGE_ALLOC_COSTLY_ORDER } from '../migrate-types.js';
import type { PageAllocator } from '../page-allocator.js';
import {
  giveBackLocked,
  pcpAt,
  pcpFreeCount,
  pcpHead,
  pcpHighNow,
  pcpLock,
  refillLocked,
} from '../pcp-lists.js';
import { PcpWord } from '../zone-state.js';

/**
 * Takes a block off this CPU's list, refilled first when empty. Returns its slot, or -1 when there is
 * none or the lists are in use further down this CPU's stack.
 * @see linux 6.1 mm/page_alloc.c rmqueue_pcplist, __rmqueue_pcplist
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
  const cpu = ctx.cpu;
  const locked = yield tryLock(pcpLock(pages, cpu, zone));
  if (!locked) {
    yield irqRestore;
    return -1;
  }
  pages.pcpState[pcpAt(pages, cpu, zone) + PcpWord.freeFactor]! >>= 1;
  const slot = yield* takePcpLocked(pages, cpu, zone, order, type, allocFlags);
  yield unlock(pcpLock(pages, cpu, zone));
  yield irqRestore;
  return slot;
}

/**
 * Takes a block off a per-cpu list, refilled first when empty; -1 when there is none. Under the
 * lists' lock.
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
  const { pcpState } = pages;
  const at = pcpAt(pages, cpu, zone);
  const head = pcpHead(pages, cpu, zone, 3 * order + type);
  let slot = pages.frames.next[head]!;
  if (slot === head) {
    const batch = pcpState[at + PcpWord.batch]!;
    const count = batch > 1 ? Math.max(batch >> order, 2) : batch;
    yield lock(pages.zoneLockCell + zone);
    yield rmw(pages.zoneFreeCell + zone);
    const arrived = refillLocked(pages, cpu, zone, order, type, count, allocFlags);
    yield unlock(pages.zoneLockCell + zone);
    pcpState[at + PcpWord.count]! += arrived << order;
    slot = pages.frames.next[head]!;
    if (slot === head) return -1;
  }
  unlink(pages.frames.next, pages.frames.prev, slot);
  pcpState[at + PcpWord.count]! -= 1 << order;
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
  yield irqSave;
  const cpu = ctx.cpu;
  const locked = yield tryLock(pcpLock(pages, cpu, zone));
  if (!locked) {
    yield irqRestore;
    return false;
  }
  const { pcpState, frames } = pages;
  const at = pcpAt(pages, cpu, zone);
  const index = 3 * order + type;
  linkAfter(frames.next, frames.prev, pcpHead(pages, cpu, zone, index), slot);
  const count = pcpState[at + PcpWord.count]! + (1 << order);
  pcpState[at + PcpWord.count] = count;
  const freesHigh =
    pcpState[at + PcpWord.freeFactor] !== 0 && order !== 0 && order <= PAGE_ALLOC_COSTLY_ORDER;
  const high = pcpHighNow(pages, at, zone, freesHigh);
  if (count >= high) {
    const some = pcpFreeCount(pages, at, high, freesHigh);
    yield lock(pages.zoneLockCell + zone);
    yield rmw(pages.zoneFreeCell + zone);
    giveBackLocked(pages, cpu, zone, some, index);
    yield unlock(pages.zoneLockCell + zone);
  }
  yield unlock(pcpLock(pages, cpu, zone));
  yield irqRestore;
  return true;
}
