import type { SourceCost } from './compare-sources.js';

const kib = (bytes: number): string => String(bytes / 1024);

const COLUMNS: readonly (readonly [string, (cost: SourceCost) => string])[] = [
  ['workload', ({ workload }) => workload],
  ['source', ({ source }) => source],
  ['tables peak', ({ tablesPeak }) => String(tablesPeak)],
  ['end', ({ tablesEnd }) => String(tablesEnd)],
  ['KiB peak', ({ bytesPeak }) => kib(bytesPeak)],
  ['end', ({ bytesEnd }) => kib(bytesEnd)],
  ['KiB wasted', ({ bytesWasted }) => kib(bytesWasted)],
  [
    'pages by zone',
    ({ pagesByZone }) =>
      Object.entries(pagesByZone)
        .map(([zone, pages]) => `${zone} ${pages}`)
        .join(' ') || '-',
  ],
  ['failed', ({ failed }) => String(failed)],
  ['ms', ({ milliseconds }) => milliseconds.toFixed(1)],
];

/** Columns 0, 1 and 7 are text. */
const isText = (i: number): boolean => i < 2 || i === 7;

/** The costs as a table of text, numbers to the right. */
export function printCosts(costs: readonly SourceCost[]): string {
  const rows = [
    COLUMNS.map(([title]) => title),
    ...costs.map((cost) => COLUMNS.map(([, cell]) => cell(cost))),
  ];
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (isText(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
