import { Random } from '@mm/interleave';

import type { Op, Subsystem } from '../subsystem.js';

/** What is counted of each command, over runs. */
export interface CommandCount {
  readonly name: string;
  /** Times it was its turn. */
  chosen: number;
  /** Times it could be done, and was. */
  ran: number;
}

/** Sums over runs. */
export interface Counts {
  runs: number;
  commands: number;
  /** Steps made, in interleaved runs. */
  transitions: number;
  /** Invariants looked at. */
  checks: number;
  readonly byCommand: readonly CommandCount[];
}

/**
 * Counts for a subsystem, all zero.
 * @example
 * newCounts(buddySubsystem).runs; // 0
 */
export function newCounts<W>(subsystem: Subsystem<W>): Counts {
  const byCommand = subsystem.commands.map(({ name }) => ({ name, chosen: 0, ran: 0 }));
  return { runs: 0, commands: 0, transitions: 0, checks: 0, byCommand };
}

/**
 * Adds what another run, or another process, has counted.
 * @example
 * addCounts(total, counts);
 */
export function addCounts(into: Counts, from: Counts): void {
  into.runs += from.runs;
  into.commands += from.commands;
  into.transitions += from.transitions;
  into.checks += from.checks;
  for (const [i, { chosen, ran }] of from.byCommand.entries()) {
    into.byCommand[i]!.chosen += chosen;
    into.byCommand[i]!.ran += ran;
  }
}

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
