/**
 * A slab's counters in one word, so that they change together with its free list.
 *
 * | bits   | meaning                              |
 * | ------ | ------------------------------------ |
 * | 0..15  | objects in use                       |
 * | 16..30 | objects                              |
 * | 31     | frozen: it belongs to a CPU          |
 * @see linux 6.1 mm/slab.h struct slab
 */
export const FROZEN: number = 1 << 31;
/**
 * Objects in use. Bits of a word: does not check it.
 * @example
 * inuseOf(machine.frames.owner2[slot]!); // of the slab whose first frame has this slot
 */
export const inuseOf = (counters: number): number => counters & 0xffff;
/** The bits of the objects that a slab holds. */
export const OBJECTS_MASK = 0x7fff0000;
/**
 * Objects the slab holds. Bits of a word: does not check it.
 * @example
 * objectsOf(machine.frames.owner2[slot]!); // 16: four pages of objects of 1 KiB
 */
export const objectsOf = (counters: number): number => (counters >>> 16) & 0x7fff;
/** Every object in use, frozen. */
export const allInUse = (counters: number): number =>
  (counters & OBJECTS_MASK) | objectsOf(counters) | FROZEN;
/** More objects in use, or less. Below 0 they wrap, as 16 bits do, and leave the other counters alone. */
export const changeInUse = (counters: number, by: number): number =>
  (counters & ~0xffff) | ((counters + by) & 0xffff);
