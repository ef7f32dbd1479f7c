/**
 * The word that a slab's first frame holds beside its owner: how many of its objects are not on its free list, and where
 * the first object lies.
 *
 * | bits   | meaning                         |
 * | ------ | ------------------------------- |
 * | 0..9   | active objects                  |
 * | 10..30 | offset of the first object / 4  |
 * @see linux 6.1 mm/slab.h struct slab: active, s_mem
 */
export const slabWord = (active: number, smem: number): number => active | ((smem >> 2) << 10);
/**
 * Objects in use or in arrays. Bits of a word: does not check it.
 * @example
 * activeOf(machine.frames.owner2[slot]!); // of the slab whose first frame has this slot
 */
export const activeOf = (word: number): number => word & 0x3ff;
/**
 * Offset of the first object in the slab, bytes. Bits of a word: does not check it.
 * @example
 * smemOf(machine.frames.owner2[slot]!); // 64: index list and colour lie before it
 */
export const smemOf = (word: number): number => (word >>> 10) << 2;
