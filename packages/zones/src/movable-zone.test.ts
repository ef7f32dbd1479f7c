import { expect, test } from 'vitest';

import { findMovableStart, pagesOf } from './movable-zone.js';

/** Page frames of a MiB. */
const MIB = 256;
const GIB = 1024 * MIB;
const span = (start: number, end: number) => ({ startPfn: start, endPfn: end });

test.each([
  ['0', 0],
  ['4095', 0],
  ['4096', 1],
  [8192, 2],
  ['3k', 0],
  ['8K', 2],
  ['1m', MIB],
  ['2G', 2 * GIB],
  ['1T', 1024 * GIB],
  ['0%', 0],
  ['1%', 10],
  ['33%', 330],
  ['100%', 1000],
])('%s of 1000 pages, or of itself, is %d pages', (option, pages) => {
  expect(pagesOf(option, 'movablecore', 1000)).toBe(pages);
});

test.each(['', 'k', '1x', '1kk', 'x1', '%', '101%', '1%x', 'x1%', '-1', '1.5'])(
  '%s is no amount',
  (option) => {
    expect(() => pagesOf(option, 'kernelcore', 1000)).toThrow(
      'kernelcore: expected bytes with K, M, G or T, or a share of 0% to 100%, got',
    );
  },
);

/** 4 GiB from 1 GiB on, with a hole of 1 GiB at 3 GiB; the highest zone begins at 2 GiB. */
const SPANS = [span(GIB, 3 * GIB), span(4 * GIB, 6 * GIB)];
const USABLE = 2 * GIB;

test.each([
  ['nothing is asked for', {}, 0],
  ['movable memory of no page', { movablecore: '4095' }, 0],
  ['the end of memory', { movablecore: '1G' }, 5 * GIB],
  ['movable memory is rounded up to 4 MiB', { movablecore: '4100K' }, 6 * GIB - 8 * MIB],
  ['over the hole', { movablecore: '2560M' }, 2.5 * GIB],
  ['just the memory above the hole', { movablecore: '2G' }, 3 * GIB],
  ['lower zones are the kernel’s whatever is asked for', { movablecore: '3584M' }, 2 * GIB],
  ['all memory', { movablecore: '100%' }, 0],
  ['what the kernel needs lies below', { kernelcore: '512M' }, 2 * GIB],
  ['what the kernel needs ends in the usable zone', { kernelcore: '1536M' }, 2.5 * GIB],
  ['what the kernel needs ends behind the hole', { kernelcore: '2560M' }, 4.5 * GIB],
  ['the start is rounded up to 4 MiB', { kernelcore: '2561M' }, 4.5 * GIB + 4 * MIB],
  ['nothing is left behind the rounding', { kernelcore: '4095M' }, 0],
  ['the kernel needs all', { kernelcore: '4G' }, 0],
  ['of both the one that leaves more to the kernel', { kernelcore: '2560M', movablecore: '2G' }, 4.5 * GIB],
  ['and the other way round', { kernelcore: '1536M', movablecore: '1G' }, 5 * GIB],
])('%s', (_, options, start) => {
  expect(findMovableStart(SPANS, USABLE, options)).toBe(start);
});

test('a span may lie across the start of the highest zone, or whole below it', () => {
  const three = [span(0, GIB), span(1.5 * GIB, 2.5 * GIB), span(3 * GIB, 4 * GIB)];
  expect(findMovableStart(three, USABLE, { kernelcore: '1792M' })).toBe(2.25 * GIB);
  expect(findMovableStart(three, USABLE, { kernelcore: '1024M' })).toBe(2 * GIB);
  expect(findMovableStart(three, USABLE, { kernelcore: '2304M' })).toBe(3.25 * GIB);
});

test('ZONE_MOVABLE begins at a multiple of the largest block', () => {
  const spans = [span(GIB, GIB + 300 * MIB)];
  expect(findMovableStart(spans, GIB, { movablecore: '100M' })).toBe(GIB + 200 * MIB);
  expect(findMovableStart(spans, GIB, { movablecore: '101M' })).toBe(GIB + 196 * MIB);
  expect(findMovableStart(spans, GIB, { movablecore: '101M', topOrder: 11 })).toBe(GIB + 200 * MIB);
  expect(() => findMovableStart(spans, GIB, { movablecore: '101M', topOrder: 0 })).toThrow(
    'options.topOrder: expected',
  );
});
