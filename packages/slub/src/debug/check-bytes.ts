import { fillBytes, findOther, readBytes } from '@mm/memory';

import type { SlubCache } from '../slub-cache.js';
import { slabBase } from './object-layout.js';
import { printTrailer, slabBug, slabFix, virtual } from './report.js';

/** The first and the last of `length` bytes that are not `value`; null: all are. */
export function otherBytes(
  cache: SlubCache,
  start: number,
  value: number,
  length: number,
): readonly [first: number, last: number] | null {
  if (length <= 0) return null;
  const { memory } = cache.system;
  const first = findOther(memory, start, length, value);
  if (first === null || first < 0) return null;
  const bytes = readBytes(memory, start, length);
  let last = length - 1;
  while (bytes[last] === value) last--;
  return [first, start + last];
}

/** @see linux 6.1 mm/slub.c restore_bytes */
export function restoreBytes(
  cache: SlubCache,
  what: string,
  value: number,
  first: number,
  last: number,
): void {
  slabFix(
    cache,
    `Restoring ${what} 0x${virtual(cache, first)}-0x${virtual(cache, last)}=0x${value.toString(16)}`,
  );
  fillBytes(cache.system.memory, first, last - first + 1, value);
}

/** True when all bytes are as they should be; else reports and restores them. @see linux 6.1 mm/slub.c check_bytes_and_report */
export function checkBytesAndReport(
  cache: SlubCache,
  slot: number,
  object: number,
  what: string,
  start: number,
  value: number,
  length: number,
): boolean {
  const wrong = otherBytes(cache, start, value, length);
  if (wrong === null) return true;
  const [first, last] = wrong;
  const { memory, log } = cache.system;
  slabBug(cache, `${what} overwritten`);
  log.write(
    3,
    `0x${virtual(cache, first)}-0x${virtual(cache, last)} @offset=${first - slabBase(cache, slot)}. ` +
      `First byte 0x${memory.read8(first).toString(16)} instead of 0x${value.toString(16)}`,
  );
  printTrailer(cache, slot, object);
  restoreBytes(cache, what, value, first, last);
  return false;
}
