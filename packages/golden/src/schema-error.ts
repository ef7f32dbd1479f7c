import { OptionError } from '@mm/printk';
import type { z } from 'zod';

/** A complaint: where, and what was expected there. */
interface Complaint {
  readonly path: readonly PropertyKey[];
  readonly expected: string;
}

type Issue = z.core.$ZodIssue;

/**
 * A schema's complaint as an error that names file, field, value and what was expected.
 * @example
 * schemaError('gfp.json', parsed.error, value); // gfp.json.format: expected "mm-golden/1", got 3
 */
export function schemaError(name: string, error: z.ZodError, value: unknown): OptionError {
  const { path, expected } = complaintOf(error.issues[0]!);
  const at = path.reduce(
    (inner: unknown, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key],
    value,
  );
  const shown = expected === KNOWN_OPERATION ? JSON.stringify(at) : at;
  return new OptionError([name, ...path.map(String)].join('.'), expected, shown);
}

const KNOWN_OPERATION = 'a known operation with all its arguments';

/** Of a choice of shapes that all fail, the complaint of those that went furthest. */
function complaintOf(issue: Issue): Complaint {
  if (issue.code !== 'invalid_union') return { path: issue.path, expected: expectedBy(issue.message) };
  const branches = issue.errors.map((branch) => complaintOf(branch[0]!));
  const furthest = Math.max(0, ...branches.map(progress));
  const best = branches.filter((branch) => progress(branch) === furthest);
  const names = [...new Set(best.map((branch) => branch.expected))];
  if (
    furthest === 0 &&
    branches.every((branch) => branch.path[0] === 0 || branch.expected.startsWith('array'))
  )
    return { path: issue.path, expected: KNOWN_OPERATION };
  const expected = names.length === 1 ? names[0]! : `one of ${names.join(', ')}`;
  return { path: [...issue.path, ...(best[0]?.path ?? [])], expected };
}

/** How far a shape was followed. Element 0 of an operation is its name, so there it was not followed at all. */
function progress({ path }: Complaint): number {
  const [first] = path;
  return typeof first === 'number' ? first : path.length;
}

const expectedBy = (message: string): string =>
  message
    .replace(/^(Too small|Too big|Invalid input|Invalid option): expected /u, '')
    .replace(/^number to be ([<>]=)/u, 'a number $1 ')
    .replace(/ {2}/gu, ' ')
    .replace(/([<>]=)(?=\d)/u, '$1 ')
    .replace(/, received.*$/u, '');
