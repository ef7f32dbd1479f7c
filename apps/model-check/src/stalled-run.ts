import { randomProgram, subsystemOf, worldOf } from '@mm/model';
import { OptionError } from '@mm/printk';

import type { Stall } from './campaign/job.js';
import type { Broken, RunOptions, RunResult } from './run-job.js';

/** What a program breaks that has no end. */
export const EVERY_COMMAND_ENDS = 'every command ends';

/** A run's time at least, where a thread starts anew for it. */
export const FIRST_RUN_MS = 10_000;

/**
 * Which of some runs has no end, and in which command: each is made again, and says as it goes which command that is.
 *
 * @param runs of the unit that did not end, each by its seed.
 * @throws OptionError where each ends by itself: they were only slow.
 */
export async function stalledRun(
  options: RunOptions,
  system: string,
  runs: ReadonlyArray<{ readonly seed: number; readonly mode: Broken['mode'] }>,
  limitMs: number,
  attempt: Stall<RunOptions, RunResult>['attempt'],
): Promise<Broken> {
  for (const { seed, mode } of runs) {
    const one: RunOptions = { ...options, systems: [system], seed, runs: 1, mode, turns: true };
    // oxlint-disable-next-line no-await-in-loop -- one after the other: a thread that is in a loop takes a core
    const outcome = await attempt(one, limitMs);
    if ('result' in outcome) continue;
    const where = outcome.endlessPart === 0 ? '' : `, in ${commandOf(one, system, outcome.endlessPart - 1)}`;
    const message = `${EVERY_COMMAND_ENDS}: no end within ${limitMs / 1000} s${where}`;
    return { system, seed, mode, invariant: EVERY_COMMAND_ENDS, message };
  }
  throw new OptionError('--stall', `more time than runs of ${system} take here`, `${limitMs} ms`);
}

/** A command of a run in words, as a shown program has it. */
function commandOf({ seed, commands, world }: RunOptions, system: string, index: number): string {
  const subsystem = subsystemOf(system);
  const op = randomProgram(subsystem, seed, commands, world.cpus ?? 1)[index]!;
  const words = subsystem.commands[op.command]!.describe(op, worldOf(subsystem, world, seed));
  return `#${index} CPU ${op.cpu}  ${words}`;
}
