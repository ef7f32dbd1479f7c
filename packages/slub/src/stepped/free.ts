import { checkObjectAddress } from '@mm/kmem';
import { PAGE_SIZE, SECTION_FRAMES, fillBytes } from '@mm/memory';
import {
  type Context,
  type Steps,
  irqRestore,
  irqSave,
  lock,
  raced,
  read,
  rmw,
  unlock,
  write,
} from '@mm/steps/stepped';

import { checkAlive } from '../check-arguments.js';
import { setFreePointer } from '../free-pointer.js';
import { checkMisuse, ownerOf } from '../misuse.js';
import { FROZEN, OBJECTS_MASK, changeInUse, inuseOf } from '../slab-counters.js';
import { addPartial, removeFull, removePartial } from '../slab-lists.js';
import { NodeWord, type SlubCache, slabCellOf } from '../slub-cache.js';
import { freeDebugProcessing } from '../slub-debug.js';
import { CPU_SHIFT, CpuWord, SlubStat, count, countCpuFail } from '../slub-stats.js';
import { headSlotOf } from '../slab-head.js';
import { decSlabs, discardSlab, freeSlab } from './new-slab.js';
import { putCpuPartial } from './partial.js';

const SLAB = CpuWord.slab;
const FREELIST = CpuWord.freelist;
const TID = CpuWord.tid;
const CHUNK = CpuWord.chunk;
const POINTER_BASE = CpuWord.pointerBase;
const HIGH = CpuWord.high;
const FREE_BELOW = CpuWord.freeBelow;
const SHIFT = CPU_SHIFT;
const FASTPATH = SlubStat.freeFastpath;
const SLOWPATH = SlubStat.freeSlowpath;
const FROZEN_STAT = SlubStat.freeFrozen;
const PAGE = PAGE_SIZE;
const FROZEN_BIT = FROZEN;
const OBJECTS = OBJECTS_MASK;
const setPointer = setFreePointer;
const NONE = -1;
const SECTION = 10;
const SECTION_MASK = SECTION_FRAMES - 1;

/**
 * Frees an object.
 *
 * @param object its physical address, as the allocation returned it.
 * @throws MisuseError on a strict machine for an object that is not live in this cache; nothing has changed.
 * @throws KernelBug for an address that is in no slab.
 * @throws OptionError for what is no cache, one that was destroyed, and for what is no address. Who runs is not looked at.
 * @example
 * slubFree(ctx, cache, table);
 * @see linux 6.1 mm/slub.c kmem_cache_free
 */
export function* slubFree(ctx: Context, cache: SlubCache, object: number): Steps<void> {
  // What is no cache is not `unchecked` either.
  if (typeof object !== 'number' || cache?.unchecked !== true) {
    yield* freeChecked(ctx, cache, object);
    return;
  }
  const { cpu } = cache;
  for (;;) {
    yield read(cache.cpuCell + ctx.cpu);
    const at = ctx.cpu << 6;
    const tid = cpu[at | TID]!;
    yield read(cache.cpuCell + (at >> 6));
    // Of word 0, SLAB, as in slubAlloc.
    const slab = cpu[at]!;
    // By its address alone: most objects come back to the slab that the CPU works on.
    const offset = object - slab * 4096;
    if (!(offset >= 0 && offset < cpu[at | FREE_BELOW]!)) {
      yield* slowFree(ctx, cache, object, slab, 0, 1);
      return;
    }
    // Read with the slab: from the next step on it may be another.
    const words = cache.memory.chunks[cpu[at | CHUNK]!]!;
    const word = (cpu[at | POINTER_BASE]! + (offset >> 2)) | 0;
    const high = cpu[at | HIGH]!;
    yield read(cache.cpuCell + (at >> 6));
    const freelist = cpu[at | FREELIST]!;
    words[word] = freelist === 0 ? 0 : ((slab << 12) + freelist - 1) | 0;
    words[word + 1] = freelist === 0 ? 0 : high;
    yield rmw(cache.cpuCell + ctx.cpu);
    const here = ctx.cpu << 6;
    if (raced(cpu[here | TID] !== tid || cpu[here | FREELIST] !== freelist)) {
      countCpuFail(cache, ctx.cpu);
      continue;
    }
    cpu[here | FREELIST] = offset | 1;
    cpu[here | TID] = (tid + cache.tidStep) | 0;
    cpu[here | FASTPATH]! += 1;
    return;
  }
}

/** A free pointer that leads nowhere; where no object begins, hardened kernels refuse the free before they read it. */
function endListAt(cache: SlubCache, slabPfn: number, object: number): void {
  const { memory, arch, hardened } = cache.system;
  if (hardened && object % 4 === 0) setFreePointer(cache, slabPfn, (object - slabPfn * PAGE) | 1, 0);
  else fillBytes(memory, object + cache.offset, arch.pointerBytes, 0);
}

/** Frees an object of a debugged cache or on a strict machine. @see linux 6.1 mm/slub.c kmem_cache_free */
function* freeChecked(ctx: Context, cache: SlubCache, object: number): Steps<void> {
  checkObjectAddress(object);
  const { frames, pages } = checkAlive(cache).system;
  const slot = headSlotOf(frames, Math.floor(object / PAGE));
  if (pages.strict) checkMisuse(cache, slot, object);
  let owner: SlubCache | null = cache;
  if (frames.owner0[slot] !== cache.id || cache.debugging) owner = ownerOf(cache, slot, object);
  // Said, and passed over.
  if (owner === null) return;
  if (owner.debugging) {
    count(owner, ctx.cpu, SlubStat.freeSlowpath);
    // The hooks on the way make a list of one object of it, whatever it is.
    endListAt(owner, frames.pfnOf(slot), object);
    yield* freeDebugged(ctx, owner, slot, object, object, 1);
    return;
  }
  const head = (object - frames.pfnOf(slot) * PAGE) | 1;
  yield* freeList(ctx, owner, slot, head, head, 1);
}

/**
 * Frees a list of `count` objects of one slab, linked from `head` to `tail`.
 * @see linux 6.1 mm/slub.c do_slab_free
 */
export function* freeList(
  ctx: Context,
  cache: SlubCache,
  slot: number,
  head: number,
  tail: number,
  many: number,
): Steps<void> {
  const { cpu, system } = cache;
  const slab = system.frames.pfnOf(slot);
  for (;;) {
    yield read(cache.cpuCell + ctx.cpu);
    const at = ctx.cpu << SHIFT;
    const tid = cpu[at | TID]!;
    yield read(cache.cpuCell + (at >> SHIFT));
    if (cpu[at | SLAB] !== slab) break;
    yield read(cache.cpuCell + (at >> SHIFT));
    const freelist = cpu[at | FREELIST]!;
    setFreePointer(cache, slab, tail, freelist);
    yield rmw(cache.cpuCell + ctx.cpu);
    const here = ctx.cpu << SHIFT;
    if (raced(cpu[here | TID] !== tid || cpu[here | FREELIST] !== freelist)) {
      countCpuFail(cache, ctx.cpu);
      continue;
    }
    cpu[here | FREELIST] = head;
    cpu[here | TID] = (tid + cache.tidStep) | 0;
    cpu[here | FASTPATH]! += 1;
    return;
  }
  if (!cache.debugging) {
    yield* slowFree(ctx, cache, slab * PAGE + head - 1, NONE, tail, many);
    return;
  }
  count(cache, ctx.cpu, SlubStat.freeSlowpath);
  yield* freeDebugged(ctx, cache, slot, slab * PAGE - 1 + head, slab * PAGE - 1 + tail, many);
}

/**
 * Frees objects of one slab, linked from `object`, an address, to `tail`: offset | 1, or 0 for the object alone. It is not
 * `cpuSlab`, the slab that the CPU was seen with; nearly always it stays where it is, and what moves one is apart.
 *
 * Search and free are one function, too long to be compiled into the fast path: it then is one call of few arguments.
 * @see linux 6.1 mm/slub.c __slab_free
 */
function* slowFree(
  ctx: Context,
  cache: SlubCache,
  object: number,
  cpuSlab: number,
  tail: number,
  many: number,
): Steps<void> {
  if (!Number.isSafeInteger(object) || object < 0) checkObjectAddress(object);
  const { cpu, frames } = cache;
  // A slab of the usual order begins at a multiple of its size: that spares the look at the page's own frame.
  let slab = (object / PAGE) & cache.slabMask;
  let slot = (frames.directory[slab >> SECTION]! + (slab & SECTION_MASK)) | 0;
  let head = (object & cache.offsetMask) | 1;
  yield read(slabCellOf(cache, slot));
  if (frames.owner0[slot] !== cache.id || (frames.owner2[slot]! & OBJECTS) !== cache.objectsBits) {
    slot = slotOfObject(cache, object);
    slab = frames.pfnOf(slot);
    head = (object - slab * PAGE) | 1;
  }
  if (slab === cpuSlab) {
    yield* freeList(ctx, cache, slot, head, head, 1);
    return;
  }
  const at = ctx.cpu << SHIFT;
  cpu[at | SLOWPATH]! += 1;
  for (;;) {
    yield read(slabCellOf(cache, slot));
    const prior = frames.owner1[slot]!;
    const old = frames.owner2[slot]!;
    setPointer(cache, slab, (tail === 0 ? head : tail) | 0, prior);
    const inuse = (old - many) & 0xffff;
    // Of a slab that nobody holds: it was full and is this CPU's from now on, or it is empty and may go.
    const moves = old >= 0 && (inuse === 0 || prior === 0);
    if (moves && prior !== 0) {
      yield irqSave;
      yield lock(cache.listLockCell);
    }
    yield rmw(slabCellOf(cache, slot));
    if (raced(frames.owner1[slot] !== prior || frames.owner2[slot] !== old)) {
      count(cache, ctx.cpu, SlubStat.cmpxchgDoubleFail);
      if (moves && prior !== 0) {
        yield unlock(cache.listLockCell);
        yield irqRestore;
      }
      continue;
    }
    frames.owner1[slot] = head;
    frames.owner2[slot] = (old & ~0xffff) | inuse | (moves && prior === 0 ? FROZEN_BIT : 0);
    if (moves) yield* moveSlab(ctx, cache, slot, prior !== 0);
    else if (old < 0) cpu[(ctx.cpu << SHIFT) | FROZEN_STAT]! += 1;
    return;
  }
}

/**
 * A slab that was full goes to the CPU's partial list; with `locked`, the list lock, one that is empty may leave the node's.
 * @see linux 6.1 mm/slub.c __slab_free
 */
function* moveSlab(ctx: Context, cache: SlubCache, slot: number, locked: boolean): Steps<void> {
  if (!locked) {
    yield* putCpuPartial(ctx, cache, slot, true);
    count(cache, ctx.cpu, SlubStat.cpuPartialFree);
    return;
  }
  yield read(cache.nrPartialCell);
  const surplus = cache.node[NodeWord.nrPartial]! >= cache.minPartial;
  if (surplus) {
    yield write(cache.nrPartialCell);
    removePartial(cache, slot);
    count(cache, ctx.cpu, SlubStat.freeRemovePartial);
  }
  yield unlock(cache.listLockCell);
  yield irqRestore;
  if (!surplus) return;
  count(cache, ctx.cpu, SlubStat.freeSlab);
  yield* discardSlab(ctx, cache, slot);
}

/** By the page's own frame. @throws KernelBug for an address in no slab. @throws OptionError for a destroyed cache, which has none. */
function slotOfObject(cache: SlubCache, object: number): number {
  checkAlive(cache);
  const slot = headSlotOf(cache.frames, Math.floor(object / PAGE));
  if (cache.frames.owner0[slot] !== cache.id) ownerOf(cache, slot, object);
  return slot;
}

/** Frees objects of a debugged cache, as far as they pass their checks. @see linux 6.1 mm/slub.c free_debug_processing */
function* freeDebugged(
  ctx: Context,
  cache: SlubCache,
  slot: number,
  head: number,
  tail: number,
  many: number,
): Steps<void> {
  const { node, system } = cache;
  const { frames } = system;
  yield irqSave;
  yield lock(cache.listLockCell);
  const freed = freeDebugProcessing(cache, slot, head, tail, many, ctx.cpu);
  let discards = false;
  if (freed > 0) {
    const prior = frames.owner1[slot]!;
    const pfn = frames.pfnOf(slot);
    setFreePointer(cache, pfn, (tail - pfn * PAGE) | 1, prior);
    frames.owner1[slot] = (head - pfn * PAGE) | 1;
    frames.owner2[slot] = changeInUse(frames.owner2[slot]!, -freed);
    yield write(cache.nrPartialCell);
    discards = inuseOf(frames.owner2[slot]!) === 0 && node[NodeWord.nrPartial]! >= cache.minPartial;
    if (prior === 0) {
      removeFull(cache, slot);
      if (!discards) {
        addPartial(cache, slot, true);
        count(cache, ctx.cpu, SlubStat.freeAddPartial);
      }
    } else if (discards) {
      removePartial(cache, slot);
      count(cache, ctx.cpu, SlubStat.freeRemovePartial);
    }
  }
  if (discards) yield* decSlabs(cache, slot);
  yield unlock(cache.listLockCell);
  yield irqRestore;
  if (!discards) return;
  count(cache, ctx.cpu, SlubStat.freeSlab);
  yield* freeSlab(ctx, cache, slot);
}
