import { randomProgram, subsystemOf, worldOf } from '@mm/model';
import { OptionError } from '@mm/printk';

import type { Broken, RunOptions } from './run-job.js';

/** What a program breaks that has no end. */
export const EVERY_COMMAND_ENDS = 'every command ends';

/** While the command is looked for, a program that takes longer has no end: those here take milliseconds. */
const SEARCH_LIMIT_MS = 5000;

/** Whether a run of a system with these options ends in time. */
type Ends = (options: RunOptions, limitMs: number) => Promise<boolean>;

/**
 * Which of some runs has no end, and at which command.
 *
 * @param runs of the unit that did not end, each by its seed.
 * @throws OptionError where each ends by itself: they were only slow.
 */
export async function stalledRun(
  options: RunOptions,
  system: string,
  runs: ReadonlyArray<{ readonly seed: number; readonly mode: Broken['mode'] }>,
  limitMs: number,
  ends: Ends,
): Promise<Broken> {
  for (const { seed, mode } of runs) {
    const one: RunOptions = { ...options, systems: [system], seed, runs: 1, mode };
    // oxlint-disable-next-line no-await-in-loop -- one after the other: a thread that is in a loop takes a core
    if (await ends(one, limitMs)) continue;
    const where =
      mode === 'sequence'
        ? await commandWithoutEnd(one, system, Math.min(limitMs, SEARCH_LIMIT_MS), ends)
        : '';
    const message = `${EVERY_COMMAND_ENDS}: no end within ${limitMs / 1000} s${where}`;
    return { system, seed, mode, invariant: EVERY_COMMAND_ENDS, message };
  }
  throw new OptionError('--stall', `more time than runs of ${system} take here`, `${limitMs} ms`);
}

/** The first command after which a sequence has no end, in words: by halving how many commands are run. */
async function commandWithoutEnd(
  one: RunOptions,
  system: string,
  limitMs: number,
  ends: Ends,
): Promise<string> {
  let [ended, endless] = [0, one.commands];
  while (endless - ended > 1) {
    const middle = (ended + endless) >> 1;
    if (await ends({ ...one, commands: middle }, limitMs)) ended = middle;
    else endless = middle;
  }
  const subsystem = subsystemOf(system);
  const op = randomProgram(subsystem, one.seed, endless, one.world.cpus ?? 1)[endless - 1]!;
  const words = subsystem.commands[op.command]!.describe(op, worldOf(subsystem, one.world, one.seed));
  return `, in #${endless - 1} CPU ${op.cpu}  ${words}`;
}
