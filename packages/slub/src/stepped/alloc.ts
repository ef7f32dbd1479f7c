import { PAGE_SIZE } from '@mm/memory';
import {
  type Context,
  type Steps,
  irqRestore,
  irqSave,
  lock,
  preemptDisable,
  preemptEnable,
  raced,
  read,
  rmw,
  unlock,
  write,
} from '@mm/steps/stepped';

import { checkAlive, checkRequest } from '../check-arguments.js';
import { dropCpuSlab, takeCpuSlab } from '../cpu-slab.js';
import { getFreePointer, peekFreePointer } from '../free-pointer.js';
import { initObject } from '../init-object.js';
import { reportOutOfMemory } from '../out-of-memory.js';
import { reserveFits } from '../reserve-slabs.js';
import { allInUse, inuseOf, objectsOf } from '../slab-counters.js';
import { addFull, addPartial, leaveCpuPartial } from '../slab-lists.js';
import { type SlubCache, slabCellOf } from '../slub-cache.js';
import { allocDebugProcessing, trackAlloc } from '../slub-debug.js';
import { CPU_SHIFT, CpuWord, SlubStat, count, countCpuFail } from '../slub-stats.js';
import { deactivateSlab } from './deactivate.js';
import { incSlabs, newSlab } from './new-slab.js';
import { getPartial } from './partial.js';

// Local constants: imported ones are read from their module each time. The fast paths have literals for the commonest, each six
// bytecodes less: V8 compiles both into a caller's loop as long as they are short.
const SLAB = CpuWord.slab;
const FREELIST = CpuWord.freelist;
const TID = CpuWord.tid;
const PARTIAL = CpuWord.partial;
const CHUNK = CpuWord.chunk;
const POINTER_BASE = CpuWord.pointerBase;
const HIGH = CpuWord.high;
const SHIFT = CPU_SHIFT;
const FASTPATH = SlubStat.allocFastpath;
const PAGE = PAGE_SIZE;
const NONE = -1;

/**
 * Allocates an object.
 *
 * @param gfp flags from `@mm/zones`; zone bits do not count, `__GFP_ZERO` fills the object with zeroes.
 * @returns its physical address, or null for no memory.
 * @throws KernelBug where a corrupted free list makes the kernel crash.
 * @throws OptionError for what is no cache, one that was destroyed, and for what is no flags. Who runs is not looked at.
 * @example
 * const table = slubAlloc(ctx, cache, GFP_ATOMIC | __GFP_ZERO);
 * @see linux 6.1 mm/slub.c kmem_cache_alloc
 */
export function* slubAlloc(ctx: Context, cache: SlubCache, gfp: number): Steps<number | null> {
  if (cache?.cpu === undefined || typeof gfp !== 'number' || (gfp & 0x7fffffff) !== gfp)
    checkRequest(cache, gfp);
  // Read again: what `?.` gave may be undefined to the compiler, which cost 1 ns.
  const { cpu } = cache;
  const { faults } = cache.system;
  if (faults !== null && faults.shouldFail(cache, gfp)) return null;
  for (;;) {
    yield read(cache.cpuCell + ctx.cpu);
    const at = ctx.cpu << 6;
    const tid = cpu[at | TID]!;
    // The task may move to another CPU from here on; the transaction id tells.
    yield read(cache.cpuCell + (at >> 6));
    const object = cpu[at | FREELIST]!;
    yield read(cache.cpuCell + (at >> 6));
    // Of word 0, SLAB.
    const slab = cpu[at]!;
    if (object <= 0 || slab === -1) break;
    const words = cache.memory.chunks[cpu[at | CHUNK]!]!;
    const word = (cpu[at | POINTER_BASE]! + (object >> 2)) | 0;
    let next = (words[word]! - (slab << 12)) | 0;
    // The end of the list, a corrupted pointer, or one that is not plain: seldom.
    if (words[word + 1] !== cpu[at | HIGH] || (next & cache.strayBits) !== 0)
      next = peekFreePointer(cache, slab, object) | 0;
    else next |= 1;
    yield rmw(cache.cpuCell + ctx.cpu);
    const here = ctx.cpu << 6;
    if (raced(cpu[here | TID] !== tid || cpu[here | FREELIST] !== object)) {
      countCpuFail(cache, ctx.cpu);
      continue;
    }
    cpu[here | FREELIST] = next;
    cpu[here | TID] = (tid + cache.tidStep) | 0;
    cpu[here | FASTPATH]! += 1;
    const address = slab * 4096 + object - 1;
    if ((gfp & 0x100) !== 0) initObject(cache, address);
    return address;
  }
  return yield* allocElsewhere(ctx, cache, gfp);
}

/** The CPU's free list is empty. Apart from the fast path, which is short enough to be compiled into its callers without it. */
function* allocElsewhere(ctx: Context, cache: SlubCache, gfp: number): Steps<number | null> {
  const address = yield* slowAlloc(ctx, cache, gfp, cache.objectSize);
  if (address === NONE) return null;
  if ((gfp & 0x100) !== 0) initObject(cache, address);
  return address;
}

/**
 * An object's address or -1: from the CPU's slab, its partial list, the node's, or a new slab.
 *
 * @param origSize bytes that the caller of kmalloc asked for; kept in tracked kmalloc objects.
 * @see linux 6.1 mm/slub.c __slab_alloc
 */
export function* slowAlloc(ctx: Context, cache: SlubCache, gfp: number, origSize: number): Steps<number> {
  yield preemptDisable;
  const address = yield* slowAllocPinned(ctx, cache, gfp, origSize);
  yield preemptEnable;
  return address;
}

/**
 * {@link slowAlloc} for a caller that cannot be preempted, but while a new slab is made: that may sleep, and the task move.
 * @see linux 6.1 mm/slub.c ___slab_alloc
 */
export function* slowAllocPinned(
  ctx: Context,
  cache: SlubCache,
  gfp: number,
  origSize: number,
): Steps<number> {
  const { system } = checkAlive(cache);
  const { frames } = system;
  count(cache, ctx.cpu, SlubStat.allocSlowpath);
  for (;;) {
    const refilled = yield* fromCpuSlab(ctx, cache, gfp);
    if (refilled !== NONE) return refilled;
    let object = yield* getPartial(ctx, cache, gfp, origSize);
    let slot = system.foundSlab;
    if (object === 0) {
      yield preemptEnable;
      slot = yield* newSlab(ctx, cache, gfp);
      yield preemptDisable;
      if (slot === 0) {
        reportOutOfMemory(cache, gfp);
        return NONE;
      }
      count(cache, ctx.cpu, SlubStat.allocSlab);
      if (cache.debugging) {
        object = yield* singleFromNewSlab(cache, slot, origSize);
        if (object === 0) continue;
      } else {
        // Nobody else knows of the slab yet.
        object = frames.owner1[slot]!;
        frames.owner1[slot] = 0;
        frames.owner2[slot] = allInUse(frames.owner2[slot]!);
        yield* incSlabs(cache, slot);
      }
    }
    if (cache.debugging) trackAlloc(cache, slot, object, ctx.cpu);
    else yield* installCpuSlab(ctx, cache, slot, object);
    return frames.pfnOf(slot) * PAGE + object - 1;
  }
}

/** @see linux 6.1 mm/slub.c ___slab_alloc from reread_slab to new_slab */
function* fromCpuSlab(ctx: Context, cache: SlubCache, gfp: number): Steps<number> {
  const { cpu, system } = cache;
  const { frames } = system;
  const at = ctx.cpu << SHIFT;
  for (;;) {
    yield read(cache.cpuCell + ctx.cpu);
    let slab = cpu[at | SLAB]!;
    if (slab === NONE) {
      yield read(cache.cpuCell + ctx.cpu);
      if (cpu[at | PARTIAL] === 0) return NONE;
      yield irqSave;
      yield rmw(cache.cpuCell + ctx.cpu);
      const slot = cpu[at | PARTIAL]!;
      if (raced(cpu[at | SLAB] !== NONE || slot === 0)) {
        yield irqRestore;
        continue;
      }
      leaveCpuPartial(cache, slot);
      slab = frames.pfnOf(slot);
      takeCpuSlab(cache, at, slot);
      cpu[at | PARTIAL] = frames.next[slot]!;
      yield irqRestore;
      count(cache, ctx.cpu, SlubStat.cpuPartialAlloc);
    }
    yield irqSave;
    yield rmw(cache.cpuCell + ctx.cpu);
    if (raced(cpu[at | SLAB] !== slab)) {
      yield irqRestore;
      continue;
    }
    let object = cpu[at | FREELIST]!;
    if (!reserveFits(frames, frames.peekSlotOf(slab), gfp)) {
      dropCpuSlab(cache, at);
      yield irqRestore;
      yield* deactivateSlab(ctx, cache, frames.peekSlotOf(slab), object);
      continue;
    }
    if (object === 0) {
      object = yield* getFreelist(ctx, cache, frames.peekSlotOf(slab));
      if (object === 0) {
        dropCpuSlab(cache, at);
        yield irqRestore;
        count(cache, ctx.cpu, SlubStat.deactivateBypass);
        continue;
      }
    }
    cpu[at | FREELIST] = getFreePointer(cache, slab, object);
    cpu[at | TID]! += cache.tidStep;
    yield irqRestore;
    return slab * PAGE + object - 1;
  }
}

/** What others freed into the CPU's slab; 0: nothing, and the slab is no longer frozen. @see linux 6.1 mm/slub.c get_freelist */
function* getFreelist(ctx: Context, cache: SlubCache, slot: number): Steps<number> {
  const { frames } = cache.system;
  for (;;) {
    yield read(slabCellOf(cache, slot));
    const freelist = frames.owner1[slot]!;
    const counters = frames.owner2[slot]!;
    yield rmw(slabCellOf(cache, slot));
    if (raced(frames.owner1[slot] !== freelist || frames.owner2[slot] !== counters)) {
      count(cache, ctx.cpu, SlubStat.cmpxchgDoubleFail);
      continue;
    }
    frames.owner1[slot] = 0;
    frames.owner2[slot] = freelist === 0 ? allInUse(counters) & 0x7fffffff : allInUse(counters);
    if (freelist !== 0) count(cache, ctx.cpu, SlubStat.allocRefill);
    return freelist;
  }
}

/** The slab becomes the CPU's, with all objects behind `object`. @see linux 6.1 mm/slub.c ___slab_alloc retry_load_slab */
function* installCpuSlab(ctx: Context, cache: SlubCache, slot: number, object: number): Steps<void> {
  const { cpu, system } = cache;
  const { frames } = system;
  const slab = frames.pfnOf(slot);
  for (;;) {
    yield irqSave;
    yield rmw(cache.cpuCell + ctx.cpu);
    const at = ctx.cpu << SHIFT;
    const old = cpu[at | SLAB]!;
    if (old === NONE) {
      takeCpuSlab(cache, at, slot);
      cpu[at | FREELIST] = getFreePointer(cache, slab, object);
      cpu[at | TID]! += cache.tidStep;
      yield irqRestore;
      return;
    }
    const freelist = cpu[at | FREELIST]!;
    dropCpuSlab(cache, at);
    yield irqRestore;
    yield* deactivateSlab(ctx, cache, frames.peekSlotOf(old), freelist);
    count(cache, ctx.cpu, SlubStat.cpuslabFlush);
  }
}

/** The first object of a new slab of a debugged cache; 0: it failed its checks. @see linux 6.1 mm/slub.c alloc_single_from_new_slab */
function* singleFromNewSlab(cache: SlubCache, slot: number, origSize: number): Steps<number> {
  const { frames } = cache.system;
  const object = frames.owner1[slot]!;
  frames.owner1[slot] = peekFreePointer(cache, frames.pfnOf(slot), object);
  frames.owner2[slot]! += 1;
  if (!allocDebugProcessing(cache, slot, object, origSize)) return 0;
  yield irqSave;
  yield lock(cache.listLockCell);
  yield write(cache.nrPartialCell);
  const counters = frames.owner2[slot]!;
  if (inuseOf(counters) === objectsOf(counters)) addFull(cache, slot);
  else addPartial(cache, slot, false);
  yield* incSlabs(cache, slot);
  yield unlock(cache.listLockCell);
  yield irqRestore;
  return object;
}
