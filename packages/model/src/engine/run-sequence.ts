import { Context } from '@mm/steps';

import type { Op, Subsystem, WorldOptions } from '../subsystem.js';
import type { Counts } from './program.js';

/** Commands between two looks at whole structures. */
export const WHOLE_EVERY = 512;

/** Where and how a run failed. */
export interface Failure {
  readonly error: Error;
  /** Commands done before, the failing one included. */
  readonly commands: number;
}

/**
 * Runs a program one command after the other at full speed: the model after each command, local invariants after each
 * command, whole structures at intervals and at the end.
 *
 * @returns null when all held.
 * @example
 * const program = randomProgram(slubSubsystem, 1, 1000, 3);
 * runSequence(slubSubsystem, { cpus: 3 }, program, newCounts(slubSubsystem)); // null: all held
 */
export function runSequence<W>(
  subsystem: Subsystem<W>,
  options: WorldOptions,
  program: readonly Op[],
  counts: Counts,
): Failure | null {
  const world = subsystem.setup(options);
  const contexts = Array.from({ length: options.cpus ?? 1 }, (_, cpu) => new Context(cpu));
  let at = 0;
  counts.runs++;
  try {
    for (const op of program) {
      at++;
      const command = subsystem.commands[op.command]!;
      const count = counts.byCommand[op.command]!;
      count.chosen++;
      if (!command.enabled(world)) continue;
      count.ran++;
      counts.commands++;
      command.run(world, contexts[op.cpu]!, op);
      subsystem.checkLocal(world);
      counts.checks += subsystem.checks.local;
      if (at % WHOLE_EVERY !== 0) continue;
      subsystem.checkWhole(world);
      counts.checks += subsystem.checks.whole;
    }
    subsystem.checkWhole(world);
    counts.checks += subsystem.checks.whole;
    return null;
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)), commands: at };
  }
}
