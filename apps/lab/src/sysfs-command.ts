import { type MachineOptions, createMachine } from '@mm/machine';
import { OptionError } from '@mm/printk';
import type { Command } from 'commander';

import { readKmemTrace } from './kmem-trace.js';
import { wholeNumber } from './option-values.js';
import { diffTrees } from './sysfs/diff-trees.js';
import { exportTree } from './sysfs/export-tree.js';
import { printDiff } from './sysfs/print-diff.js';
import { SCENARIOS, replayKmem, scenarioNamed } from './sysfs/scenarios.js';

interface ExportOptions {
  readonly scenario?: string;
  readonly trace?: string;
  readonly preset: string;
  readonly ram: string;
  readonly cpus: string;
  readonly series: string;
  readonly slab: string;
  readonly cmdline: string;
  readonly seed: string;
  readonly force?: true;
}

const TOOLS = `
The tree has the files of the kernel: DIR/sys/kernel/slab, DIR/proc/slabinfo and others. Tools that read fixed paths see it in a
mount namespace, as root:
  unshare -m sh -c 'mount --bind DIR/proc/slabinfo /proc/slabinfo && slabtop -o && vmstat -m'
  unshare -m sh -c 'mount --bind DIR/sys/kernel/slab /sys/kernel/slab && slabinfo -l'

Examples:
  mm-lab sysfs export out
  mm-lab sysfs export out --scenario mixed --cpus 4 --cmdline slub_nomerge
  mm-lab sysfs export out --trace traces/linux-6.1-mixed-kmem.txt.gz --cpus 2 --ram 2G`;

/** `mm-lab sysfs`. `exit` is told the exit code where it is not 0. */
export function addSysfsCommand(program: Command, exit: (code: number) => void): void {
  const sysfs = program.command('sysfs').description('/sys and /proc of a machine as a tree of files');
  sysfs
    .command('export')
    .description('write the tree of a machine to disk, for unmodified tools')
    .argument('<dir>', 'directory to write; made if it is not there')
    .option(
      '--scenario <name>',
      `what the machine does first: ${[...SCENARIOS.keys()].join(', ')} (default: "boot")`,
    )
    .option(
      '--trace <file>',
      'replay recorded kmem events instead: tracefs text or trace-cmd report, plain or gzipped',
    )
    .option('--preset <name>', 'the machine', 'x86_64')
    .option('--ram <size>', 'its RAM, such as 4G', '1G')
    .option('--cpus <number>', 'its CPUs', '2')
    .option('--series <name>', 'state of the patch series; v4 has cache_dma32', 'merged')
    .option('--slab <name>', 'its allocator: slub or slab', 'slub')
    .option('--cmdline <text>', 'parameters of the allocator, such as slub_debug=FZ', '')
    .option('--seed <number>', 'the same seed gives the same tree', '1')
    .option('--force', 'replace an earlier export in the directory')
    .addHelpText('after', TOOLS)
    .action(exportCommand);
  sysfs
    .command('diff')
    .description('two trees side by side, only what differs; exit code 1 when something does')
    .argument('<a>', 'an export, a copy of a real tree, or /sys/kernel/slab')
    .argument('<b>', 'another')
    .option('--json', 'print JSON')
    .action((a: string, b: string, { json }: { json?: true }) => {
      const diff = diffTrees(a, b);
      console.log(json === true ? JSON.stringify({ version: 1, ...diff }, null, 1) : printDiff(diff, [a, b]));
      if (diff.differences.length > 0) exit(1);
    });
}

function exportCommand(directory: string, options: ExportOptions): void {
  const seed = wholeNumber('--seed', options.seed, 0, 2 ** 32 - 1);
  if (options.trace !== undefined && options.scenario !== undefined)
    throw new OptionError('--scenario', 'not to be given with --trace', options.scenario);
  const scenario = scenarioNamed(options.scenario ?? 'boot');
  const events = options.trace === undefined ? null : readKmemTrace(options.trace);
  const { preset, ram: ramBytes, series, slab, cmdline } = options;
  const made = { preset, ramBytes, cpus: wholeNumber('--cpus', options.cpus, 1, 256), series, slab, cmdline };
  const machine = createMachine(made as MachineOptions);
  if (events === null) scenario(machine, seed);
  else {
    const { events: done, unknown, failed } = replayKmem(machine, events);
    console.log(`${options.trace}: ${done} events, ${unknown} frees of what is not known, ${failed} failed`);
  }
  const about = {
    machine: made,
    ...(events === null ? { scenario: options.scenario ?? 'boot', seed } : { trace: options.trace }),
  };
  const { files, directories, links } = exportTree(machine.fs, directory, about, options.force === true);
  console.log(`${directory}: ${files} files, ${directories} directories, ${links} links`);
}
