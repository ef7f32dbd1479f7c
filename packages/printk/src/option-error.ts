/**
 * A mistake only a caller in TypeScript can make: a bad option, a malformed file. Nothing has
 * changed when it is thrown.
 *
 * @example
 * throw new OptionError('ramBytes', 'a multiple of 4096', 5000);
 * // ramBytes: expected a multiple of 4096, got 5000
 */
export class OptionError extends Error {
  override readonly name = 'OptionError';
  readonly field: string;
  readonly expected: string;
  readonly value: unknown;

  constructor(field: string, expected: string, value: unknown) {
    super(`${field}: expected ${expected}, got ${describe(value)}`);
    this.field = field;
    this.expected = expected;
    this.value = value;
  }
}

/** Longer texts are cut. Names of files are to be seen whole. */
const TEXT_MAX = 200;

function describe(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string')
    return JSON.stringify(value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}…` : value);
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
  if (typeof value === 'function') return 'a function';
  return String(value);
}
