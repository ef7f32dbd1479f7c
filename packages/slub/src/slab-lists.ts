import { KernelBug } from '@mm/printk';

import { checkCache } from './check-arguments.js';
import { NodeWord, type SlubCache } from './slub-cache.js';

const NR_PARTIAL = NodeWord.nrPartial;
const PARTIAL = NodeWord.partialFirst;
const FULL = NodeWord.fullFirst;

/** `list`: the word of the first element; the last one's follows it. */
function insert(cache: SlubCache, list: number, slot: number, toTail: boolean): void {
  const { next, prev } = cache.system.frames;
  const { node } = cache;
  const before = toTail ? node[list + 1]! : 0;
  const after = toTail ? 0 : node[list]!;
  prev[slot] = before;
  next[slot] = after;
  if (before === 0) node[list] = slot;
  else next[before] = slot;
  if (after === 0) node[list + 1] = slot;
  else prev[after] = slot;
}

/** Off whatever list the slab stands on: a kernel's links tell no lists apart, and a slab that lost objects stands on the wrong one. */
function unlink(cache: SlubCache, slot: number): void {
  const { next, prev } = cache.system.frames;
  const { node } = cache;
  const before = prev[slot]!;
  const after = next[slot]!;
  if (before !== 0) next[before] = after;
  else if (node[PARTIAL] === slot) node[PARTIAL] = after;
  else node[FULL] = after;
  if (after !== 0) prev[after] = before;
  else if (node[PARTIAL + 1] === slot) node[PARTIAL + 1] = before;
  else node[FULL + 1] = before;
}

/** Under the list lock. @see linux 6.1 mm/slub.c add_partial */
export function addPartial(cache: SlubCache, slot: number, toTail: boolean): void {
  insert(cache, PARTIAL, slot, toTail);
  cache.node[NR_PARTIAL]! += 1;
}

/** Under the list lock. @see linux 6.1 mm/slub.c remove_partial */
export function removePartial(cache: SlubCache, slot: number): void {
  unlink(cache, slot);
  cache.node[NR_PARTIAL]! -= 1;
}

/** Full slabs are kept on a list only where users are tracked. @see linux 6.1 mm/slub.c add_full */
export function addFull(cache: SlubCache, slot: number): void {
  if (cache.storeUser) insert(cache, FULL, slot, false);
}

/** @see linux 6.1 mm/slub.c remove_full */
export function removeFull(cache: SlubCache, slot: number): void {
  if (cache.storeUser) unlink(cache, slot);
}

function walk(cache: SlubCache, list: number): number[] {
  const { frames } = cache.system;
  const slots: number[] = [];
  for (let slot = cache.node[list]!; slot !== 0; slot = frames.next[slot]!) {
    // A slab that a wild free pointer put on the list twice closes it to a ring.
    if (slots.length === frames.slotCount)
      throw new KernelBug('soft lockup: a list of slabs that never ends', { cache: cache.name });
    slots.push(slot);
  }
  return slots;
}

/** Slots of the node's partial slabs, from the head. @throws OptionError for what is no cache. */
export const partialSlabs = (cache: SlubCache): number[] => walk(checkCache(cache), PARTIAL);

/** Slots of the full slabs that are tracked, from the head. */
export const fullSlabs = (cache: SlubCache): number[] => walk(cache, FULL);
