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

import { BAD_POINTER, badPointer, endlessList, peekFreePointer, setFreePointer } from '../free-pointer.js';
import { FROZEN, changeInUse, inuseOf } from '../slab-counters.js';
import { addPartial } from '../slab-lists.js';
import { NodeWord, type SlubCache, slabCellOf } from '../slub-cache.js';
import { SlubStat, count } from '../slub-stats.js';
import { discardSlab } from './new-slab.js';

/** @see linux 6.1 mm/slub.c MAX_OBJS_PER_PAGE */
const OBJECTS_MAX = 32_767;

/**
 * A CPU gives up its slab: what is left of its free list goes back to the slab, and the slab to the node, to the
 * page allocator or, when full, to nobody.
 * @see linux 6.1 mm/slub.c deactivate_slab
 */
export function* deactivateSlab(ctx: Context, cache: SlubCache, slot: number, freelist: number): Steps<void> {
  const { frames } = cache.system;
  const pfn = frames.pfnOf(slot);
  yield read(slabCellOf(cache, slot));
  const toTail = frames.owner1[slot] !== 0;
  if (toTail) count(cache, ctx.cpu, SlubStat.deactivateRemoteFrees);
  let tail = 0;
  let free = 0;
  for (let object = freelist; object !== 0;) {
    const after = object === BAD_POINTER ? BAD_POINTER : peekFreePointer(cache, pfn, object);
    // A debugged kernel cuts a corrupted list off here; others follow it.
    if (after === BAD_POINTER) throw badPointer(cache, pfn);
    tail = object;
    // An object freed twice makes the list a ring, and the kernel walks it for ever.
    if (++free > OBJECTS_MAX) throw endlessList(cache);
    object = after;
  }
  for (;;) {
    yield read(slabCellOf(cache, slot));
    const oldFreelist = frames.owner1[slot]!;
    const oldCounters = frames.owner2[slot]!;
    const counters = changeInUse(oldCounters, -free) & ~FROZEN;
    if (tail !== 0) setFreePointer(cache, pfn, tail, oldFreelist);
    const newFreelist = tail === 0 ? oldFreelist : freelist;
    yield read(cache.nrPartialCell);
    const empty = inuseOf(counters) === 0 && cache.node[NodeWord.nrPartial]! >= cache.minPartial;
    const partial = !empty && newFreelist !== 0;
    if (partial) {
      yield irqSave;
      yield lock(cache.listLockCell);
    }
    yield rmw(slabCellOf(cache, slot));
    const done = !raced(frames.owner1[slot] !== oldFreelist || frames.owner2[slot] !== oldCounters);
    if (done) {
      frames.owner1[slot] = newFreelist;
      frames.owner2[slot] = counters;
    } else count(cache, ctx.cpu, SlubStat.cmpxchgDoubleFail);
    if (partial) {
      if (done) {
        yield write(cache.nrPartialCell);
        addPartial(cache, slot, toTail);
      }
      yield unlock(cache.listLockCell);
      yield irqRestore;
    }
    if (!done) continue;
    if (partial) count(cache, ctx.cpu, toTail ? SlubStat.deactivateToTail : SlubStat.deactivateToHead);
    else if (empty) {
      count(cache, ctx.cpu, SlubStat.deactivateEmpty);
      yield* discardSlab(ctx, cache, slot);
      count(cache, ctx.cpu, SlubStat.freeSlab);
    } else count(cache, ctx.cpu, SlubStat.deactivateFull);
    return;
  }
}
