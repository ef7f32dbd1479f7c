import { PAGE_SIZE, fillBytes } from '@mm/memory';
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

import { setFreePointer } from '../free-pointer.js';
import { checkMisuse, ownerOf } from '../misuse.js';
import { FROZEN, inuseOf } from '../slab-counters.js';
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
const PAGE = PAGE_SIZE;

/**
 * Frees an object.
 *
 * @param object its physical address, as the allocation returned it.
 * @throws MisuseError on a strict machine for an object that is not live in this cache; nothing has changed.
 * @throws KernelBug for an address that is in no slab.
 * @example
 * slubFree(ctx, cache, table);
 * @see linux 6.1 mm/slub.c kmem_cache_free
 */
export function* slubFree(ctx: Context, cache: SlubCache, object: number): Steps<void> {
  if (!cache.unchecked) {
    yield* freeChecked(ctx, cache, object);
    return;
  }
  const { cpu, memory } = cache;
  for (;;) {
    yield read(cache.cpuCell + ctx.cpu);
    const at = ctx.cpu << SHIFT;
    const tid = cpu[at | TID]!;
    yield read(cache.cpuCell + (at >> SHIFT));
    const slab = cpu[at | SLAB]!;
    // By its address alone: most objects come back to the slab that the CPU works on.
    const offset = object - slab * PAGE;
    if (!(offset >= 0 && offset < cpu[at | FREE_BELOW]!)) {
      yield* freeElsewhere(ctx, cache, object, slab);
      return;
    }
    // Read with the slab: from the next step on it may be another.
    const words = memory.chunks[cpu[at | CHUNK]!]!;
    const word = (cpu[at | POINTER_BASE]! + (offset >> 2)) | 0;
    const high = cpu[at | HIGH]!;
    yield read(cache.cpuCell + (at >> SHIFT));
    const freelist = cpu[at | FREELIST]!;
    words[word] = freelist === 0 ? 0 : (slab << 12) + freelist - 1;
    words[word + 1] = freelist === 0 ? 0 : high;
    yield rmw(cache.cpuCell + ctx.cpu);
    const here = ctx.cpu << SHIFT;
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

/** Frees an object that is not in `cpuSlab`, the slab that the CPU was seen with. @see linux 6.1 mm/slub.c do_slab_free */
function* freeElsewhere(ctx: Context, cache: SlubCache, object: number, cpuSlab: number): Steps<void> {
  const { frames } = cache.system;
  const slot = headSlotOf(frames, Math.floor(object / PAGE));
  if (frames.owner0[slot] !== cache.id) ownerOf(cache, slot, object);
  const slab = frames.pfnOf(slot);
  const head = (object - slab * PAGE) | 1;
  if (slab === cpuSlab) yield* freeList(ctx, cache, slot, head, head, 1);
  else yield* slowFree(ctx, cache, slot, head, head, 1);
}

/** Frees an object of a debugged cache or on a strict machine. @see linux 6.1 mm/slub.c kmem_cache_free */
function* freeChecked(ctx: Context, cache: SlubCache, object: number): Steps<void> {
  const { frames, pages } = cache.system;
  const slot = headSlotOf(frames, Math.floor(object / PAGE));
  if (pages.strict) checkMisuse(cache, slot, object);
  let owner = cache;
  if (frames.owner0[slot] !== cache.id || cache.debugging) owner = ownerOf(cache, slot, object);
  if (owner.debugging) {
    count(owner, ctx.cpu, SlubStat.freeSlowpath);
    // The hooks on the way make a list of one object of it, whatever it is.
    fillBytes(owner.system.memory, object + owner.offset, owner.system.arch.pointerBytes, 0);
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
  yield* slowFree(ctx, cache, slot, head, tail, many);
}

/** Frees into a slab that is not this CPU's. @see linux 6.1 mm/slub.c __slab_free */
function* slowFree(
  ctx: Context,
  cache: SlubCache,
  slot: number,
  head: number,
  tail: number,
  many: number,
): Steps<void> {
  const { node, system } = cache;
  const { frames } = system;
  const slab = frames.pfnOf(slot);
  count(cache, ctx.cpu, SlubStat.freeSlowpath);
  if (cache.debugging) {
    const base = slab * PAGE - 1;
    yield* freeDebugged(ctx, cache, slot, base + head, base + tail, many);
    return;
  }
  for (;;) {
    yield read(slabCellOf(cache, slot));
    const prior = frames.owner1[slot]!;
    const old = frames.owner2[slot]!;
    setFreePointer(cache, slab, tail, prior);
    const wasFrozen = old < 0;
    const inuse = (inuseOf(old) - many) & 0xffff;
    const moves = (inuse === 0 || prior === 0) && !wasFrozen;
    const freezes = moves && prior === 0;
    const locks = moves && !freezes;
    let counters = (old & 0x7fff0000) | inuse;
    if (wasFrozen || freezes) counters |= FROZEN;
    if (locks) {
      yield irqSave;
      yield lock(cache.listLockCell);
    }
    yield rmw(slabCellOf(cache, slot));
    if (raced(frames.owner1[slot] !== prior || frames.owner2[slot] !== old)) {
      count(cache, ctx.cpu, SlubStat.cmpxchgDoubleFail);
      if (locks) {
        yield unlock(cache.listLockCell);
        yield irqRestore;
      }
      continue;
    }
    frames.owner1[slot] = head;
    frames.owner2[slot] = counters;
    if (locks) {
      // The last object came back to a slab on the partial list.
      yield read(cache.nrPartialCell);
      const surplus = node[NodeWord.nrPartial]! >= cache.minPartial;
      if (surplus) {
        yield write(cache.nrPartialCell);
        removePartial(cache, slot);
        count(cache, ctx.cpu, SlubStat.freeRemovePartial);
      }
      yield unlock(cache.listLockCell);
      yield irqRestore;
      if (surplus) {
        count(cache, ctx.cpu, SlubStat.freeSlab);
        yield* discardSlab(ctx, cache, slot);
      }
    } else if (wasFrozen) count(cache, ctx.cpu, SlubStat.freeFrozen);
    else if (freezes) {
      yield* putCpuPartial(ctx, cache, slot, true);
      count(cache, ctx.cpu, SlubStat.cpuPartialFree);
    }
    return;
  }
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
    frames.owner2[slot]! -= freed;
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
