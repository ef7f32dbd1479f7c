import { readBytes } from '@mm/memory';

import type { SlabCache } from '../slab-cache.js';
import { headSlotOf } from '../slab-head.js';
import { POISON_END, POISON_FREE, firstObject } from './object-layout.js';
import { dumpLine, printCorruption, printNeighbour } from './report.js';

/** Lines of an object that are shown at most, 16 bytes each. */
const LINES_MAX = 6;

/** The first byte from `from` on that is not poison, or -1. */
function firstWrong(bytes: Uint8Array, from: number): number {
  const last = bytes.length - 1;
  for (let i = from; i <= last; i++) if (bytes[i] !== (i === last ? POISON_END : POISON_FREE)) return i;
  return -1;
}

/** Whether the poison of a free object is whole. */
export const isPoisoned = (cache: SlabCache, object: number): boolean =>
  firstWrong(readBytes(cache.system.memory, object, cache.objectSize), 0) === -1;

/**
 * Reports who wrote into a free object; repairs nothing.
 * @see linux 6.1 mm/slab.c check_poison_obj
 */
export function checkPoison(cache: SlabCache, object: number): void {
  const bytes = readBytes(cache.system.memory, object, cache.objectSize);
  let at = firstWrong(bytes, 0);
  if (at === -1) return;
  printCorruption(cache, object);
  for (let lines = 0; at !== -1 && lines < LINES_MAX; lines++) {
    const line = at & ~15;
    dumpLine(cache, object, line);
    // The kernel goes on behind the first byte of the next line.
    at = firstWrong(bytes, line + 17);
  }
  const slot = headSlotOf(cache.system.frames, Math.floor(object / 4096));
  const number = Math.floor((object - firstObject(cache, slot)) / cache.size);
  if (number > 0) printNeighbour(cache, 'Prev', firstObject(cache, slot) + (number - 1) * cache.size);
  if (number + 1 < cache.num)
    printNeighbour(cache, 'Next', firstObject(cache, slot) + (number + 1) * cache.size);
}
