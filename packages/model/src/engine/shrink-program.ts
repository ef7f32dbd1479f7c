import { checkArray, checkFunction, checkInteger, checkObject } from '@mm/printk';

import type { Op } from '../subsystem.js';

/**
 * Looks for a shorter program that still fails: whole stretches are left out, then single commands, then arguments and
 * CPUs are made small. Deterministic.
 *
 * @param fails whether a program still shows the failure.
 * @param triesMax programs to try at most.
 * @returns a program that fails, at most as long as the one given.
 * @example
 * shrinkProgram(program, (shorter) => fails(shorter));
 */
export function shrinkProgram(
  program: readonly Op[],
  fails: (program: readonly Op[]) => boolean,
  triesMax = 2000,
): readonly Op[] {
  checkArray('program', program, 'operations');
  for (const [i, op] of program.entries()) checkObject(`program[${i}]`, op, 'an operation');
  checkFunction('fails', fails);
  checkInteger('triesMax', triesMax, 0, Number.MAX_SAFE_INTEGER);
  let best = program;
  let tries = 0;
  const improves = (candidate: readonly Op[]): boolean => {
    if (tries++ >= triesMax || !fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let size = best.length >> 1; size >= 1 && tries < triesMax;) {
    let shortened = false;
    for (let at = best.length - size; at >= 0 && tries < triesMax; at -= size)
      if (improves([...best.slice(0, at), ...best.slice(at + size)])) shortened = true;
    // Single commands are tried again until none can go.
    if (size > 1 || !shortened) size >>= 1;
  }
  for (let at = 0; at < best.length && tries < triesMax; at++)
    for (const field of ['cpu', 'a', 'b'] as const)
      for (const value of [0, 1])
        if (best[at]![field] > value && improves(best.with(at, { ...best[at]!, [field]: value }))) break;
  return best;
}
