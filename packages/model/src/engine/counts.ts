import { type Answer, NOTHING_TO_DO, type Subsystem } from '../subsystem.js';
import { checkCounts, checkSubsystem } from './check-arguments.js';

/**
 * What is counted of each command, over runs.
 *
 * chosen >= enabled >= ran >= failed
 */
export interface CommandCount {
  readonly name: string;
  /** Times it was its turn. */
  chosen: number;
  /** Times it could be done. */
  enabled: number;
  /** Times it found something to do, and did it, or was in its middle when the run broke off. */
  ran: number;
  /** Times the answer was no: null, or an errno. */
  failed: number;
}

/** Sums over runs. */
export interface Counts {
  runs: number;
  /** Commands that were enabled. */
  commands: number;
  /** Steps made, in interleaved runs. */
  transitions: number;
  /** Invariants looked at after commands and of whole structures; those that commands look at themselves are not counted. */
  checks: number;
  readonly byCommand: readonly CommandCount[];
}

/**
 * Counts for a subsystem, all zero.
 * @example
 * const counts = newCounts(buddySubsystem);
 */
export function newCounts<W>(subsystem: Subsystem<W>): Counts {
  checkSubsystem(subsystem);
  const byCommand = subsystem.commands.map(({ name }) => ({
    name,
    chosen: 0,
    enabled: 0,
    ran: 0,
    failed: 0,
  }));
  return { runs: 0, commands: 0, transitions: 0, checks: 0, byCommand };
}

/**
 * Adds what another run, or another process, has counted of the same subsystem.
 * @example
 * addCounts(total, counts);
 */
export function addCounts(into: Counts, from: Counts): void {
  checkCounts('into', into);
  checkCounts('from', from, into.byCommand.length);
  into.runs += from.runs;
  into.commands += from.commands;
  into.transitions += from.transitions;
  into.checks += from.checks;
  for (const [i, { chosen, enabled, ran, failed }] of from.byCommand.entries()) {
    const count = into.byCommand[i]!;
    count.chosen += chosen;
    count.enabled += enabled;
    count.ran += ran;
    count.failed += failed;
  }
}

/** Counts a command that begins: one that breaks the run off is not heard of again. */
export function countBegun(count: CommandCount): void {
  count.enabled++;
  count.ran++;
}

/** Counts what a command came to that has begun. */
export function countAnswer(count: CommandCount, answer: Answer): void {
  if (answer === NOTHING_TO_DO) count.ran--;
  else if (answer === null || (typeof answer === 'number' && answer < 0)) count.failed++;
}
