import { OptionError } from '@mm/printk';
import { Command, CommanderError } from 'commander';

import { addImageCommand } from './image-command.js';
import { addL2TablesCommand } from './l2-tables-command.js';
import { addSysfsCommand } from './sysfs-command.js';

const HELP = `
Exit codes: 0 done, 1 trees differ, 2 wrong use or broken input.

Examples:
  mm-lab l2-tables                            every source of tables under every workload
  mm-lab l2-tables --trace report.txt.gz      under a recorded workload
  mm-lab image --ram 512M tables.json         the tables of random mappings, for a real MMU to walk
  mm-lab sysfs export out --scenario mixed    /sys and /proc of a machine as files, for slabtop and slabinfo
  mm-lab sysfs diff out /sys/kernel/slab      what differs from a real machine`;

/**
 * Runs `mm-lab` with the arguments after its name, and returns the exit code: 1 when two trees differ, 2 with a line that
 * says what is wrong for wrong use and broken input.
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
  let code = 0;
  addImageCommand(root);
  addL2TablesCommand(root);
  addSysfsCommand(root, (answer) => (code = answer));
  for (const command of root.commands) {
    explainErrors(command, `mm-lab ${command.name()}`);
    for (const inner of command.commands) explainErrors(inner, `mm-lab ${command.name()} ${inner.name()}`);
  }
  try {
    root.parse(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof OptionError)) throw error;
    console.error(`mm-lab: ${asOption(error).message}`);
    return 2;
  }
  return code;
}

/** Options of a machine under the names that the command line has for them. */
const FLAGS: Readonly<Record<string, string>> = {
  ramBytes: '--ram',
  preset: '--preset',
  series: '--series',
  slab: '--slab',
  cmdline: '--cmdline',
};

function asOption(error: OptionError): OptionError {
  const flag = Object.hasOwn(FLAGS, error.field) ? FLAGS[error.field] : undefined;
  return flag === undefined ? error : new OptionError(flag, error.expected, error.value);
}

function explainErrors(command: Command, name: string): void {
  command.exitOverride().showHelpAfterError(`(${name} --help shows what there is)`);
}
