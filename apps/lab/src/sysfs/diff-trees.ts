import { lstatSync, readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { OptionError } from '@mm/printk';

/** A file, link or line that the two trees do not have alike; null where one does not have it. */
export interface TreeDifference {
  /** The path below the trees; for a line of a longer text, with `:` and the line's first word or number behind it. */
  readonly path: string;
  readonly a: string | null;
  readonly b: string | null;
}

/** What a comparison found. */
export interface TreeDiff {
  readonly differences: readonly TreeDifference[];
  /** Files, links and directories looked at. */
  readonly compared: number;
  /** Paths that cannot be read in either tree, so that nothing is known of them. */
  readonly unreadable: readonly string[];
}

/** Where the files of slab caches are below the root of a tree. */
const SLAB = 'sys/kernel/slab';

/** What stands at a path. Unlike a file, what cannot be read is shown by its error. */
type Entry =
  | { readonly kind: 'directory'; readonly names: readonly string[] }
  | { readonly kind: 'file'; readonly text: string }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'error'; readonly code: string };

/**
 * Compares two trees: exports, copies of real machines' trees, or /sys/kernel/slab itself. Where one is a whole tree and the
 * other a /sys/kernel/slab, that part of the first is compared. Links are compared by what they point to.
 *
 * @throws OptionError for what is no directory.
 * @example
 * diffTrees('out', '/sys/kernel/slab').differences.length;
 */
export function diffTrees(a: string, b: string): TreeDiff {
  checkDirectory('A', a);
  checkDirectory('B', b);
  const [rootA, rootB] = sameLevel(a, b);
  const differences: TreeDifference[] = [];
  const unreadable: string[] = [];
  let compared = 0;
  const compare = (path: string): void => {
    const [left, right] = [entryAt(join(rootA, path)), entryAt(join(rootB, path))];
    compared++;
    if (left?.kind === 'directory' && right?.kind === 'directory') {
      for (const name of [...new Set([...left.names, ...right.names])].sort())
        compare(path === '' ? name : `${path}/${name}`);
    } else if (left?.kind === 'file' && right?.kind === 'file') {
      differences.push(...diffTexts(path, left.text, right.text));
    } else if (left?.kind === 'error' && right?.kind === 'error') unreadable.push(path);
    else if (shown(left) !== shown(right)) differences.push({ path, a: shown(left), b: shown(right) });
  };
  compare('');
  return { differences, compared, unreadable };
}

function checkDirectory(which: string, path: string): void {
  try {
    if (statSync(path).isDirectory()) return;
  } catch (error) {
    throw new OptionError(which, 'a directory', `${path} (${(error as NodeJS.ErrnoException).code})`);
  }
  throw new OptionError(which, 'a directory', path);
}

function sameLevel(a: string, b: string): readonly [string, string] {
  const hasSlab = (root: string): boolean => entryAt(join(root, SLAB))?.kind === 'directory';
  const [wholeA, wholeB] = [hasSlab(a), hasSlab(b)];
  if (wholeA === wholeB) return [a, b];
  return wholeA ? [join(a, SLAB), b] : [a, join(b, SLAB)];
}

/** Longer ones are no files of sysfs or proc. */
const BYTES_MAX = 2 ** 24;

function entryAt(path: string): Entry | null {
  try {
    const stats = lstatSync(path);
    if (stats.isSymbolicLink()) return { kind: 'link', target: readlinkSync(path) };
    if (stats.isDirectory())
      return { kind: 'directory', names: readdirSync(path).filter((name) => !name.startsWith('.')) };
    if (!stats.isFile()) return { kind: 'error', code: 'no file' };
    if (stats.size > BYTES_MAX) return { kind: 'error', code: `longer than ${BYTES_MAX} bytes` };
    return { kind: 'file', text: readFileSync(path, 'utf8') };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === undefined) throw error;
    return { kind: 'error', code };
  }
}

function shown(entry: Entry | null): string | null {
  if (entry === null) return null;
  if (entry.kind === 'link') return `-> ${entry.target}`;
  if (entry.kind === 'error') return `cannot be read: ${entry.code}`;
  return entry.kind === 'directory' ? `directory of ${entry.names.length}` : entry.text.trimEnd();
}

/** Lines that differ. Lines go together by their first words where those are all different, else by their numbers. */
function diffTexts(path: string, a: string, b: string): TreeDifference[] {
  if (a === b) return [];
  const [left, right] = [linesOf(a), linesOf(b)];
  if (left.length <= 1 && right.length <= 1) return [{ path, a: a.trimEnd(), b: b.trimEnd() }];
  const byWord = areDistinct(left.map(firstWord)) && areDistinct(right.map(firstWord));
  const keyed = (lines: readonly string[]): Map<string, string> =>
    new Map(lines.map((line, i) => [byWord ? firstWord(line) : `${i + 1}`, line]));
  const [byA, byB] = [keyed(left), keyed(right)];
  return [...new Set([...byA.keys(), ...byB.keys()])].flatMap((key) => {
    const [lineA, lineB] = [byA.get(key) ?? null, byB.get(key) ?? null];
    return lineA === lineB ? [] : [{ path: `${path}:${key}`, a: lineA, b: lineB }];
  });
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.trimEnd().split('\n'));
const firstWord = (line: string): string => /\S+/u.exec(line)?.[0].replace(/:$/u, '') ?? '';
const areDistinct = (words: readonly string[]): boolean => new Set(words).size === words.length;
