import Table from 'cli-table3';

import type { TreeDiff } from './diff-trees.js';

/** A wider value is cut: the path says where to look. */
const COLUMN_CHARS_MAX = 60;

const cell = (value: string | null): string => {
  if (value === null) return '(not there)';
  const text = value === '' ? '(empty)' : value;
  return text.length > COLUMN_CHARS_MAX ? `${text.slice(0, COLUMN_CHARS_MAX - 1)}…` : text;
};

/** What differs between two trees, side by side, and a line that counts. */
export function printDiff(
  { differences, compared, unreadable }: TreeDiff,
  names: readonly [string, string],
): string {
  const parts: string[] = [];
  if (differences.length > 0) {
    const table = new Table({ head: ['path', ...names], style: { head: [], border: [], compact: true } });
    for (const { path, a, b } of differences) table.push([path, cell(a), cell(b)]);
    parts.push(table.toString());
  }
  const shown = unreadable.slice(0, 5).join(', ');
  if (unreadable.length > 0)
    parts.push(
      `cannot be read in either: ${unreadable.length} (${shown}${unreadable.length > 5 ? ', ...' : ''})`,
    );
  parts.push(`${compared} compared, ${differences.length} differ`);
  return parts.join('\n');
}
