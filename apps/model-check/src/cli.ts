import { OptionError } from '@mm/printk';
import { Command, CommanderError } from 'commander';

import { addConformCommand } from './conform-command.js';
import { ExitCode } from './exit-code.js';

const HELP = `
Exit codes: 0 holds, 1 counterexample or mismatch, 2 wrong use or broken input, 130 interrupted.

Examples:
  mm-check conform golden/mm/zones.json   compare with what a real kernel did`;

function program(): Command {
  const root = new Command('mm-check')
    .description('Checks simulated Linux memory management against reference models and real kernels.')
    .addHelpText('after', HELP)
    .showHelpAfterError('(mm-check --help shows what there is)')
    .exitOverride();
  addConformCommand(root);
  for (const command of root.commands) command.exitOverride();
  return root;
}

/** Errors of use and of input end in 2 with one line; anything else is a fault of ours and keeps its stack. */
async function main(): Promise<void> {
  try {
    await program().parseAsync(process.argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? ExitCode.holds : ExitCode.wrongUse;
      return;
    }
    if (!(error instanceof OptionError)) throw error;
    console.error(`mm-check: ${error.message}`);
    process.exitCode = ExitCode.wrongUse;
  }
}

await main();
