const OBJECT_WORDS = 256;
const OBJECTS = 4096;
/** The word of an object that holds its link. */
export const FREE_POINTER = 128;

/** Cells of a free list. */
export const HEAD_CELL = 1;
export const TID_CELL = 2;
export const OBJECT_CELL = 3;

/** A slab's free list in typed arrays: head and transaction number, as SLUB's fast path has them. */
export class Freelist {
  readonly memory = new Int32Array(OBJECTS * OBJECT_WORDS);
  /** The first free object + 1, then the transaction number. */
  readonly slot = new Int32Array(2);

  constructor() {
    for (let i = 0; i < OBJECTS; i++)
      this.memory[i * OBJECT_WORDS + FREE_POINTER] = i + 1 < OBJECTS ? (i + 1) * OBJECT_WORDS + 1 : 0;
    this.slot[0] = 1;
  }
}
