import { OptionError } from './option-error.js';

/**
 * An integer of a range, as it came.
 *
 * @throws OptionError naming `field` for anything else.
 * @example
 * checkInteger('cpus', 4, 1, 256); // 4
 */
export function checkInteger(field: string, value: number, least: number, most: number): number {
  // Not a number compares as false, so that text and bigints stop at the first look.
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
    throw new OptionError(field, `an integer of ${least} to ${most}`, value);
  return value;
}

/**
 * Flags of 32 bits as a number, signed as `|` leaves them or unsigned.
 *
 * @throws OptionError naming `field` for anything else.
 * @example
 * checkFlags('gfp', 0xcc0); // 0xcc0
 */
export function checkFlags(field: string, value: number): number {
  if (typeof value !== 'number' || ((value | 0) !== value && value >>> 0 !== value))
    throw new OptionError(field, 'flags, an integer of 32 bits', value);
  return value;
}

/**
 * Text, as it came.
 *
 * @throws OptionError naming `field` for anything else.
 * @example
 * checkText('cmdline', 'slub_nomerge'); // 'slub_nomerge'
 */
export function checkText(field: string, value: string): string {
  if (typeof value !== 'string') throw new OptionError(field, 'text', value);
  return value;
}

/**
 * True or false, as it came.
 *
 * @throws OptionError naming `field` for anything else.
 * @example
 * checkBoolean('strict', true); // true
 */
export function checkBoolean(field: string, value: boolean): boolean {
  if (typeof value !== 'boolean') throw new OptionError(field, 'true or false', value);
  return value;
}

/**
 * A function, as it came.
 *
 * @throws OptionError naming `field` for anything else.
 * @example
 * checkFunction('visit', (chunk: unknown) => chunk);
 */
export function checkFunction<T>(field: string, value: T): T {
  if (typeof value !== 'function') throw new OptionError(field, 'a function', value);
  return value;
}

/**
 * An array, as it came.
 *
 * @throws OptionError naming `field` for anything else.
 * @example
 * checkArray('ranges', [{ start: 0, end: 4096 }], 'ranges of RAM');
 */
export function checkArray<T>(field: string, value: readonly T[], of: string): readonly T[] {
  if (!Array.isArray(value)) throw new OptionError(field, `an array of ${of}`, value);
  return value;
}

/**
 * An object that is no array, as it came.
 *
 * @param what what is expected, such as `an object with start and end`.
 * @throws OptionError naming `field` for anything else.
 * @example
 * checkObject('range', { start: 0, end: 4096 }, 'an object with start and end');
 */
export function checkObject<T>(field: string, value: T, what: string): T & object {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new OptionError(field, what, value);
  return value;
}

/**
 * An object of a class, as it came.
 *
 * @throws OptionError naming `field` for anything else.
 * @example
 * checkInstance('log', new KernelLog(), KernelLog);
 */
export function checkInstance<T>(field: string, value: T, type: abstract new (...args: never) => T): T {
  if (!(value instanceof type)) throw new OptionError(field, `an object of class ${type.name}`, value);
  return value;
}
