import { OptionError } from '@mm/printk';

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

/**
 * An image that can be restored, hashed and compared, as it came.
 * @throws OptionError naming what of it is wrong.
 */
export function checkImage(field: string, image: MemoryImage): MemoryImage {
  const { directory, chunks } = Object(image) as Partial<MemoryImage>;
  const wrong = (what: string, value: unknown): OptionError =>
    new OptionError(`${field}${what}`, 'what snapshot() of a memory returned', value);
  if (!(directory instanceof Int32Array)) throw wrong('', image);
  if (!Array.isArray(chunks) || chunks.length === 0) throw wrong('.chunks', chunks);
  chunks.forEach((words: unknown, i) => {
    if (!(words instanceof Int32Array) || words.length !== CHUNK_WORDS) throw wrong(`.chunks[${i}]`, words);
  });
  // A loop: the directory of 64 GiB has a million entries.
  for (let i = 0; i < directory.length; i++)
    if (directory[i]! < 0 || directory[i]! >= chunks.length) throw wrong('.directory', directory[i]);
  return image;
}
