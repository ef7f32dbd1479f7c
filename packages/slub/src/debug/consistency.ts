import { OBJECT_POISON, SLAB_POISON, SLAB_RED_ZONE } from '@mm/kmem';
import { PageFlag, orderOfFlags } from '@mm/memory';

import { BAD_POINTER, peekFreePointer, setFreePointer } from '../free-pointer.js';
import { inuseOf, objectsOf } from '../slab-counters.js';
import { objectsAtOrder } from '../slab-order.js';
import type { SlubCache } from '../slub-cache.js';
import { checkBytesAndReport, otherBytes, restoreBytes } from './check-bytes.js';
import {
  POISON_END,
  POISON_FREE,
  POISON_INUSE,
  RED_ACTIVE,
  isValidObject,
  paddingStart,
  sizeFromObject,
  slabBase,
  slabBytes,
} from './object-layout.js';
import { objectErr, printSection, slabErr, slabFix, virtual } from './report.js';

/** The address that a name inside a slab, offset | 1, stands for; 0 for none, -1 for a corrupted one. */
export const addressOf = (cache: SlubCache, slot: number, name: number): number =>
  name === 0 || name === BAD_POINTER ? name : slabBase(cache, slot) + name - 1;

/** Whether the free pointer of an object leads to an object or nowhere. */
function freePointerIsValid(cache: SlubCache, slot: number, object: number): boolean {
  const pfn = cache.system.frames.pfnOf(slot);
  const next = peekFreePointer(cache, pfn, (object - slabBase(cache, slot)) | 1);
  return next !== BAD_POINTER && isValidObject(cache, slot, addressOf(cache, slot, next));
}

/** True when the slab's own record makes sense. @see linux 6.1 mm/slub.c check_slab */
export function checkSlab(cache: SlubCache, slot: number): boolean {
  const { frames } = cache.system;
  const counters = frames.owner2[slot]!;
  const most = objectsAtOrder(orderOfFlags(frames.flags[slot]!), cache.size);
  let wrong: string | null = null;
  if ((frames.flags[slot]! & PageFlag.slab) === 0) wrong = 'Not a valid slab page';
  else if (objectsOf(counters) > most) wrong = `objects ${objectsOf(counters)} > max ${most}`;
  else if (inuseOf(counters) > objectsOf(counters))
    wrong = `inuse ${inuseOf(counters)} > max ${objectsOf(counters)}`;
  else if (counters < 0) wrong = 'Slab disabled since SLUB metadata consistency check failed';
  if (wrong !== null) {
    slabErr(cache, slot, wrong);
    return false;
  }
  checkSlabPadding(cache, slot);
  return true;
}

/** Checks and restores the bytes behind the last object. @see linux 6.1 mm/slub.c slab_pad_check */
export function checkSlabPadding(cache: SlubCache, slot: number): void {
  if ((cache.flags & SLAB_POISON) === 0) return;
  const bytes = slabBytes(cache, slot);
  const rest = bytes % cache.size;
  const start = slabBase(cache, slot) + bytes - rest;
  const wrong = otherBytes(cache, start, POISON_INUSE, rest);
  if (wrong === null) return;
  const [first, last] = wrong;
  slabErr(
    cache,
    slot,
    `Padding overwritten. 0x${virtual(cache, first)}-0x${virtual(cache, last)} @offset=${first - slabBase(cache, slot)}`,
  );
  printSection(cache, 'Padding ', start, rest);
  restoreBytes(cache, 'slab padding', POISON_INUSE, first, last);
}

/**
 * Walks the free list: whether `search` is on it, or for null whether it is whole. Mends what it can.
 * @see linux 6.1 mm/slub.c on_freelist
 */
export function onFreelist(cache: SlubCache, slot: number, search: number | null): boolean {
  const { frames } = cache.system;
  const pfn = frames.pfnOf(slot);
  const objects = objectsOf(frames.owner2[slot]!);
  let count = 0;
  let object = 0;
  for (let name = frames.owner1[slot]!; name !== 0 && count <= objects; count++) {
    const address = addressOf(cache, slot, name);
    if (address === search) return true;
    if (name === BAD_POINTER || !isValidObject(cache, slot, address)) {
      if (object === 0) {
        slabErr(cache, slot, 'Freepointer corrupt');
        frames.owner1[slot] = 0;
        frames.owner2[slot] = (frames.owner2[slot]! & ~0xffff) | objects;
        slabFix(cache, 'Freelist cleared');
        return false;
      }
      objectErr(cache, slot, addressOf(cache, slot, object), 'Freechain corrupt');
      setFreePointer(cache, pfn, object, 0);
      break;
    }
    object = name;
    name = peekFreePointer(cache, pfn, name);
  }
  mendCounts(cache, slot, count);
  return search === null;
}

function mendCounts(cache: SlubCache, slot: number, free: number): void {
  const { frames } = cache.system;
  const most = Math.min(32_767, objectsAtOrder(orderOfFlags(frames.flags[slot]!), cache.size));
  const found = objectsOf(frames.owner2[slot]!);
  if (found !== most) {
    slabErr(cache, slot, `Wrong number of objects. Found ${found} but should be ${most}`);
    frames.owner2[slot] = (frames.owner2[slot]! & ~0x7fff0000) | (most << 16);
    slabFix(cache, 'Number of objects adjusted');
  }
  const inuse = inuseOf(frames.owner2[slot]!);
  if (inuse === most - free) return;
  slabErr(cache, slot, `Wrong object count. Counter is ${inuse} but counted were ${most - free}`);
  frames.owner2[slot] = (frames.owner2[slot]! & ~0xffff) | ((most - free) & 0xffff);
  slabFix(cache, 'Object count adjusted');
}

/** True when the bytes around and in an object are as they should be. @see linux 6.1 mm/slub.c check_object */
export function checkObject(cache: SlubCache, slot: number, object: number, red: number): boolean {
  const { flags, objectSize, inuse, redLeftPad } = cache;
  const check = (what: string, start: number, value: number, length: number): boolean =>
    checkBytesAndReport(cache, slot, object, what, start, value, length);
  const end = object + objectSize;
  if ((flags & SLAB_RED_ZONE) !== 0) {
    if (!check('Left Redzone', object - redLeftPad, red, redLeftPad)) return false;
    if (!check('Right Redzone', end, red, inuse - objectSize)) return false;
  } else if ((flags & SLAB_POISON) !== 0 && objectSize < inuse)
    check('Alignment padding', end, POISON_INUSE, inuse - objectSize);
  if ((flags & SLAB_POISON) !== 0) {
    if (red !== RED_ACTIVE && (flags & OBJECT_POISON) !== 0) {
      if (!check('Poison', object, POISON_FREE, objectSize - 1)) return false;
      if (!check('End Poison', end - 1, POISON_END, 1)) return false;
    }
    const off = paddingStart(cache);
    check('Object padding', object + off, POISON_INUSE, sizeFromObject(cache) - off);
  }
  // Inside an object in use, the free pointer's bytes are its owner's.
  if (cache.offset < inuse && red === RED_ACTIVE) return true;
  if (freePointerIsValid(cache, slot, object)) return true;
  objectErr(cache, slot, object, 'Freepointer corrupt');
  setFreePointer(cache, cache.system.frames.pfnOf(slot), (object - slabBase(cache, slot)) | 1, 0);
  return false;
}

/** @see linux 6.1 mm/slub.c free_consistency_checks */
export function freeChecks(cache: SlubCache, slot: number, object: number): boolean {
  if (!isValidObject(cache, slot, object)) {
    slabErr(cache, slot, `Invalid object pointer 0x${virtual(cache, object)}`);
    return false;
  }
  if (onFreelist(cache, slot, object)) {
    objectErr(cache, slot, object, 'Object already free');
    return false;
  }
  if (!checkObject(cache, slot, object, RED_ACTIVE)) return false;
  if (cache.system.frames.owner0[slot] === cache.id) return true;
  objectErr(cache, slot, object, 'page slab pointer corrupt.');
  return false;
}
