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

import { BAD_POINTER, badPointer, noFreeObject, peekFreePointer } from '../free-pointer.js';
import { reserveFits } from '../reserve-slabs.js';
import { FROZEN, allInUse, changeInUse, inuseOf, objectsOf } from '../slab-counters.js';
import {
  addFull,
  addPartial,
  endLeaving,
  joinCpuPartial,
  leaveCpuPartial,
  removePartial,
  startLeaving,
} from '../slab-lists.js';
import { NodeWord, type SlubCache, slabCellOf } from '../slub-cache.js';
import { allocDebugProcessing } from '../slub-debug.js';
import { CPU_SHIFT, CpuWord, SlubStat, count } from '../slub-stats.js';
import { discardSlab } from './new-slab.js';

const PARTIAL = CpuWord.partial;

/**
 * Takes a slab off the node's partial list, and more of them for the CPU's own list. Returns the slab's free list,
 * which it no longer has, or of a debugged cache the one object taken; 0 when there is none. `system.foundSlab` is the
 * slot.
 * @see linux 6.1 mm/slub.c get_partial_node, acquire_slab
 */
export function* getPartial(ctx: Context, cache: SlubCache, gfp: number, origSize: number): Steps<number> {
  const { node, system } = cache;
  const { frames } = system;
  yield read(cache.nrPartialCell);
  if (node[NodeWord.nrPartial] === 0) return 0;
  let object = 0;
  let taken = 0;
  let slab = 0;
  yield irqSave;
  yield lock(cache.listLockCell);
  for (let slot = node[NodeWord.partialFirst]!, after = 0; slot !== 0; slot = after) {
    after = frames.next[slot]!;
    if (!reserveFits(frames, slot, gfp)) continue;
    if (cache.debugging) {
      yield write(cache.nrPartialCell);
      object = allocSingleFromPartial(cache, slot, origSize);
      if (object === 0) continue;
      slab = slot;
      break;
    }
    yield read(slabCellOf(cache, slot));
    const freelist = frames.owner1[slot]!;
    const counters = frames.owner2[slot]!;
    yield rmw(slabCellOf(cache, slot));
    // Only a remote free of another object can have come between; the kernel gives up for this time.
    if (raced(frames.owner1[slot] !== freelist || frames.owner2[slot] !== counters)) {
      count(cache, ctx.cpu, SlubStat.cmpxchgDoubleFail);
      break;
    }
    if (object === 0) frames.owner1[slot] = 0;
    frames.owner2[slot] = object === 0 ? allInUse(counters) : counters | FROZEN;
    yield write(cache.nrPartialCell);
    removePartial(cache, slot);
    if (object === 0) {
      slab = slot;
      object = freelist;
      count(cache, ctx.cpu, SlubStat.allocFromPartial);
    } else {
      yield* putCpuPartial(ctx, cache, slot, false);
      count(cache, ctx.cpu, SlubStat.cpuPartialNode);
      taken++;
    }
    yield read(cache.cpuPartialCell);
    if (taken > cache.cpuPartialSlabs >> 1) break;
  }
  yield unlock(cache.listLockCell);
  yield irqRestore;
  system.foundSlab = slab;
  return object;
}

/** Under the list lock. @see linux 6.1 mm/slub.c alloc_single_from_partial */
function allocSingleFromPartial(cache: SlubCache, slot: number, origSize: number): number {
  const { frames } = cache.system;
  const object = frames.owner1[slot]!;
  // A corrupted pointer is for the checks to find; without them the next allocation follows it, also to NULL.
  if (object === BAD_POINTER) throw badPointer(cache, frames.pfnOf(slot));
  if (object === 0) throw noFreeObject(cache, frames.pfnOf(slot));
  cache.system.takenObject = object;
  frames.owner1[slot] = peekFreePointer(cache, frames.pfnOf(slot), object);
  frames.owner2[slot] = changeInUse(frames.owner2[slot]!, 1);
  if (!allocDebugProcessing(cache, slot, object, origSize)) {
    removePartial(cache, slot);
    return 0;
  }
  const counters = frames.owner2[slot]!;
  if (inuseOf(counters) === objectsOf(counters)) {
    removePartial(cache, slot);
    addFull(cache, slot);
  }
  return object;
}

/**
 * Puts a frozen slab on the CPU's partial list; with `drain`, a list that is full goes to the node first.
 * @see linux 6.1 mm/slub.c put_cpu_partial
 */
export function* putCpuPartial(ctx: Context, cache: SlubCache, slot: number, drain: boolean): Steps<void> {
  const { cpu, system } = cache;
  const { frames } = system;
  yield irqSave;
  yield read(cache.cpuPartialCell);
  const most = cache.cpuPartialSlabs;
  yield rmw(cache.cpuCell + ctx.cpu);
  const at = (ctx.cpu << CPU_SHIFT) + PARTIAL;
  let old = cpu[at]!;
  let unfreeze = 0;
  let slabs = old === 0 ? 0 : frames.prev[old]!;
  if (old !== 0 && drain && slabs >= most) {
    unfreeze = old;
    old = 0;
    slabs = 0;
  }
  joinCpuPartial(cache, slot);
  frames.prev[slot] = slabs + 1;
  frames.next[slot] = old;
  cpu[at] = slot;
  yield irqRestore;
  if (unfreeze === 0) return;
  yield* unfreezePartials(ctx, cache, unfreeze);
  count(cache, ctx.cpu, SlubStat.cpuPartialDrain);
}

/** Moves a CPU's former partial list to the node's. @see linux 6.1 mm/slub.c __unfreeze_partials */
export function* unfreezePartials(ctx: Context, cache: SlubCache, first: number): Steps<void> {
  const { frames } = cache.system;
  const { node } = cache;
  let discard = 0;
  yield irqSave;
  yield lock(cache.listLockCell);
  for (let slot = first; slot !== 0;) {
    const after = frames.next[slot]!;
    leaveCpuPartial(cache, slot);
    // The kernel repeats its compare-exchange until it holds; each try is one step.
    for (;;) {
      yield read(slabCellOf(cache, slot));
      const freelist = frames.owner1[slot]!;
      const counters = frames.owner2[slot]!;
      yield rmw(slabCellOf(cache, slot));
      if (raced(frames.owner1[slot] !== freelist || frames.owner2[slot] !== counters)) {
        count(cache, ctx.cpu, SlubStat.cmpxchgDoubleFail);
        continue;
      }
      frames.owner1[slot] = freelist;
      frames.owner2[slot] = counters & ~FROZEN;
      break;
    }
    if (inuseOf(frames.owner2[slot]!) === 0 && node[NodeWord.nrPartial]! >= cache.minPartial) {
      startLeaving(cache, slot);
      frames.next[slot] = discard;
      discard = slot;
    } else {
      yield write(cache.nrPartialCell);
      addPartial(cache, slot, true);
      count(cache, ctx.cpu, SlubStat.freeAddPartial);
    }
    slot = after;
  }
  yield unlock(cache.listLockCell);
  yield irqRestore;
  while (discard !== 0) {
    const slot = discard;
    discard = frames.next[slot]!;
    endLeaving(cache, slot);
    count(cache, ctx.cpu, SlubStat.deactivateEmpty);
    yield* discardSlab(ctx, cache, slot);
    count(cache, ctx.cpu, SlubStat.freeSlab);
  }
}
