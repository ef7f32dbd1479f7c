import type { MachineOptions } from '@mm/machine';
import { OptionError } from '@mm/printk';
import type { Command } from 'commander';

import { SOURCE_NAMES, costOf } from './compare-sources.js';
import { readIommuTrace } from './iommu-trace.js';
import { wholeNumber, writeOutput } from './option-values.js';
import { plotCosts } from './plot.js';
import { printCosts } from './print-costs.js';
import { type Workload, madeWorkloads } from './workloads.js';

interface Options {
  readonly workload?: string;
  readonly source?: string;
  readonly trace?: string[];
  readonly seed: string;
  readonly ram: string;
  readonly preset: string;
  readonly json?: true;
  readonly svg?: string;
}

/** `mm-lab l2-tables`. */
export function addL2TablesCommand(program: Command): void {
  program
    .command('l2-tables')
    .description('compare what level 2 tables cost with every source of them')
    .option('--workload <name>', 'one of the made workloads only')
    .option('--source <name>', `one source only: ${SOURCE_NAMES.join(', ')}`)
    .option(
      '--trace <file...>',
      'recorded iommu:map and iommu:unmap events in place of made workloads: tracefs text, trace-cmd report, perf script; plain or gzipped',
    )
    .option('--seed <number>', 'seed of the workloads that are random', '1')
    .option('--ram <size>', 'RAM of the machine, such as 4G', '4G')
    .option('--preset <name>', 'the machine', 'arm64-2018')
    .option('--json', 'print JSON')
    .option('--svg <file>', 'also write a plot of the peaks')
    .action(compare);
}

function compare(options: Options): void {
  const workloads = workloadsOf(options);
  const machine = { preset: options.preset, ramBytes: options.ram } as MachineOptions;
  const sources = options.source === undefined ? SOURCE_NAMES : [options.source];
  // The first run of any code is slower: it is not the one whose time is printed.
  for (const source of sources)
    costOf({ name: 'warm-up', ops: workloads[0]!.ops.slice(0, 512) }, source, machine);
  const costs = workloads.flatMap((workload) => sources.map((source) => costOf(workload, source, machine)));
  if (options.svg !== undefined) writeOutput(options.svg, plotCosts(costs));
  console.log(options.json === true ? JSON.stringify({ version: 1, costs }, null, 2) : printCosts(costs));
}

function workloadsOf(options: Options): Workload[] {
  if (options.trace !== undefined) {
    if (options.workload !== undefined) {
      throw new OptionError('--workload', 'no --trace beside it: that has the workload', options.workload);
    }
    return options.trace.map(readIommuTrace);
  }
  const made = madeWorkloads(wholeNumber('--seed', options.seed, 0, 2 ** 32 - 1));
  if (options.workload === undefined) return made;
  const chosen = made.filter(({ name }) => name === options.workload);
  if (chosen.length === 0) {
    throw new OptionError(
      '--workload',
      `one of ${made.map(({ name }) => name).join(', ')}`,
      options.workload,
    );
  }
  return chosen;
}
