import { expectArray, expectOptions, expected } from '../expected.js';

/** How {@link shrinkOperations} looks, and how long. */
export interface ShrinkOperationsOptions<Op> {
  /** Programs to try at most. Default 2000. */
  readonly triesMax?: number;
  /**
   * Simpler operations to put in place of one, the simplest first; none that is as simple as `failed`, which has been tried
   * and did not show the failure. Default: none. See {@link simplerIntegers}.
   */
  readonly simpler?: (operation: Op, failed: Op | undefined) => Iterable<Op>;
}

/** A program that still fails, and what it took to find it. */
export interface ShrunkOperations<Op> {
  readonly operations: readonly Op[];
  readonly tries: number;
}

/**
 * Leaves out operations, first in long stretches, then one by one, and then makes those that are left simpler, for as
 * long as the program fails. No operation of what it returns can be left out alone, unless `triesMax` was reached.
 *
 * @param fails whether a program still shows the failure.
 * @throws RangeError for another kind of argument.
 * @example
 * shrinkOperations([3, 1, 4, 1, 5], (program) => program.includes(4)).operations; // [4]
 */
export function shrinkOperations<Op>(
  operations: readonly Op[],
  fails: (operations: readonly Op[]) => boolean,
  options: ShrinkOperationsOptions<Op> = {},
): ShrunkOperations<Op> {
  expectArray('operations', operations);
  if (typeof fails !== 'function') throw expected('fails', 'a function', fails);
  expectOptions(options, { triesMax: 'count', simpler: 'function' });
  const { triesMax = 2000, simpler } = options;
  let best = operations;
  let tries = 0;
  const improves = (candidate: readonly Op[]): boolean => {
    if (tries >= triesMax) return false;
    tries++;
    if (!fails(candidate)) return false;
    best = candidate;
    return true;
  };
  shorten(() => best, improves);
  if (simpler !== undefined)
    for (let at = 0; at < best.length; at++) simplify(() => best, at, simpler, improves);
  return { operations: best, tries };
}

/**
 * Stretches from the end on, since what comes after the failure goes first; half as long each time. A round of single
 * operations in which none could be left out is the last.
 */
function shorten<Op>(best: () => readonly Op[], improves: (candidate: readonly Op[]) => boolean): void {
  for (let size = best().length; size >= 1;) {
    let shortened = false;
    for (let at = best().length - size; at > -size; at -= size) {
      const from = Math.max(0, at);
      const program = best();
      if (improves([...program.slice(0, from), ...program.slice(at + size)])) shortened = true;
    }
    if (size > 1 || !shortened) size >>= 1;
  }
}

/** Takes the first simpler operation that still fails, again and again. */
function simplify<Op>(
  best: () => readonly Op[],
  at: number,
  simpler: (operation: Op, failed: Op | undefined) => Iterable<Op>,
  improves: (candidate: readonly Op[]) => boolean,
): void {
  let failed: Op | undefined;
  for (let again = true; again;) {
    again = false;
    const candidates = simpler(best()[at]!, failed) as Iterable<Op> | undefined;
    if (typeof candidates?.[Symbol.iterator] !== 'function')
      throw expected('simpler()', 'operations to try', candidates);
    for (const candidate of candidates) {
      if (improves(best().with(at, candidate))) {
        again = true;
        break;
      }
      failed = candidate;
    }
  }
}

/**
 * Integers to try in place of `value`, for `simpler`: the smallest, then nearer and nearer to `value` by halves.
 *
 * @param failed where it is known that this does not show the failure: only what lies between it and `value`.
 * @throws RangeError for what is no integer.
 * @example
 * [...simplerIntegers(100, 8)]; // [8, 54, 77, 89, 95, 98, 99]
 */
export function* simplerIntegers(
  value: number,
  smallest = 0,
  failed?: number,
): Generator<number, void, undefined> {
  for (const [field, given] of Object.entries({ value, smallest, failed }))
    if (!(given === undefined && field === 'failed') && !Number.isSafeInteger(given))
      throw expected(field, 'an integer', given);
  const first = failed === undefined ? value - smallest : Math.floor((value - failed) / 2);
  for (let distance = first; distance > 0; distance = Math.floor(distance / 2)) yield value - distance;
}
