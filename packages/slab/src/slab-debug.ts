import { SLAB_POISON, SLAB_RED_ZONE, warnOfZeroes } from '@mm/kmem';
import { PageFlag } from '@mm/memory';
import { KernelBug, LogLevel } from '@mm/printk';

import { checkPoison, isPoisoned } from './debug/check-poison.js';
import {
  CALLER,
  POISON_FREE,
  POISON_INUSE,
  RED_ACTIVE,
  RED_INACTIVE,
  type Word,
  firstObject,
  isWord,
  markRedZones,
  noteUser,
  poisonObject,
  readWord,
  redZonesOf,
} from './debug/object-layout.js';
import { printRedZones, slabError, virtual } from './debug/report.js';
import type { SlabCache } from './slab-cache.js';
import { headSlotOf } from './slab-head.js';

/*
 * What a kernel built with DEBUG_SLAB does to the objects of caches with red zones, poison or a last user. A free object
 * bears the inactive red zones and the poison of free ones, in arrays too; one in use the active red zones.
 */

const redZonesAre = (cache: SlabCache, object: number, word: Word): readonly boolean[] =>
  redZonesOf(cache, object).map((at) => isWord(readWord(cache, at), word));

/** The objects of a new slab. @see linux 6.1 mm/slab.c cache_init_objs_debug */
export function setUpDebugged(cache: SlabCache, first: number): void {
  const redZone = (cache.flags & SLAB_RED_ZONE) !== 0;
  const poison = (cache.flags & SLAB_POISON) !== 0;
  for (let i = 0; i < cache.num; i++) {
    const object = first + i * cache.size;
    noteUser(cache, object, 0);
    markRedZones(cache, object, RED_INACTIVE);
    // With poison, constructors run at every allocation.
    if (!poison && cache.ctor !== null) cache.ctor(object);
    if (redZone) {
      const [start, end] = redZonesAre(cache, object, RED_INACTIVE);
      if (!end) slabError(cache, 'cache_init_objs_debug', 'constructor overwrote the end of an object');
      if (!start) slabError(cache, 'cache_init_objs_debug', 'constructor overwrote the start of an object');
    }
    poisonObject(cache, object, POISON_FREE);
  }
}

/** An object is about to be handed out. @see linux 6.1 mm/slab.c cache_alloc_debugcheck_after */
export function debugAfterAlloc(cache: SlabCache, object: number, gfp: number): void {
  const { system, ctor } = cache;
  if (ctor !== null) warnOfZeroes(system.pages, 'mm/slab.c:2966 cache_alloc_debugcheck_after', gfp);
  if ((cache.flags & SLAB_POISON) !== 0) checkPoison(cache, object);
  poisonObject(cache, object, POISON_INUSE);
  noteUser(cache, object, CALLER);
  if ((cache.flags & SLAB_RED_ZONE) !== 0 && !redZonesAre(cache, object, RED_INACTIVE).every(Boolean)) {
    slabError(cache, 'cache_alloc_debugcheck_after', 'double free, or memory outside object was overwritten');
    printRedZones(cache, object);
  }
  markRedZones(cache, object, RED_ACTIVE);
  if (ctor !== null && (cache.flags & SLAB_POISON) !== 0) ctor(object);
}

/**
 * An object comes back.
 *
 * @throws KernelBug for what is no object of the cache; nothing has been written then.
 * @see linux 6.1 mm/slab.c cache_free_debugcheck
 */
export function debugBeforeFree(cache: SlabCache, object: number): void {
  checkIsObject(cache, object);
  if ((cache.flags & SLAB_RED_ZONE) !== 0) verifyRedZones(cache, object);
  markRedZones(cache, object, RED_INACTIVE);
  noteUser(cache, object, CALLER);
  poisonObject(cache, object, POISON_FREE);
}

function checkIsObject(cache: SlabCache, object: number): void {
  const { frames } = cache.system;
  const slot = headSlotOf(frames, Math.floor(object / 4096));
  const facts = { cache: cache.name, object };
  const isSlab = (frames.flags[slot]! & PageFlag.slab) !== 0;
  if (!isSlab || frames.owner0[slot] !== cache.id)
    throw new KernelBug('kernel BUG in cache_free_debugcheck: the object is of another cache', facts);
  const number = (object - firstObject(cache, slot)) / cache.size;
  if (number < 0 || number >= cache.num)
    throw new KernelBug('kernel BUG in cache_free_debugcheck: the object is outside its slab', facts);
  if (!Number.isInteger(number))
    throw new KernelBug('kernel BUG in cache_free_debugcheck: not where an object begins', facts);
}

/** @see linux 6.1 mm/slab.c verify_redzone_free */
function verifyRedZones(cache: SlabCache, object: number): void {
  if (redZonesAre(cache, object, RED_ACTIVE).every(Boolean)) return;
  const twice = redZonesAre(cache, object, RED_INACTIVE).every(Boolean);
  const what = twice ? 'double free detected' : 'memory outside object was overwritten';
  slabError(cache, 'verify_redzone_free', what);
  printRedZones(cache, object);
}

/** The bytes that a slab's index list covered are poison again. @see linux 6.1 mm/slab.c fixup_objfreelist_debug */
export function poisonListHolder(cache: SlabCache, object: number): void {
  poisonObject(cache, object, POISON_FREE);
}

/** A slab is about to be given back. @see linux 6.1 mm/slab.c slab_destroy_debugcheck */
export function debugBeforeDestroy(cache: SlabCache, slot: number): void {
  const { frames } = cache.system;
  const list = frames.owner1[slot]!;
  if (cache.objFreelist && list !== 0) poisonListHolder(cache, frames.pfnOf(slot) * 4096 + list - 1);
  const first = firstObject(cache, slot);
  for (let i = 0; i < cache.num; i++) {
    const object = first + i * cache.size;
    if ((cache.flags & SLAB_POISON) !== 0) checkPoison(cache, object);
    if ((cache.flags & SLAB_RED_ZONE) === 0) continue;
    const [start, end] = redZonesAre(cache, object, RED_INACTIVE);
    if (!start) slabError(cache, 'slab_destroy_debugcheck', 'start of a freed object was overwritten');
    if (!end) slabError(cache, 'slab_destroy_debugcheck', 'end of a freed object was overwritten');
  }
}

/**
 * An object that is in the index list already comes back to it.
 * @throws KernelBug always.
 * @see linux 6.1 mm/slab.c slab_put_obj
 */
export function doubleFree(cache: SlabCache, object: number): never {
  const room = virtual(cache, object - cache.objOffset);
  cache.system.log.write(LogLevel.err, `slab: double free detected in cache '${cache.name}', objp ${room}`);
  throw new KernelBug('kernel BUG in slab_put_obj: double free', { cache: cache.name, object });
}

/**
 * What does not hold of a free object that nobody wrote to: inactive red zones, and poison unless the slab's index list lies
 * in it.
 */
export function freeObjectFaults(cache: SlabCache, object: number, holdsList: boolean): string[] {
  const faults: string[] = [];
  const redZone = (cache.flags & SLAB_RED_ZONE) !== 0;
  if (redZone && !redZonesAre(cache, object, RED_INACTIVE).every(Boolean)) faults.push('red zone');
  if ((cache.flags & SLAB_POISON) !== 0 && !holdsList && !isPoisoned(cache, object)) faults.push('poison');
  return faults;
}

/** Whether the red zones of an object in use are whole; true for a cache without. */
export const usedRedZonesHold = (cache: SlabCache, object: number): boolean =>
  (cache.flags & SLAB_RED_ZONE) === 0 || redZonesAre(cache, object, RED_ACTIVE).every(Boolean);
