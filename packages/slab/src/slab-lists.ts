import { OptionError } from '@mm/printk';

import { checkCache } from './check-arguments.js';
import { NodeWord, type SlabCache } from './slab-cache.js';

/** `list`: the word of the first element; the last one's follows it. */
export function addSlab(cache: SlabCache, list: number, slot: number, toTail: boolean): void {
  const { next, prev } = cache.frames;
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

/** Takes a slab off the list that its word `list` heads. */
export function removeSlab(cache: SlabCache, list: number, slot: number): void {
  const { next, prev } = cache.frames;
  const { node } = cache;
  const before = prev[slot]!;
  const after = next[slot]!;
  if (before === 0) node[list] = after;
  else next[before] = after;
  if (after === 0) node[list + 1] = before;
  else prev[after] = before;
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
