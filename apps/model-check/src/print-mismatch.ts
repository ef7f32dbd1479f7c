import type { Mismatch } from '@mm/golden';

/** A wider value goes on on the next line. */
const COLUMN_CHARS_MAX = 50;
/** What is longer is cut: the path says where to look. */
const LINES_MAX = 16;

function wrapped(value: unknown): string[] {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  const lines = text.match(new RegExp(`.{1,${COLUMN_CHARS_MAX}}`, 'gu')) ?? [''];
  if (lines.length <= LINES_MAX) return lines;
  return [...lines.slice(0, LINES_MAX - 1), `... ${text.length} characters`];
}

/** A mismatch in two columns: what Linux did, and what happened here. Lines that differ are marked. */
export function formatMismatch(file: string, index: number, mismatch: Mismatch): string {
  const linux = wrapped(mismatch.expected);
  const here = wrapped(mismatch.actual);
  const width = Math.max(5, ...linux.map((line) => line.length));
  const rows = Array.from({ length: Math.max(linux.length, here.length) }, (_, i) => {
    const [left = '', right = ''] = [linux[i], here[i]];
    return `${left === right ? ' ' : '!'} ${left.padEnd(width)} | ${right}`.trimEnd();
  });
  return [`${file} case ${index}: ${mismatch.path}`, `  ${'Linux'.padEnd(width)} | here`, ...rows].join('\n');
}
