import { OptionError } from '@mm/printk';
import { Command, CommanderError } from 'commander';

import { addAllCommand } from './all-command.js';
import { versionOfCode } from './commit.js';
import { addConformCommand } from './conform-command.js';
import { ExitCode } from './exit-code.js';
import { addExploreCommand } from './explore-command.js';
import { addMergeCommand } from './merge-command.js';
import { addMutantsCommand } from './mutants-command.js';
import { addReplayCommand } from './replay-command.js';
import { addRunCommand } from './run-command.js';

const HELP = `
Exit codes: 0 holds, 1 counterexample or mismatch, 2 wrong use or broken input, 3 a fault of mm-check, 130 interrupted.

Examples:
  mm-check run --time 30s                 search for a program that breaks an invariant
  mm-check conform golden/mm/zones.json   compare with what a real kernel did`;

/** A command adds itself and says through `exit` how it ended. */
export type AddCommand = (program: Command, exit: (code: ExitCode) => void) => void;

const COMMANDS: readonly AddCommand[] = [
  addRunCommand,
  addExploreCommand,
  addReplayCommand,
  addMergeCommand,
  addConformCommand,
  addMutantsCommand,
  (program, exit) => addAllCommand(program, exit, runCli),
];

/**
 * Runs `mm-check` with the arguments after its name.
 *
 * @returns the exit code. Wrong use and broken input end in 2 with a line that names them; any other error is a
 * fault of ours and is thrown.
 * @example
 * process.exitCode = await runCli(['conform', 'golden/mm/gfp.json']);
 */
export async function runCli(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = ExitCode.holds;
  const root = new Command('mm-check')
    .description('Checks simulated Linux memory management against reference models and real kernels.')
    .option('-V, --version', 'print the version and the state of the code, and end')
    .addHelpText('after', HELP)
    .showHelpAfterError('(mm-check --help shows what there is)')
    .exitOverride();
  // Only when it is asked for: git takes longer than the rest of the start.
  root.on('option:version', () => {
    console.log(`mm-check ${versionOfCode()}`);
    throw new CommanderError(0, 'commander.version', 'the version');
  });
  for (const add of COMMANDS) add(root, (ended) => (code = ended));
  for (const command of root.commands) {
    refuseRepeats(command);
    command.exitOverride().showHelpAfterError(`(mm-check ${command.name()} --help shows what there is)`);
  }
  try {
    refuseUnknownTopic(root, args);
    await root.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.holds : ExitCode.wrongUse;
    if (!(error instanceof OptionError)) throw error;
    console.error(`mm-check: ${error.message}`);
    return ExitCode.wrongUse;
  }
  return code;
}

/** An option with a value that is given twice, or with its contrary: the first would be forgotten without a word. */
function refuseRepeats(command: Command): void {
  const given = new Map<string, string>();
  for (const option of command.options) {
    const [name, long] = [option.attributeName(), option.long!];
    command.on(`option:${option.name()}`, (value: string) => {
      const before = given.get(name);
      if (before === long && option.required) throw new OptionError(long, 'only once', value);
      if (before !== undefined && before !== long) throw new OptionError(long, `no ${before} with it`, true);
      given.set(name, long);
    });
  }
}

/** `mm-check help NAME` of a name that is no command's: help for all of them would not say what is wrong. */
function refuseUnknownTopic(root: Command, [first, topic]: readonly string[]): void {
  const known = ['help', ...root.commands.map((command) => command.name())];
  if (first === 'help' && topic !== undefined && !known.includes(topic))
    root.error(`error: unknown command '${topic}'`);
}
