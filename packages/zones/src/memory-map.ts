import { OptionError } from '@mm/printk';

/** A range of page frames, the end not included. */
export interface PfnSpan {
  readonly startPfn: number;
  readonly endPfn: number;
}

/** A range of RAM in bytes, the end not included. */
export interface RamRange {
  /** First byte. */
  readonly start: number;
  /** One past the last byte. */
  readonly end: number;
}

/** Frames are numbered by int32: 8 TiB of 4 KiB pages. */
export const PFN_MAX = 2 ** 31 - 1;

const PAGE_BYTES = 4096;

/**
 * RAM as whole page frames: a range that begins or ends inside a page loses that page.
 * Ranges that touch are joined.
 *
 * @throws OptionError when a range is empty, reversed, out of reach, or overlaps the one before.
 * @example
 * toPfnSpans([{ start: 0x1000, end: 0x9fc00 }]); // [{ startPfn: 1, endPfn: 0x9f }]
 */
export function toPfnSpans(ranges: readonly RamRange[]): PfnSpan[] {
  if (ranges.length === 0) throw new OptionError('memoryMap', 'at least one range of RAM', ranges);
  const spans: Array<{ startPfn: number; endPfn: number }> = [];
  let last = 0;
  ranges.forEach((range, i) => {
    const { start, end } = range;
    for (const [key, value] of Object.entries({ start, end })) {
      if (!Number.isSafeInteger(value) || value < 0)
        throw new OptionError(`memoryMap[${i}].${key}`, 'a byte address, an integer of at least 0', value);
    }
    if (end <= start)
      throw new OptionError(`memoryMap[${i}].end`, `an address above start 0x${start.toString(16)}`, end);
    if (start < last)
      throw new OptionError(
        `memoryMap[${i}].start`,
        `at least 0x${last.toString(16)}, the end of the range before`,
        start,
      );
    if (end / PAGE_BYTES > PFN_MAX) throw new OptionError(`memoryMap[${i}].end`, 'at most 8 TiB', end);
    last = end;
    const startPfn = Math.ceil(start / PAGE_BYTES);
    const endPfn = Math.floor(end / PAGE_BYTES);
    const before = spans.at(-1);
    if (before !== undefined && before.endPfn === startPfn && endPfn > startPfn) before.endPfn = endPfn;
    else if (endPfn > startPfn) spans.push({ startPfn, endPfn });
  });
  if (spans.length === 0)
    throw new OptionError(
      'memoryMap',
      'at least one whole page of 4096 bytes',
      `${ranges.length} smaller ranges`,
    );
  return spans;
}

/**
 * Pages in a list of spans.
 * @example
 * countPages([{ startPfn: 16, endPfn: 32 }]); // 16
 */
export function countPages(spans: readonly PfnSpan[]): number {
  return spans.reduce((sum, span) => sum + span.endPfn - span.startPfn, 0);
}

/**
 * The part of each span that lies in [startPfn, endPfn).
 * @example
 * clipSpans([{ startPfn: 16, endPfn: 32 }], 0, 20); // [{ startPfn: 16, endPfn: 20 }]
 */
export function clipSpans(spans: readonly PfnSpan[], startPfn: number, endPfn: number): PfnSpan[] {
  return spans
    .map((span) => ({ startPfn: Math.max(span.startPfn, startPfn), endPfn: Math.min(span.endPfn, endPfn) }))
    .filter((span) => span.endPfn > span.startPfn);
}
