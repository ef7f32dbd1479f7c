import { choiceOf } from '@mm/interleave';
import { checkObject } from '@mm/printk';
import { Context } from '@mm/steps';

import type { Op, Subsystem, WorldOptions } from '../subsystem.js';
import { checkCounts, checkRun } from './check-arguments.js';
import { type Counts, countAnswer, countBegun } from './counts.js';
import { type Failure, failureOf } from './failure.js';
import type { RunExtras } from './run-watch.js';

/** Commands between two looks at whole structures. */
export const WHOLE_EVERY = 512;

/**
 * Runs a program one command after the other at full speed: the model and local invariants after each command, whole
 * structures at intervals and at the end.
 *
 * @returns null when all held.
 * @example
 * const program = randomProgram(buddySubsystem, 1, 1000, 2);
 * runSequence(buddySubsystem, { cpus: 2 }, program, newCounts(buddySubsystem));
 */
export function runSequence<W>(
  subsystem: Subsystem<W>,
  options: WorldOptions,
  program: readonly Op[],
  counts: Counts,
  extras: RunExtras<W> = {},
): Failure | null {
  checkRun(subsystem, options, program);
  checkCounts('counts', counts, subsystem.commands.length);
  checkObject('extras', extras, 'an object');
  const { careful = false, watch, worlds, onTurn } = extras;
  const { commands, invariants } = subsystem;
  const contexts = Array.from({ length: options.cpus ?? 1 }, (_, cpu) => new Context(cpu));
  const local = invariants.local.length;
  let at = 0;
  let shown = 0;
  counts.runs++;
  try {
    const world = worlds?.take(options) ?? subsystem.setup(options);
    const whole = (): void => {
      subsystem.checkWhole(world);
      counts.checks += invariants.whole.length;
    };
    watch?.begin(world, undefined);
    for (const op of program) {
      at++;
      const command = commands[op.command]!;
      const count = counts.byCommand[op.command]!;
      count.chosen++;
      if (!command.enabled(world)) {
        watch?.ended(at - 1, undefined, false);
        shown = at;
        continue;
      }
      countBegun(count);
      counts.commands++;
      onTurn?.(at - 1);
      const answer = command.run(world, contexts[op.cpu]!, op);
      countAnswer(count, answer);
      watch?.ended(at - 1, answer, true);
      watch?.step(choiceOf(at - 1, op.cpu), undefined);
      shown = at;
      subsystem.checkLocal(world, 0);
      counts.checks += local;
      if (careful || at % WHOLE_EVERY === 0) whole();
    }
    whole();
    worlds?.giveBack(world);
    return null;
  } catch (error) {
    // A command that throws is no less to be seen.
    if (shown < at && at > 0) watch?.step(choiceOf(at - 1, program[at - 1]!.cpu), undefined);
    return failureOf(error, at);
  }
}
