/** A wrong argument, in the words of the other packages: the field, what was expected, what came. */
export function expected(field: string, what: string, value: unknown): RangeError {
  return new RangeError(`${field}: expected ${what}, got ${inWords(value)}`);
}

/** A value in a few words, whatever it is. */
export function inWords(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** @throws RangeError unless `value` is an integer in range. */
export function expectInteger(
  field: string,
  value: unknown,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return;
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  throw expected(field, `an integer ${range}`, value);
}

/** @throws RangeError unless `value` is an object and no array. */
export function expectObject(field: string, value: unknown): asserts value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw expected(field, 'an object', value);
}

/** @throws RangeError unless `value` is an array. */
export function expectArray(field: string, value: unknown): asserts value is readonly unknown[] {
  if (!Array.isArray(value)) throw expected(field, 'an array', value);
}

/** What some fields of an object must be, where they are there at all. */
export type FieldKinds = Readonly<Record<string, keyof typeof IN_WORDS>>;

const IN_WORDS = {
  function: 'a function',
  boolean: 'true or false',
  string: 'a text',
  number: 'a number',
  count: 'an integer from 0',
  array: 'an array',
} as const;

/** Options: an object, whose fields are of these kinds or not there. @throws RangeError that names the field. */
export function expectOptions(options: unknown, kinds: FieldKinds, name = 'options'): void {
  expectObject(name, options);
  for (const [field, kind] of Object.entries(kinds)) {
    const value = options[field];
    if (value === undefined) continue;
    const fits =
      kind === 'count'
        ? Number.isSafeInteger(value) && (value as number) >= 0
        : kind === 'array'
          ? Array.isArray(value)
          : typeof value === kind;
    if (!fits) throw expected(field, IN_WORDS[kind], value);
  }
}
