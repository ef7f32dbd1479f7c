import { OptionError, checkArray, checkInteger, checkObject } from '@mm/printk';

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
  if (checkArray('memoryMap', ranges, 'ranges of RAM').length === 0)
    throw new OptionError('memoryMap', 'at least one range of RAM', ranges);
  const spans: Array<{ startPfn: number; endPfn: number }> = [];
  let last = 0;
  ranges.forEach((range, i) => {
    const { start, end } = checkObject(`memoryMap[${i}]`, range, 'an object with start and end');
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

/** @throws OptionError naming a span that is none. */
export function checkSpans(spans: readonly PfnSpan[]): readonly PfnSpan[] {
  checkArray('spans', spans, 'spans of page frames').forEach((span, i) => {
    const { startPfn, endPfn } = checkObject(`spans[${i}]`, span, 'an object with startPfn and endPfn');
    checkInteger(`spans[${i}].startPfn`, startPfn, 0, PFN_MAX);
    checkInteger(`spans[${i}].endPfn`, endPfn, startPfn, PFN_MAX);
  });
  return spans;
}

/** As {@link checkSpans}, of at least one. @throws OptionError too where there is none. */
export function checkRam(spans: readonly PfnSpan[]): readonly PfnSpan[] {
  if (checkSpans(spans).length === 0)
    throw new OptionError('spans', 'at least one span of page frames', spans);
  return spans;
}

/**
 * Pages in a list of spans.
 * @throws OptionError naming a span that is none.
 * @example
 * countPages([{ startPfn: 16, endPfn: 32 }]); // 16
 */
export function countPages(spans: readonly PfnSpan[]): number {
  return checkSpans(spans).reduce((sum, span) => sum + span.endPfn - span.startPfn, 0);
}

/**
 * The part of each span that lies in [startPfn, endPfn); `endPfn` may be Infinity.
 * @throws OptionError naming what is no span or no bound.
 * @example
 * clipSpans([{ startPfn: 16, endPfn: 32 }], 0, 20); // [{ startPfn: 16, endPfn: 20 }]
 */
export function clipSpans(spans: readonly PfnSpan[], startPfn: number, endPfn: number): PfnSpan[] {
  checkInteger('startPfn', startPfn, 0, PFN_MAX);
  if (endPfn !== Infinity) checkInteger('endPfn', endPfn, 0, PFN_MAX);
  return checkSpans(spans)
    .map((span) => ({ startPfn: Math.max(span.startPfn, startPfn), endPfn: Math.min(span.endPfn, endPfn) }))
    .filter((span) => span.endPfn > span.startPfn);
}
