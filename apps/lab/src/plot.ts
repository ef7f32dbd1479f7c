import type { SourceCost } from './compare-sources.js';

const COLOURS = ['#4477aa', '#ee6677', '#228833', '#ccbb44', '#66ccee', '#aa3377'];
const TITLE = 'Memory held for level 2 tables at the peak, logarithmic from 4 KiB';
const ROW = 18;
const WIDTH = 520;

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/**
 * Bars of the bytes held at the peak, a group for each workload, as one SVG file that needs nothing else.
 * The scale is logarithmic, from 4 KiB up: the worst case is a thousand times the best.
 */
export function plotCosts(costs: readonly SourceCost[]): string {
  const sources = [...new Set(costs.map(({ source }) => source))];
  const workloads = [...new Set(costs.map(({ workload }) => workload))];
  const most = Math.max(8192, ...costs.map(({ bytesPeak }) => bytesPeak));
  const length = (bytes: number): number =>
    bytes <= 4096 ? 1 : (Math.log2(bytes / 4096) / Math.log2(most / 4096)) * WIDTH;
  // A name takes about 7 units a letter, and the bars begin behind the longest.
  const left = 24 + 7 * Math.max(...workloads.map((name) => name.length));
  const parts: string[] = [];
  let y = 66;
  for (const workload of workloads) {
    parts.push(`<text x="${left - 8}" y="${y + ROW - 5}" text-anchor="end">${escape(workload)}</text>`);
    for (const cost of costs.filter((one) => one.workload === workload)) {
      const colour = COLOURS[sources.indexOf(cost.source) % COLOURS.length]!;
      const wide = length(cost.bytesPeak).toFixed(1);
      parts.push(
        `<rect x="${left}" y="${y}" width="${wide}" height="${ROW - 4}" fill="${colour}"/>`,
        `<text x="${(left + Number(wide) + 5).toFixed(1)}" y="${y + ROW - 6}">${cost.bytesPeak / 1024} KiB</text>`,
      );
      y += ROW;
    }
    y += 10;
  }
  const legend = sources.map(
    (source, i) =>
      `<rect x="${left + i * 110}" y="36" width="12" height="12" fill="${COLOURS[i % COLOURS.length]}"/>` +
      `<text x="${left + i * 110 + 17}" y="46">${escape(source)}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + WIDTH + 110}" height="${y + 10}" font-family="sans-serif" font-size="12">`,
    `<title>${TITLE}</title>`,
    `<rect width="100%" height="100%" fill="white"/>`,
    `<text x="${left}" y="20" font-size="14">${TITLE}</text>`,
    ...legend,
    ...parts,
    '</svg>\n',
  ].join('\n');
}
