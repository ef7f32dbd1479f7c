import { writeFileSync } from 'node:fs';

import { OptionError } from '@mm/printk';

/** A whole number from the command line. @throws OptionError naming the option. */
export function wholeNumber(option: string, text: string, low: number, high: number): number {
  const value = /^\d{1,15}$/u.test(text) ? Number(text) : Number.NaN;
  if (!(value >= low && value <= high))
    throw new OptionError(option, `a whole number in ${low}..${high}`, text);
  return value;
}

/** Writes a file. @throws OptionError naming it when that fails. */
export function writeOutput(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new OptionError('file', 'a file that can be written', `${file} (${(error as Error).message})`);
  }
}

/** xorshift: the same numbers for the same seed. Returns integers below `below`. */
export function randomFrom(seed: number): (below: number) => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
