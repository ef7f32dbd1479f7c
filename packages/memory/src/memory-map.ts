import { OptionError, checkObject } from '@mm/printk';

import { PFN_MAX, type PfnRange, pfnToAddr } from './units.js';

/**
 * Thrown for an access to an address at which there is no memory. Nothing has changed.
 * @example
 * try {
 *   memory.read32(0x0);
 * } catch (error) {
 *   if (error instanceof HoleError) console.error(error.message);
 * }
 */
export class HoleError extends Error {
  override readonly name = 'HoleError';
  /** The first address of the access that is outside the memory map. */
  readonly addr: number;

  constructor(addr: number) {
    super(`addr: expected an address in the memory map, got 0x${addr.toString(16)}`);
    this.addr = addr;
  }
}

/**
 * Checks a memory map and returns it sorted, neighbours joined.
 * @throws OptionError for a range that is empty, out of bounds or overlaps another.
 *
 * @example
 * checkMemoryMap([{ startPfn: 0x40000, endPfn: 0x80000 }]);
 */
export function checkMemoryMap(ranges: readonly PfnRange[]): PfnRange[] {
  if (!Array.isArray(ranges) || ranges.length === 0)
    throw new OptionError('ranges', 'at least one range of page frames', ranges);
  ranges.forEach((range, i) => {
    const { startPfn, endPfn } = checkObject(`ranges[${i}]`, range, 'an object with startPfn and endPfn');
    if (!Number.isInteger(startPfn) || startPfn < 0 || startPfn >= PFN_MAX)
      throw new OptionError(`ranges[${i}].startPfn`, `an integer in [0, ${PFN_MAX})`, startPfn);
    if (!Number.isInteger(endPfn) || endPfn <= startPfn || endPfn > PFN_MAX)
      throw new OptionError(`ranges[${i}].endPfn`, `an integer in (startPfn, ${PFN_MAX}]`, endPfn);
  });
  const sorted = ranges.toSorted((a, b) => a.startPfn - b.startPfn);
  const joined: PfnRange[] = [];
  for (const range of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && range.startPfn < last.endPfn)
      throw new OptionError(
        'ranges',
        `ranges that do not overlap (pfn 0x${range.startPfn.toString(16)} is in two)`,
        ranges,
      );
    if (last !== undefined && range.startPfn === last.endPfn)
      joined[joined.length - 1] = { startPfn: last.startPfn, endPfn: range.endPfn };
    else joined.push({ startPfn: range.startPfn, endPfn: range.endPfn });
  }
  return joined;
}

/**
 * Where there is memory: sorted ranges of page frames, with a look-up that remembers the last hit.
 * @example
 * new MemoryMap([{ startPfn: 0x40000, endPfn: 0x80000 }]).has(0x40000); // true
 */
export class MemoryMap {
  /** Sorted, disjoint, neighbours joined. */
  readonly ranges: readonly PfnRange[];
  /** One more than the highest page frame. */
  readonly endPfn: number;
  /** Pages of memory in all ranges. */
  readonly totalPages: number;
  #last: PfnRange;

  /** @throws OptionError as {@link checkMemoryMap}. */
  constructor(ranges: readonly PfnRange[]) {
    this.ranges = checkMemoryMap(ranges);
    this.endPfn = this.ranges.at(-1)!.endPfn;
    this.totalPages = this.ranges.reduce((sum, r) => sum + r.endPfn - r.startPfn, 0);
    this.#last = this.ranges[0]!;
  }

  /** The end of the range that `pfn` lies in, or 0 when there is no memory at `pfn`, as at all that is no number. */
  endOfRangeAt(pfn: number): number {
    if (typeof pfn !== 'number') return 0;
    const last = this.#last;
    if (pfn >= last.startPfn && pfn < last.endPfn) return last.endPfn;
    const range = this.#lastUpTo(pfn);
    if (range === undefined || pfn >= range.endPfn) return 0;
    this.#last = range;
    return range.endPfn;
  }

  /** The last range that begins at `pfn` or below, by halving: firmware may tell of thousands. */
  #lastUpTo(pfn: number): PfnRange | undefined {
    let [low, high] = [0, this.ranges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ranges[middle]!.startPfn <= pfn) low = middle + 1;
      else high = middle;
    }
    return this.ranges[low - 1];
  }

  /** Whether there is memory at `pfn`; false for all that is no page frame. */
  has(pfn: number): boolean {
    return this.endOfRangeAt(pfn) !== 0;
  }

  /**
   * Refuses a run of pages that is not wholly memory.
   * @throws OptionError when `pfn` or `count` is not an integer from 0; HoleError naming the first address without
   * memory.
   */
  checkPages(pfn: number, count: number): void {
    if (!Number.isSafeInteger(pfn) || pfn < 0)
      throw new OptionError('pfn', 'a page frame number from 0', pfn);
    if (!Number.isSafeInteger(count) || count < 0) throw new OptionError('count', 'an integer from 0', count);
    for (let at = pfn, end = pfn + count; at < end;) {
      const rangeEnd = this.endOfRangeAt(at);
      if (rangeEnd === 0) throw new HoleError(at * 4096);
      at = rangeEnd;
    }
  }

  /**
   * Refuses a run of bytes that is not wholly memory.
   * @throws OptionError when `addr` or `lengthBytes` is not a number of bytes; HoleError naming the
   * first address without memory.
   */
  checkBytes(addr: number, lengthBytes: number): void {
    if (!Number.isSafeInteger(addr) || addr < 0)
      throw new OptionError('addr', 'a physical address (an integer from 0)', addr);
    if (!Number.isSafeInteger(lengthBytes) || lengthBytes < 0)
      throw new OptionError('lengthBytes', 'an integer from 0', lengthBytes);
    const end = addr + lengthBytes;
    for (let at = addr; at < end;) {
      const rangeEnd = this.endOfRangeAt(Math.floor(at / 4096));
      if (rangeEnd === 0) throw new HoleError(at);
      at = pfnToAddr(rangeEnd);
    }
  }
}
