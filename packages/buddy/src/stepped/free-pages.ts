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

import { slotToFree } from '../check-arguments.js';
import { freeBlock } from '../merge-block.js';
import { MIGRATE_PCPTYPES, MigrateType, PAGE_ALLOC_COSTLY_ORDER } from '../migrate-types.js';
import { refuseMisuse } from '../misuse.js';
import type { PageAllocator } from '../page-allocator.js';
import { SEVERAL_ZONES, blockTypeOf } from '../pageblocks.js';
import { oddType } from '../pcp-lists.js';
import { linkAfter } from '../free-area.js';
import { CHECK_AT_PREP, anyTailFlags } from '../page-checks.js';
import { prepareFree } from '../prepare-page.js';
import { modFreepageState } from '../zone-counters.js';
import { STATE_PCP as PCP, PcpWord, STATE_ZONES, ZONE_WORDS, ZoneWord } from '../zone-state.js';
import { giveSomeBack, giveThrough, giveToPcp } from './pcp.js';

// Local constants: imported ones are read from their module each time.
const COSTLY_ORDER = PAGE_ALLOC_COSTLY_ORDER;
const PCPTYPES = MIGRATE_PCPTYPES;
const MOVABLE = MigrateType.MOVABLE;
const ISOLATE = MigrateType.ISOLATE;
const HEAD = PageFlag.head;
const SEVERAL_ZONES_INFO: number = SEVERAL_ZONES << 3;
const HIGH = PcpWord.high;
const FREE_FACTOR = PcpWord.freeFactor;
const STATE_PCP = PCP;
const STATE_ZONE_FLAGS: number = STATE_ZONES + ZoneWord.flags;
const SECTION_SHIFT = 10;
const FRAME_MASK = 1023;
/** Page frame numbers have 30 bits. */
const PFN_MASK = 0x3fffffff;
/** The flags that freeing a page leaves on it. */
const KEPT = ~(CHECK_AT_PREP | PageFlag.allocated | (15 << BLOCK_ORDER_SHIFT));

/**
 * Drops a reference to a block; with the last one the block is free. Where other references remain on
 * a block that is not compound, all but its first page are freed at once, as the kernel does.
 *
 * @param pfn the first page of the block, as {@link allocPages} returned it.
 * @param order the order it was allocated with.
 * @throws OptionError when the arguments name no block; MisuseError, on a strict machine, when the
 * block is not allocated or has another order.
 * @example
 * freePages(ctx, pages, pfn, 2);
 * @see linux 6.1 mm/page_alloc.c __free_pages
 */
export function* freePages(ctx: Context, pages: PageAllocator, pfn: number, order: number): Steps<void> {
  const { directory } = pages.frames;
  const section = pfn >> SECTION_SHIFT;
  // Masked: false for fractions and negative numbers too. Nearly always it is a single page, and known.
  if (
    order !== 0 ||
    (pfn & PFN_MASK) !== pfn ||
    pages.strict ||
    section >= directory.length ||
    directory[section] === 0
  )
    return yield* freeSmall(ctx, pages, pfn, order);
  const slot = directory[section]! + (pfn & FRAME_MASK);
  yield rmw(pages.refcountCell + (slot & 255));
  // Taken after the step: meanwhile another CPU may have made the pool of frames grow, into new arrays.
  const { refcount } = pages.frames;
  const left = refcount[slot]! - 1;
  refcount[slot] = left;
  if (left !== 0) return markOddReference(pages, slot);
  const info = pages.blockInfo[pfn >> pages.pageblockOrder]!;
  if ((info & 7) >= PCPTYPES || info >= SEVERAL_ZONES_INFO) return yield* freeSlot(ctx, pages, slot, pfn, 0);
  yield* freeSingle(ctx, pages, slot, info);
}

/** Frees a page of an ordinary pageblock; `info` is of the block. */
function* freeSingle(ctx: Context, pages: PageAllocator, slot: number, info: number): Steps<void> {
  const { flags } = pages.frames;
  flags[slot] = flags[slot]! & KEPT;
  yield irqSave;
  const set = (ctx.cpu << 3) | (info >> 3);
  const locked = yield tryLock(pages.pcpLockCell + set);
  if (!locked) {
    yield irqRestore;
    return yield* freeToBuddy(ctx, pages, info >> 3, slot, 0, info & 7, false);
  }
  const { next, prev } = pages.frames;
  const head = pages.pcpBase + (set << 4) + (info & 7);
  const after = next[head]!;
  next[slot] = after;
  prev[slot] = head;
  prev[after] = slot;
  next[head] = slot;
  const { state } = pages;
  const at = STATE_PCP + (set << 3);
  const count = state[at]! + 1;
  state[at] = count;
  yield read(pages.pcpSizesCell + set);
  if (count >= state[at + HIGH]! || state[STATE_ZONE_FLAGS + (info & 0x38)] !== 0)
    yield* giveSomeBack(ctx, pages, info >> 3, info & 7);
  yield unlock(pages.pcpLockCell + set);
  yield irqRestore;
}

/** {@link freePages} for blocks that have per-cpu lists; what is out of the ordinary goes elsewhere. */
function* freeSmall(ctx: Context, pages: PageAllocator, pfn: number, order: number): Steps<void> {
  const { directory } = pages.frames;
  const section = pfn >> SECTION_SHIFT;
  const size = 1 << (order & COSTLY_ORDER);
  // Masked as above, and a multiple of its size.
  if (
    order === 0 ||
    (order & COSTLY_ORDER) !== order ||
    (pfn & PFN_MASK & -size) !== pfn ||
    pages.strict ||
    section >= directory.length ||
    directory[section] === 0
  )
    return yield* freeAnyPages(ctx, pages, pfn, order);
  const slot = directory[section]! | (pfn & FRAME_MASK);
  if ((pages.frames.flags[slot]! & HEAD) !== 0) return yield* freeAnyPages(ctx, pages, pfn, order);
  yield rmw(pages.refcountCell + (slot & 255));
  const { refcount, flags } = pages.frames;
  const left = (refcount[slot]! - 1) | 0;
  refcount[slot] = left;
  if (left !== 0) return yield* keepReferences(ctx, pages, slot, pfn, order, false);
  const info = pages.blockInfo[pfn >> pages.pageblockOrder]!;
  if (
    (info & 7) >= PCPTYPES ||
    info >= SEVERAL_ZONES_INFO ||
    (pages.checkPages && anyTailFlags(pages.frames, slot, order))
  )
    return yield* freeSlot(ctx, pages, slot, pfn, order);
  const kept = flags[slot]! & KEPT;
  flags[slot] = kept;
  yield irqSave;
  const set = (ctx.cpu << 3) | (info >> 3);
  const locked = yield tryLock(pages.pcpLockCell + set);
  if (!locked) {
    yield irqRestore;
    return yield* freeToBuddy(ctx, pages, info >> 3, slot, order, info & 7, false);
  }
  const index = (order + (order << 1) + (info & 7)) | 0;
  const { state } = pages;
  const at = (STATE_PCP + (set << 3)) | 0;
  if (state[at] === 0 && state[at + FREE_FACTOR] !== 0 && kept === 0) {
    // Freed in a row: what goes on empty lists comes back off them at once: a block of eight pages takes four fifths of the time.
    yield* giveThrough(ctx, pages, info >> 3, slot, order, info & 7);
  } else {
    // Only now: before the lock another CPU may have made the pool of frames grow, into new arrays.
    const { next, prev } = pages.frames;
    linkAfter(next, prev, ((pages.pcpBase | 0) + (set << 4) + index) | 0, slot);
    const count = (state[at]! + size) | 0;
    state[at] = count;
    yield read(pages.pcpSizesCell + set);
    if (
      count >= state[at + HIGH]! ||
      state[at + FREE_FACTOR] !== 0 ||
      state[(STATE_ZONE_FLAGS + (info & 0x38)) | 0] !== 0
    )
      yield* giveSomeBack(ctx, pages, info >> 3, index);
  }
  yield unlock(pages.pcpLockCell + set);
  yield irqRestore;
}

/** {@link freePages} for all blocks. */
function* freeAnyPages(ctx: Context, pages: PageAllocator, pfn: number, order: number): Steps<void> {
  const slot = slotToFree(pages, pfn, order) | 0;
  if (pages.strict) refuseMisuse(pages, slot, order);
  const isHead = (pages.frames.flags[slot]! & HEAD) !== 0;
  yield rmw(pages.refcountCell + (slot & 255));
  const { refcount } = pages.frames;
  const left = (refcount[slot]! - 1) | 0;
  refcount[slot] = left;
  if (left === 0) yield* freeSlot(ctx, pages, slot, pfn, order);
  else yield* keepReferences(ctx, pages, slot, pfn, order, isHead);
}

/** A page with fewer than no references is not fit to be handed out. */
function markOddReference(pages: PageAllocator, slot: number): void {
  const { flags, refcount } = pages.frames;
  if (refcount[slot]! < 0) flags[slot]! |= PageFlag.oddReference;
}

/** Others still refer to the first page of a block. @see linux 6.1 mm/page_alloc.c __free_pages */
function* keepReferences(
  ctx: Context,
  pages: PageAllocator,
  slot: number,
  pfn: number,
  order: number,
  isHead: boolean,
): Steps<void> {
  markOddReference(pages, slot);
  if (isHead) return;
  const { flags } = pages.frames;
  // What is kept of an allocated block is its first page; the same bits of a free one tell what is free.
  if ((flags[slot]! & PageFlag.allocated) !== 0) flags[slot]! &= ~(15 << BLOCK_ORDER_SHIFT);
  for (let half = order - 1; half >= 0; half--)
    yield* freeSlot(ctx, pages, slot + (1 << half), pfn + (1 << half), half);
}

/**
 * Frees a block that has no reference left.
 * @see linux 6.1 mm/page_alloc.c free_the_page, free_unref_page, __free_pages_ok
 */
export function* freeSlot(
  ctx: Context,
  pages: PageAllocator,
  slot: number,
  pfn: number,
  order: number,
): Steps<void> {
  const { flags } = pages.frames;
  const toPcp = order <= COSTLY_ORDER;
  if (order === 0) flags[slot] = flags[slot]! & KEPT;
  else if (!prepareFree(pages, slot, order, !toPcp)) return;
  const info = pages.blockInfo[pfn >> pages.pageblockOrder]!;
  const shared = info >= SEVERAL_ZONES_INFO;
  const type = shared ? blockTypeOf(pages, pfn) : info & 7;
  const zone = shared ? pages.frames.zone[slot]! : info >> 3;
  if (toPcp && type !== ISOLATE) {
    if (type >= PCPTYPES) flags[slot]! |= oddType(type);
    const done = yield* giveToPcp(ctx, pages, zone, slot, order, type < PCPTYPES ? type : MOVABLE);
    if (done) return;
    pages.frames.flags[slot] = pages.frames.flags[slot]! & KEPT;
  }
  yield* freeToBuddy(ctx, pages, zone, slot, order, type, false);
}

/** Frees a single page that has no reference left, behind all others. @see linux 6.1 mm/page_alloc.c FPI_TO_TAIL */
export function* freeSlotToTail(ctx: Context, pages: PageAllocator, slot: number): Steps<void> {
  if (!prepareFree(pages, slot, 0, true)) return;
  const zone = pages.frames.zone[slot]!;
  const type = blockTypeOf(pages, pages.frames.pfnOf(slot));
  yield* freeToBuddy(ctx, pages, zone, slot, 0, type, true);
}

/** @see linux 6.1 mm/page_alloc.c free_one_page */
function* freeToBuddy(
  ctx: Context,
  pages: PageAllocator,
  zone: number,
  slot: number,
  order: number,
  type: number,
  toTail: boolean,
): Steps<void> {
  yield irqSave;
  yield lock(pages.zoneLockCell + zone);
  yield rmw(pages.zoneFreeCell + zone);
  // Before the lock was taken the type may have become ISOLATE, or no longer be it.
  const isolated = pages.zoneState[zone * ZONE_WORDS + ZoneWord.isolatedBlocks]! > 0 || type === ISOLATE;
  const typeNow = isolated ? blockTypeOf(pages, pages.frames.pfnOf(slot)) : type;
  if (typeNow !== ISOLATE) modFreepageState(pages, ctx.cpu, zone, 1 << order, typeNow);
  freeBlock(pages, zone, slot, order, typeNow, toTail);
  yield unlock(pages.zoneLockCell + zone);
  yield irqRestore;
}
