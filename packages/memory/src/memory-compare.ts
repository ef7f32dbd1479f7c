import { checkInteger } from '@mm/printk';

import { CHUNK_WORDS, type MemoryImage, checkImage } from './memory-image.js';

/** A run of words that differ between two images. */
export interface MemoryChange {
  /** Physical address of the first word, a multiple of 4. */
  readonly addr: number;
  /** The words before, signed 32-bit. */
  readonly before: readonly number[];
  /** The words after, as many. */
  readonly after: readonly number[];
}

/**
 * A number that stands for all bytes of an image: equal memories have equal hashes, whatever has been
 * touched, and different ones different hashes but for one pair in 2^52.
 *
 * @throws OptionError for what is no image.
 * @example
 * hashMemory(memory.snapshot()) === hashMemory(other.snapshot());
 */
export function hashMemory(image: MemoryImage): number {
  checkImage('image', image);
  let low = 0x811c9dc5;
  let high = 0x9dc5811c;
  const { directory } = image;
  for (let chunk = 0; chunk < directory.length; chunk++) {
    const index = directory[chunk]!;
    if (index === 0) continue;
    const words = image.chunks[index]!;
    for (let w = 0; w < CHUNK_WORDS; w++) {
      const word = words[w]!;
      // Only what is not zero counts, with its place, so that a touched zero is as an untouched one.
      if (word === 0) continue;
      low = Math.imul(low ^ word, 0x01000193) ^ Math.imul(chunk * CHUNK_WORDS + w, 0x9e3779b1);
      high = Math.imul(high ^ low ^ (word >>> 15), 0x85ebca6b) + (high << 5);
    }
  }
  return (high >>> 12) * 2 ** 32 + (low >>> 0);
}

/**
 * The runs of words in which two images of one memory differ, by ascending address, at most `most`.
 *
 * @throws OptionError for what is no image, and a `most` that is no integer from 0.
 * @example
 * const before = memory.snapshot();
 * memory.write32(0x1000, 7);
 * diffMemory(before, memory.snapshot()); // [{ addr: 0x1000, before: [0], after: [7] }]
 */
export function diffMemory(before: MemoryImage, after: MemoryImage, most = 1000): MemoryChange[] {
  checkImage('before', before);
  checkImage('after', after);
  checkInteger('most', most, 0, Number.MAX_SAFE_INTEGER);
  const changes: MemoryChange[] = [];
  const chunkCount = Math.max(before.directory.length, after.directory.length);
  for (let chunk = 0; chunk < chunkCount && changes.length < most; chunk++) {
    const indexBefore = before.directory[chunk] ?? 0;
    const indexAfter = after.directory[chunk] ?? 0;
    if (indexBefore === 0 && indexAfter === 0) continue;
    const base = chunk * CHUNK_WORDS * 4;
    diffChunk(before.chunks[indexBefore]!, after.chunks[indexAfter]!, base, most, changes);
  }
  return changes;
}

function diffChunk(a: Int32Array, b: Int32Array, base: number, most: number, changes: MemoryChange[]): void {
  for (let w = 0; w < CHUNK_WORDS && changes.length < most; w++) {
    if (a[w] === b[w]) continue;
    const first = w;
    while (w < CHUNK_WORDS && a[w] !== b[w]) w++;
    changes.push({
      addr: base + first * 4,
      before: [...a.subarray(first, w)],
      after: [...b.subarray(first, w)],
    });
  }
}
