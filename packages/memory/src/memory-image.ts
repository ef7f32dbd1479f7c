import { PAGE_WORDS } from './units.js';

/** Pages of a chunk, the unit in which bytes are made: 16 pages, 64 KiB. */
export const CHUNK_PAGES = 16;
/** Words of 32 bits in a chunk. */
export const CHUNK_WORDS: number = CHUNK_PAGES * PAGE_WORDS;

/** The bytes of a PhysicalMemory at one moment. Opaque: made by `snapshot()`, read by `restore()`. */
export interface MemoryImage {
  readonly directory: Int32Array;
  readonly chunks: readonly Int32Array[];
}
