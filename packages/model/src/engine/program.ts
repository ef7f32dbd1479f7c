import { Random } from '@mm/interleave';

import type { Op, Subsystem } from '../subsystem.js';

/**
 * A random program: commands by their weights, arguments and CPUs evenly. The same seed gives the same program.
 *
 * @example
 * randomProgram(buddySubsystem, 42, 1000, 2);
 */
export function randomProgram<W>(subsystem: Subsystem<W>, seed: number, length: number, cpus: number): Op[] {
  const random = new Random(seed);
  const ladder = subsystem.commands.flatMap(({ weight }, command) => Array<number>(weight).fill(command));
  return Array.from({ length }, () => ({
    command: ladder[random.below(ladder.length)]!,
    cpu: random.below(cpus),
    a: random.next() >>> 2,
    b: random.next() >>> 2,
  }));
}
