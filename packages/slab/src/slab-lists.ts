import { KernelBug, OptionError } from '@mm/printk';

import { checkCache } from './check-arguments.js';
import { NodeWord, type SlabCache } from './slab-cache.js';

/*
 * A slab is on one list at most, for its page has one pair of links: `spare` of its frame says on which, as the list's word + 1, or 0.
 * Of wild objects that are freed slabs join and leave lists where they are not. Linux then ties its lists into rings or has
 * DEBUG_LIST find out; here that is a crash of the kernel at once, so that no walk of a list is without end.
 */

/** What the kernel dies of, now or later. @see linux 6.1 lib/list_debug.c */
const brokenList = (cache: SlabCache, slot: number, what: string): KernelBug =>
  new KernelBug(`kernel BUG at lib/list_debug.c: ${what}`, {
    cache: cache.name,
    slab: cache.frames.pfnOf(slot),
  });

/**
 * `list`: the word of the first element; the last one's follows it.
 * @throws KernelBug for a slab on a list.
 */
export function addSlab(cache: SlabCache, list: number, slot: number, toTail: boolean): void {
  const { next, prev, spare } = cache.frames;
  if (spare[slot] !== 0) throw brokenList(cache, slot, 'a slab joins a second list');
  spare[slot] = list + 1;
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

/** Takes a slab off the list that its word `list` heads. @throws KernelBug for one that is not on it. */
export function removeSlab(cache: SlabCache, list: number, slot: number): void {
  const { next, prev, spare } = cache.frames;
  if (spare[slot] !== list + 1) throw brokenList(cache, slot, 'a slab leaves a list that it is not on');
  spare[slot] = 0;
  const { node } = cache;
  const before = prev[slot]!;
  const after = next[slot]!;
  if (before === 0) node[list] = after;
  else next[before] = after;
  if (after === 0) node[list + 1] = before;
  else prev[after] = before;
}

/** Takes a slab off the list that its word `list` heads, and puts it at its end. @throws KernelBug for one that is not on it. */
export function moveToTail(cache: SlabCache, list: number, slot: number): void {
  const { node } = cache;
  const { next, prev, spare } = cache.frames;
  if (spare[slot] !== list + 1) throw brokenList(cache, slot, 'a slab leaves a list that it is not on');
  const after = next[slot]!;
  if (after === 0) return;
  const before = prev[slot]!;
  const last = node[list + 1]!;
  if (before === 0) node[list] = after;
  else next[before] = after;
  prev[after] = before;
  next[last] = slot;
  prev[slot] = last;
  next[slot] = 0;
  node[list + 1] = slot;
}

/** The list of slabs with so many active objects. */
export function listOfActive(cache: SlabCache, active: number): number {
  if (active === 0) return NodeWord.freeFirst;
  return active === cache.num ? NodeWord.fullFirst : NodeWord.partialFirst;
}

/** Words that head a list. */
const LISTS: readonly number[] = [NodeWord.partialFirst, NodeWord.fullFirst, NodeWord.freeFirst];

/**
 * Slots of a list, from the head.
 * @param list {@link NodeWord} of the list's first: `partialFirst`, `fullFirst` or `freeFirst`.
 * @throws OptionError for what is no cache or no list.
 * @example
 * slabsOn(cache, NodeWord.partialFirst).length;
 */
export function slabsOn(cache: SlabCache, list: number): number[] {
  const { frames } = checkCache(cache);
  if (!LISTS.includes(list)) throw new OptionError('list', `one of ${LISTS.join(', ')}`, list);
  const slots: number[] = [];
  for (let slot = cache.node[list]!; slot !== 0; slot = frames.next[slot]!) slots.push(slot);
  return slots;
}
