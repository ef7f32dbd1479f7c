import { SLAB_POISON, SLAB_RED_ZONE, SLAB_STORE_USER } from '@mm/kmem';
import { fillBytes } from '@mm/memory';

import type { SlabCache } from '../slab-cache.js';
import { smemOf } from '../slab-word.js';

/*
 * An object of a debugged cache, from the start of its room, which is `objOffset` bytes before the object:
 *
 * | bytes                    | what                                    | kept for      |
 * | ------------------------ | --------------------------------------- | ------------- |
 * | objOffset - 8 .. - 1     | first red zone word                     | SLAB_RED_ZONE |
 * | objOffset ..             | the object, objectSize bytes            |               |
 * | size - 16 (or size - 8)  | second red zone word, 8 bytes           | SLAB_RED_ZONE |
 * | size - pointerBytes ..   | who allocated or freed it last          | SLAB_STORE_USER |
 */

/** A word of 8 bytes: its low and its high half. */
export interface Word {
  readonly low: number;
  readonly high: number;
}

/** Red zone of a free object, and of one in use. @see linux 6.1 include/linux/poison.h RED_INACTIVE, RED_ACTIVE */
export const RED_INACTIVE: Word = { high: 0x09f91102, low: 0x9d74e35b };
export const RED_ACTIVE: Word = { high: 0xd84156c5, low: 0x635688c0 };
/** Bytes of poison: of an object just handed out, of a free one, and the last of either. */
export const POISON_INUSE = 0x5a;
export const POISON_FREE = 0x6b;
export const POISON_END = 0xa5;

const RED_BYTES = 8;

/** Physical address of the slab's first object. */
export const firstObject = (cache: SlabCache, slot: number): number => {
  const { frames } = cache.system;
  return frames.pfnOf(slot) * 4096 + smemOf(frames.owner2[slot]!) + cache.objOffset;
};

/** Where the two red zone words of an object lie. @see linux 6.1 mm/slab.c dbg_redzone1, dbg_redzone2 */
export function redZonesOf(cache: SlabCache, object: number): readonly [number, number] {
  const room = object - cache.objOffset;
  const user = (cache.flags & SLAB_STORE_USER) === 0 ? 0 : RED_BYTES;
  return [object - RED_BYTES, room + cache.size - RED_BYTES - user];
}

/** The word at an address. */
export const readWord = (cache: SlabCache, at: number): Word => {
  const { memory } = cache.system;
  return { low: memory.read32(at) >>> 0, high: memory.read32(at + 4) >>> 0 };
};

/** Whether both halves agree. */
export const isWord = (a: Word, b: Word): boolean => a.low === b.low && a.high === b.high;

/** As `%llx` prints it. */
export const formatWord = ({ low, high }: Word): string => ((BigInt(high) << 32n) | BigInt(low)).toString(16);

/** Writes both red zone words; nothing for a cache without. */
export function markRedZones(cache: SlabCache, object: number, word: Word): void {
  if ((cache.flags & SLAB_RED_ZONE) === 0) return;
  const { memory } = cache.system;
  for (const at of redZonesOf(cache, object)) {
    memory.write32(at, word.low);
    memory.write32(at + 4, word.high);
  }
}

/** Fills an object with poison; nothing for a cache without. @see linux 6.1 mm/slab.c poison_obj */
export function poisonObject(cache: SlabCache, object: number, byte: number): void {
  if ((cache.flags & SLAB_POISON) === 0) return;
  const { memory } = cache.system;
  fillBytes(memory, object, cache.objectSize, byte);
  memory.write8(object + cache.objectSize - 1, POISON_END);
}

/** What stands for the code that called. */
export const CALLER = 0x81000000;

/** Where who used an object last is kept. @see linux 6.1 mm/slab.c dbg_userword */
export const userWordOf = (cache: SlabCache, object: number): number =>
  object - cache.objOffset + cache.size - cache.system.arch.pointerBytes;

/** Notes who uses an object, 0 for nobody; nothing for a cache that does not keep it. */
export function noteUser(cache: SlabCache, object: number, caller: number): void {
  if ((cache.flags & SLAB_STORE_USER) === 0) return;
  const { memory, arch } = cache.system;
  const at = userWordOf(cache, object);
  memory.write32(at, caller);
  if (arch.pointerBytes === 8) memory.write32(at + 4, caller === 0 ? 0 : 0xffffffff);
}
