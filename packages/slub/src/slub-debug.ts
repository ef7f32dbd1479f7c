import {
  OBJECT_POISON,
  SLAB_CONSISTENCY_CHECKS,
  SLAB_POISON,
  SLAB_RED_ZONE,
  SLAB_STORE_USER,
  SLAB_TRACE,
} from '@mm/kmem';
import { PageFlag, fillBytes } from '@mm/memory';
import { KernelBug, LogLevel } from '@mm/printk';

import {
  addressOf,
  checkObject,
  checkSlab,
  checkSlabPadding,
  freeChecks,
  onFreelist,
} from './debug/consistency.js';
import {
  POISON_END,
  POISON_FREE,
  POISON_INUSE,
  RED_ACTIVE,
  RED_INACTIVE,
  isValidObject,
  objectsIn,
  slabBase,
  slabBytes,
} from './debug/object-layout.js';
import { objectErr, printSection, printTracking, slabErr, slabFix, virtual } from './debug/report.js';
import { BAD_POINTER, badPointer, peekFreePointer } from './free-pointer.js';
import { infoEnd, noteOrigSize } from './orig-size.js';
import { FROZEN, inuseOf, objectsOf } from './slab-counters.js';
import { fullSlabs, partialSlabs } from './slab-lists.js';
import type { SlubCache } from './slub-cache.js';
import { trackBytes } from './slub-geometry.js';

/*
 * What debugging adds to caches with debug flags. `slot` is the slab's first frame, `object` the object's offset in the
 * slab | 1. Everything but the set-up of a new slab runs under the node's list lock.
 */

/** A new slab, before its objects are set up. @see linux 6.1 mm/slub.c setup_slab_debug */
export function setupSlabDebug(cache: SlubCache, slot: number): void {
  if ((cache.flags & SLAB_POISON) === 0) return;
  fillBytes(cache.system.memory, slabBase(cache, slot), slabBytes(cache, slot), POISON_INUSE);
}

/** @see linux 6.1 mm/slub.c setup_object_debug */
export function setupObjectDebug(cache: SlubCache, slot: number, object: number): void {
  if ((cache.flags & (SLAB_STORE_USER | SLAB_RED_ZONE | OBJECT_POISON)) === 0) return;
  const address = addressOf(cache, slot, object);
  fillDebugBytes(cache, address, RED_INACTIVE);
  if (!cache.storeUser) return;
  const { memory, arch } = cache.system;
  fillBytes(memory, address + infoEnd(cache), 2 * trackBytes(arch), 0);
}

/** Red zones and poison of an object that changes hands. @see linux 6.1 mm/slub.c init_object */
function fillDebugBytes(cache: SlubCache, object: number, red: number): void {
  const { flags, objectSize, redLeftPad, inuse } = cache;
  const { memory } = cache.system;
  const redZone = (flags & SLAB_RED_ZONE) !== 0;
  if (redZone) fillBytes(memory, object - redLeftPad, redLeftPad, red);
  if ((flags & OBJECT_POISON) !== 0) {
    fillBytes(memory, object, objectSize - 1, POISON_FREE);
    memory.write8(object + objectSize - 1, POISON_END);
  }
  if (redZone) fillBytes(memory, object + objectSize, inuse - objectSize, red);
}

/** False: the object must not be handed out. @see linux 6.1 mm/slub.c alloc_debug_processing */
export function allocDebugProcessing(
  cache: SlubCache,
  slot: number,
  object: number,
  origSize: number,
): boolean {
  const { frames } = cache.system;
  const address = addressOf(cache, slot, object);
  if ((cache.flags & SLAB_CONSISTENCY_CHECKS) !== 0 && !allocChecks(cache, slot, address)) {
    if ((frames.flags[slot]! & PageFlag.slab) !== 0) {
      // All its objects are taken for used and the slab for broken, so that nobody touches it again.
      slabFix(cache, 'Marking all objects used');
      const counters = frames.owner2[slot]!;
      frames.owner1[slot] = 0;
      frames.owner2[slot] = (counters & 0x7fff0000) | objectsOf(counters) | FROZEN;
    }
    return false;
  }
  trace(cache, slot, address, 'alloc');
  if (cache.storeUser && (cache.flags & 0x1000) !== 0) noteOrigSize(cache, address, origSize);
  fillDebugBytes(cache, address, RED_ACTIVE);
  return true;
}

/** @see linux 6.1 mm/slub.c alloc_consistency_checks */
function allocChecks(cache: SlubCache, slot: number, object: number): boolean {
  if (!checkSlab(cache, slot)) return false;
  if (!isValidObject(cache, slot, object)) {
    objectErr(cache, slot, object, 'Freelist Pointer check fails');
    return false;
  }
  return checkObject(cache, slot, object, RED_INACTIVE);
}

/** @see linux 6.1 mm/slub.c trace */
function trace(cache: SlubCache, slot: number, object: number, what: 'alloc' | 'free'): void {
  if ((cache.flags & SLAB_TRACE) === 0) return;
  const { frames, log } = cache.system;
  const first = addressOf(cache, slot, frames.owner1[slot]!);
  log.write(
    LogLevel.info,
    `TRACE ${cache.name} ${what} 0x${virtual(cache, object)} inuse=${inuseOf(frames.owner2[slot]!)} fp=0x${virtual(cache, first)}`,
  );
  if (what === 'free') printSection(cache, 'Object ', object, cache.objectSize, LogLevel.info);
}

/** What stands for the code that called, and for the place of its stack trace. */
const CALLER = 0x81000000;
const STACK = 1;
const PID = 1;

/** Notes who allocates. @see linux 6.1 mm/slub.c set_track */
export function trackAlloc(cache: SlubCache, slot: number, object: number, cpu: number): void {
  if (cache.storeUser) setTrack(cache, addressOf(cache, slot, object), 0, cpu);
}

function setTrack(cache: SlubCache, object: number, which: 0 | 1, cpu: number): void {
  const { memory, arch } = cache.system;
  const track = object + infoEnd(cache) + which * trackBytes(arch);
  memory.write32(track, CALLER);
  if (arch.pointerBytes === 8) memory.write32(track + 4, 0xffffffff);
  memory.write32(track + arch.pointerBytes, STACK);
  memory.write32(track + arch.pointerBytes + 4, cpu);
  memory.write32(track + arch.pointerBytes + 8, PID);
}

/**
 * How many of the objects from `head` to `tail` may be freed: all or, when one fails its checks, none. Addresses are exact, as
 * a caller may free what is no object.
 * @see linux 6.1 mm/slub.c free_debug_processing
 */
export function freeDebugProcessing(
  cache: SlubCache,
  slot: number,
  head: number,
  tail: number,
  many: number,
  cpu: number,
): number {
  const { frames } = cache.system;
  const checks = (cache.flags & SLAB_CONSISTENCY_CHECKS) !== 0;
  let object = head;
  const refuse = (): number => {
    slabFix(cache, `Object at 0x${virtual(cache, object)} not freed`);
    return 0;
  };
  if (checks && !checkSlab(cache, slot)) return refuse();
  const inuse = inuseOf(frames.owner2[slot]!);
  if (inuse < many) {
    slabErr(cache, slot, `Slab has ${inuse} allocated objects but ${many} are to be freed\n`);
    return refuse();
  }
  const miscounted = (found: number): void =>
    slabErr(cache, slot, `Bulk free expected ${many} objects but found ${found}\n`);
  for (let freed = 1; ; freed++) {
    if (freed > many) {
      miscounted(freed);
      return refuse();
    }
    if (checks && !freeChecks(cache, slot, object)) return refuse();
    if (cache.storeUser) setTrack(cache, object, 1, cpu);
    trace(cache, slot, object, 'free');
    fillDebugBytes(cache, object, RED_INACTIVE);
    if (object === tail) {
      // An object that stands in the list twice ends it early: those that were found are freed.
      if (freed !== many) miscounted(freed);
      return freed;
    }
    const next = peekFreePointer(cache, frames.pfnOf(slot), (object - slabBase(cache, slot)) | 1);
    // Objects are freed together that somebody writes to: checks look where that leads, but for NULL, which passes them.
    if (next === 0 || (next === BAD_POINTER && !checks)) throw badPointer(cache, frames.pfnOf(slot));
    object = addressOf(cache, slot, next);
  }
}

/** A slab is about to be given back. @see linux 6.1 mm/slub.c __free_slab */
export function checkFreedSlab(cache: SlubCache, slot: number): void {
  if ((cache.flags & SLAB_CONSISTENCY_CHECKS) === 0) return;
  checkSlabPadding(cache, slot);
  for (const object of objectsIn(cache, slot)) checkObject(cache, slot, object, RED_INACTIVE);
}

/**
 * The free objects of a slab that is on no CPU.
 * @throws KernelBug where the list is a ring.
 * @see linux 6.1 mm/slub.c __fill_map
 */
export function freeObjects(cache: SlubCache, slot: number): Set<number> {
  const { frames } = cache.system;
  const free = new Set<number>();
  const most = objectsOf(frames.owner2[slot]!);
  let steps = 0;
  for (let name = frames.owner1[slot]!; name > 0;) {
    // A pointer that was written over can make the list a ring, and the kernel walks it for ever.
    if (++steps > most)
      throw new KernelBug('soft lockup: a free list that never ends', { cache: cache.name });
    free.add(addressOf(cache, slot, name));
    name = peekFreePointer(cache, frames.pfnOf(slot), name);
  }
  return free;
}

/** Reports the live objects of a slab. @see linux 6.1 mm/slub.c list_slab_objects */
export function listSlabObjects(cache: SlubCache, slot: number, text: string): void {
  slabErr(cache, slot, text);
  const free = freeObjects(cache, slot);
  const base = slabBase(cache, slot);
  for (const object of objectsIn(cache, slot)) {
    if (free.has(object)) continue;
    cache.system.log.write(LogLevel.err, `Object 0x${virtual(cache, object)} @offset=${object - base}`);
    printTracking(cache, object);
  }
}

/** Checks the slabs on the node's lists. Returns how many. @see linux 6.1 mm/slub.c validate_slab_node */
export function validateSlabs(cache: SlubCache, partial: number, slabs: number): number {
  const { log } = cache.system;
  let count = 0;
  for (const slot of partialSlabs(cache)) {
    validateSlab(cache, slot);
    count++;
  }
  if (count !== partial)
    log.write(LogLevel.err, `SLUB ${cache.name}: ${count} partial slabs counted but counter=${partial}`);
  if (!cache.storeUser) return count;
  for (const slot of fullSlabs(cache)) {
    validateSlab(cache, slot);
    count++;
  }
  if (count !== slabs)
    log.write(LogLevel.err, `SLUB: ${cache.name} ${count} slabs counted but counter=${slabs}`);
  return count;
}

/** @see linux 6.1 mm/slub.c validate_slab */
function validateSlab(cache: SlubCache, slot: number): void {
  if (!checkSlab(cache, slot) || !onFreelist(cache, slot, null)) return;
  const free = freeObjects(cache, slot);
  for (const object of objectsIn(cache, slot))
    if (!checkObject(cache, slot, object, free.has(object) ? RED_INACTIVE : RED_ACTIVE)) return;
}
