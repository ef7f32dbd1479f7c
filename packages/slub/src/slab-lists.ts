import { PageFlag } from '@mm/memory';
import { KernelBug } from '@mm/printk';

import { checkCache } from './check-arguments.js';
import { NodeWord, type SlubCache } from './slub-cache.js';
import type { SlubSystem } from './slub-system.js';

const NR_PARTIAL = NodeWord.nrPartial;
const PARTIAL = NodeWord.partialFirst;
const FULL = NodeWord.fullFirst;

/*
 * A slab is on one list at most, for its page has one pair of links: `spare` of its frame says on which, 0 for none. A slab that lost
 * its free list to a wild write may be put on another list, or given back, all the same. Linux then ties its lists into rings or has
 * DEBUG_LIST find out; here that is a crash of the kernel at once, so that no walk of a list is without end.
 *
 *   spare = partialFirst, fullFirst: on that list of the node;   CPU_PARTIAL: on a CPU's;   LEAVING: on its way to the page allocator
 */

/** On the partial list of some CPU. */
const CPU_PARTIAL = 8;
/** Taken off all lists, and linked to others that are to be given back. */
const LEAVING = 9;

/** What the kernel dies of, now or later, when a slab is not on the list where it is due. @see linux 6.1 lib/list_debug.c */
const brokenList = (cache: SlubCache, slot: number, what: string): KernelBug =>
  new KernelBug(`kernel BUG at lib/list_debug.c: ${what}`, {
    cache: cache.name,
    slab: cache.system.frames.pfnOf(slot),
  });

/** @throws KernelBug unless the slab is where it is due. */
function move(cache: SlubCache, slot: number, from: number, to: number): void {
  const { spare } = cache.system.frames;
  if (spare[slot] !== from)
    throw brokenList(
      cache,
      slot,
      from === 0 ? 'a slab joins a second list' : 'a slab leaves a list that it is not on',
    );
  spare[slot] = to;
}

/** `list`: the word of the first element; the last one's follows it. */
function insert(cache: SlubCache, list: number, slot: number, toTail: boolean): void {
  move(cache, slot, 0, list);
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

/**
 * Off whatever list of the node the slab stands on: a kernel's links tell no lists apart, and a slab that lost objects stands on the
 * wrong one.
 */
function unlink(cache: SlubCache, slot: number): void {
  const { next, prev, spare } = cache.system.frames;
  const { node } = cache;
  const list = spare[slot]!;
  if (list !== PARTIAL && list !== FULL)
    throw brokenList(cache, slot, 'a slab leaves a list that it is not on');
  spare[slot] = 0;
  const before = prev[slot]!;
  const after = next[slot]!;
  if (before === 0) node[list] = after;
  else next[before] = after;
  if (after === 0) node[list + 1] = before;
  else prev[after] = before;
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

/** With interrupts off. */
export const joinCpuPartial = (cache: SlubCache, slot: number): void => move(cache, slot, 0, CPU_PARTIAL);

/** With interrupts off, or of a list that was taken from its CPU. */
export const leaveCpuPartial = (cache: SlubCache, slot: number): void => move(cache, slot, CPU_PARTIAL, 0);

/** An empty slab waits for its end. Under the list lock. */
export const startLeaving = (cache: SlubCache, slot: number): void => move(cache, slot, 0, LEAVING);

/** It waits no longer. */
export const endLeaving = (cache: SlubCache, slot: number): void => move(cache, slot, LEAVING, 0);

/** @throws KernelBug for pages that are no slab any more, or one that is still on a list. */
export function checkGivenBack({ frames }: SlubSystem, slot: number): void {
  if ((frames.flags[slot]! & PageFlag.slab) !== 0 && frames.spare[slot] === 0) return;
  throw new KernelBug('kernel BUG: a slab is given back that is on a list or none', {
    slab: frames.pfnOf(slot),
  });
}

function walk(cache: SlubCache, list: number): number[] {
  const { frames } = cache.system;
  const slots: number[] = [];
  for (let slot = cache.node[list]!; slot !== 0; slot = frames.next[slot]!) slots.push(slot);
  return slots;
}

/**
 * Slots of the node's partial slabs, from the head.
 * @throws OptionError for what is no cache.
 * @example
 * partialSlabs(cache).map((slot) => machine.frames.pfnOf(slot)); // their first page frames
 */
export const partialSlabs = (cache: SlubCache): number[] => walk(checkCache(cache), PARTIAL);

/** Slots of the full slabs that are tracked, from the head. */
export const fullSlabs = (cache: SlubCache): number[] => walk(cache, FULL);
