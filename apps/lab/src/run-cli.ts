import { OptionError } from '@mm/printk';
import { Command, CommanderError } from 'commander';

import { addImageCommand } from './image-command.js';
import { addL2TablesCommand } from './l2-tables-command.js';

const HELP = `
Exit codes: 0 done, 2 wrong use or broken input.

Examples:
  mm-lab l2-tables                            every source of tables under every workload
  mm-lab l2-tables --trace report.txt.gz      under a recorded workload
  mm-lab image --ram 512M tables.json         the tables of random mappings, for a real MMU to walk`;

/**
 * Runs `mm-lab` with the arguments after its name, and returns the exit code: 2 with a line that says what is wrong
 * for wrong use and broken input.
 *
 * @example
 * process.exitCode = runCli(['l2-tables', '--json']);
 */
export function runCli(args: readonly string[]): number {
  const root = new Command('mm-lab')
    .description('Experiments with simulated Linux memory management.')
    .addHelpText('after', HELP)
    .showHelpAfterError('(mm-lab --help shows what there is)')
    .exitOverride();
  addImageCommand(root);
  addL2TablesCommand(root);
  for (const command of root.commands) {
    command.exitOverride().showHelpAfterError(`(mm-lab ${command.name()} --help shows what there is)`);
  }
  try {
    root.parse(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof OptionError)) throw error;
    console.error(`mm-lab: ${error.message}`);
    return 2;
  }
  return 0;
}
