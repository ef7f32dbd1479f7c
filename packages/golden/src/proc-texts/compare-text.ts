import type { Mismatch } from '../mismatch.js';
import type { Undetermined } from './undetermined.js';

/** The name that a line begins with, or an empty text. */
const nameOf = (line: string): string => /^\s*([\w()]+):?(?=\s|$)/u.exec(line)?.[1] ?? '';

/** What is compared of a text: numbers of fields that are not determined give way to a sign, absent lines are left out. */
function comparable(text: string, undetermined: readonly Undetermined[]): string[] {
  const masked = new Set(undetermined.filter(({ absent }) => !absent).flatMap(({ fields }) => fields));
  const absent = new Set(undetermined.filter((one) => one.absent).flatMap(({ fields }) => fields));
  return text
    .split('\n')
    .filter((line) => !absent.has(nameOf(line)))
    .map((line) => (masked.has(nameOf(line)) ? line.replace(/ +\d+(?= kB$|$)/u, ' #') : line));
}

/** The first line in which two texts differ, fields aside that a machine's state does not determine. */
export function compareText(
  path: string,
  expected: string,
  actual: string,
  undetermined: readonly Undetermined[] = [],
): Mismatch | null {
  const [wanted, got] = [comparable(expected, undetermined), comparable(actual, undetermined)];
  for (let line = 0; line < Math.max(wanted.length, got.length); line++)
    if (wanted[line] !== got[line])
      return {
        path: `${path} line ${line + 1}`,
        expected: wanted[line] ?? 'no line',
        actual: got[line] ?? 'no line',
      };
  return null;
}
