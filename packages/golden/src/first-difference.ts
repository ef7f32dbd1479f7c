import { checkText } from '@mm/printk';

import type { Mismatch } from './mismatch.js';

/**
 * The first place where two JSON values differ, or null. Keys that only `actual` has are not looked at:
 * a recording says what it knows.
 * @throws OptionError when `path` is no text.
 * @example
 * firstDifference('case', { free: [1, 2] }, { free: [1, 3] })?.path; // case.free[1]
 */
export function firstDifference(path: string, expected: unknown, actual: unknown): Mismatch | null {
  checkText('path', path);
  if (Object.is(expected, actual)) return null;
  if (typeof expected !== 'object' || typeof actual !== 'object' || expected === null || actual === null)
    return { path, expected, actual };
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return { path, expected, actual };
    for (const [i, value] of expected.entries()) {
      const found = firstDifference(`${path}[${i}]`, value, actual[i]);
      if (found !== null) return found;
    }
    return null;
  }
  for (const [key, value] of Object.entries(expected)) {
    const found = firstDifference(
      path === '' ? key : `${path}.${key}`,
      value,
      (actual as Record<string, unknown>)[key],
    );
    if (found !== null) return found;
  }
  return null;
}
