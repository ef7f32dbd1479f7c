import type { V7sBehaviour } from '@iommu/v7s-pgtable';
import { SERIES, type Series } from '@mm/machine';
import { type Counterexample, SUBSYSTEMS, subsystemOf, TABLES_NAMES, worldOf } from '@mm/model';
import { OptionError } from '@mm/printk';
import { PRESET_NAMES, type PresetName } from '@mm/zones';
import type { Command } from 'commander';

import {
  type CampaignFlags,
  CAMPAIGN_HELP,
  addCampaignFlags,
  campaignOf,
  runAsCampaign,
} from './campaign-flags.js';
import type { AnyJob } from './campaign/job.js';
import { identityOf, runCampaign } from './campaign/run-campaign.js';
import { WHOLE } from './campaign/shard.js';
import { commitOfCode } from './commit.js';
import { SAVE_FOLDER, saveCounterexample, savedCounterexamples } from './counterexample-files.js';
import { ExitCode } from './exit-code.js';
import { FAULT_HELP, type FaultFlags, addFaultFlags, describeFaults, faultsOf } from './fault-flags.js';
import { type Interrupt, onInterrupt } from './interrupt.js';
import { STALL_MS, choiceOption, folderOption, integerOption, stallOption, timeOption } from './options.js';
import { stillFailing } from './play-saved.js';
import { notBegun, reportOf, writeReports } from './report.js';
import { type Broken, MODES, type RunOptions, type RunResult, runJob } from './run-job.js';
import { describeInvariants } from './run-table.js';
import { searchLine, showCounterexample } from './show-counterexample.js';
import { shrinkJob } from './shrink-job.js';
import { EVERY_COMMAND_ENDS, FIRST_RUN_MS } from './stalled-run.js';

const BEHAVIOURS: readonly V7sBehaviour[] = ['corrected', 'linux-6.1'];

interface RunFlags extends CampaignFlags, FaultFlags {
  readonly system: string;
  readonly seed: string;
  readonly runs: string;
  readonly commands: string;
  readonly time: string;
  readonly mode: string;
  readonly cpus: string;
  readonly preset?: string;
  readonly series: string;
  readonly behaviour: string;
  readonly tables: string;
  readonly all?: boolean;
  readonly save: string;
  readonly stall?: string;
  readonly invariants?: boolean;
}

/** Adds `mm-check run`. */
export function addRunCommand(program: Command, exit: (code: ExitCode) => void): void {
  const command = program
    .command('run')
    .description('random programs against reference models, in sequence and interleaved at every step')
    .option('--system <names>', 'what to check, separated by commas', [...SUBSYSTEMS.keys()].join(','))
    .option('--seed <n>', 'seed of the first run; the next runs count on', '1')
    .option('--runs <n>', 'runs at most, for each system', '1000000')
    .option('--commands <n>', 'commands of a run', '1000')
    .option('--time <time>', 'time at most, for each system', '10s')
    .option('--mode <mode>', `${MODES.join(', ')}: both interleaves the runs of even seeds`, 'both')
    .option('--cpus <n>', 'simulated CPUs', '3')
    .option('--preset <name>', `the machine: ${PRESET_NAMES.join(', ')}`)
    .option(
      '--series <name>',
      `state of the patch series: ${SERIES.join(', ')} (zones and buddy do the same in all)`,
      'merged',
    )
    .option('--behaviour <name>', `of the page table: ${BEHAVIOURS.join(', ')}`, 'corrected')
    .option(
      '--tables <source>',
      `where the page table's tables come from: ${TABLES_NAMES.join(', ')}`,
      'slab',
    )
    .option(
      '--stall <time>',
      'a run that takes longer has no end, which is a failure (default: 60s for each 1000 commands)',
    )
    .option('--all', 'go on after a failure, for the whole time, and list the distinct ones')
    .option(
      '--save <folder>',
      'counterexamples: those in it are played first, new ones are put there',
      SAVE_FOLDER,
    )
    .option('--invariants', 'list what is held, and when it is looked at, and end');
  addFaultFlags(command);
  addCampaignFlags(command)
    .addHelpText('after', RUN_HELP)
    .action(async (flags: RunFlags) => exit(await run(flags)));
}

const RUN_HELP = `
The model and local invariants are held after every command, also where others are in their middle. Whole structures are
looked at every 512 commands of a sequence, every 1024 interleaved ones, at the end, and after every command of a run that is
shrunk or shown. --invariants lists them. A failure is shrunk, program and schedule, and saved; saved ones that were found
under the same options are played again before new ones are sought.

Faults, and the systems whose programs meet them:
${FAULT_HELP}
${CAMPAIGN_HELP}

Examples:
  mm-check run --time 30s
  mm-check run --system buddy --preset arm64-2018 --cpus 4 --seed 7
  mm-check run --time 8h --shard 2/4 --checkpoint 2.jsonl --resume --json 2.json

Exit codes: 0 holds, 1 a counterexample, 2 wrong use or broken input, 130 interrupted.`;

/** Options that only page tables have a use for, and what they are unless something else is asked for. */
const OF_TABLES = [
  ['behaviour', 'corrected'],
  ['tables', 'slab'],
] as const;

function optionsOf(flags: RunFlags): RunOptions {
  const systems = flags.system.split(',').map((name) => subsystemOf(name.trim(), '--system').name);
  if (new Set(systems).size < systems.length)
    throw new OptionError('--system', 'each system once', flags.system);
  for (const [name, usual] of OF_TABLES)
    if (flags[name] !== usual && !systems.includes('v7s'))
      throw new OptionError(`--${name}`, '--system v7s with it', flags[name]);
  const series: Series = choiceOption(flags.series, '--series', SERIES);
  const preset: { preset?: PresetName } =
    flags.preset === undefined ? {} : { preset: choiceOption(flags.preset, '--preset', PRESET_NAMES) };
  const cpus = integerOption(flags.cpus, '--cpus', 1, 64);
  const tables = choiceOption(flags.tables, '--tables', TABLES_NAMES);
  return {
    systems,
    seed: integerOption(flags.seed, '--seed', 0, 2 ** 31 - 1),
    runs: integerOption(flags.runs, '--runs', 1, 2 ** 31 - 1),
    commands: integerOption(flags.commands, '--commands', 1, 1_000_000),
    milliseconds: timeOption(flags.time),
    mode: choiceOption(flags.mode, '--mode', MODES),
    all: flags.all === true,
    world: {
      cpus,
      series,
      behaviour: choiceOption(flags.behaviour, '--behaviour', BEHAVIOURS),
      tables,
      ...faultsOf(flags, systems, { tables }),
      ...preset,
    },
  };
}

/** Options that a list of invariants has no use for. */
const NOT_OF_A_LIST = ['all', 'checkpoint', 'resume', 'json', 'junit', 'shard', 'workers', 'stall'] as const;

const RUN_JOB = runJob as unknown as AnyJob;

async function run(flags: RunFlags): Promise<ExitCode> {
  const options = optionsOf(flags);
  const campaign = campaignOf(flags);
  const limitMs =
    flags.stall === undefined ? STALL_MS * Math.ceil(options.commands / 1000) : stallOption(flags.stall);
  folderOption(flags.save, '--save');
  if (flags.invariants === true) {
    const beside = NOT_OF_A_LIST.find((name) => flags[name] !== undefined);
    if (beside !== undefined)
      throw new OptionError('--invariants', `no --${beside} with it: nothing is run`, true);
    console.log(options.systems.map(describeInvariants).join('\n'));
    return ExitCode.holds;
  }
  // What no machine can be is refused before anything is written.
  for (const system of options.systems.map((name) => subsystemOf(name)))
    system.setup(worldOf(system, options.world, options.seed));
  const saved = savedCounterexamples(flags.save);
  const interrupt = onInterrupt();
  try {
    const began = Date.now();
    const failing = await stillFailing(saved, options, limitMs, interrupt);
    if (failing.length > 0 && !options.all) {
      const identity = identityOf(runJob, options, commitOfCode(), campaign.shard);
      writeReports(campaign, RUN_JOB, reportOf(RUN_JOB, identity, notBegun(runJob, options), [], failing));
      return ExitCode.counterexample;
    }
    const { identity, lanes } = await runAsCampaign(runJob, options, campaign, interrupt, limitMs);
    const found = await shrinkAll(options, lanes, identity.commit, campaign.workers, interrupt, limitMs);
    const report = reportOf(RUN_JOB, identity, lanes, found, failing);
    for (const counterexample of found)
      showCounterexample(saveCounterexample(flags.save, counterexample), counterexample);
    for (const broken of notShrunk(lanes, found, interrupt.requested))
      showNotShrunk(broken, options, identity.commit);
    console.log(runJob.describe(options, lanes));
    console.log(`${report.verdict}: ${configuration(options)}, ${summary(lanes, campaign.workers, began)}`);
    writeReports(campaign, RUN_JOB, report);
    if (report.verdict === 'fails') return ExitCode.counterexample;
    return interrupt.requested ? ExitCode.interrupted : ExitCode.holds;
  } finally {
    interrupt.release();
  }
}

function configuration({ systems, seed, mode, world }: RunOptions): string {
  const { cpus, series, preset, behaviour } = world;
  return `seeds from ${seed}, ${mode === 'both' ? 'sequences and interleaved' : mode}, ${cpus} CPUs, ${preset ?? 'default machines'}, series ${series}, page table ${behaviour}${describeFaults(world, systems)}`;
}

function summary(
  lanes: ReadonlyArray<{ readonly result: RunResult }>,
  workers: number,
  began: number,
): string {
  const commands = lanes.reduce((sum, { result }) => sum + runJob.amount(result), 0);
  const seconds = (Date.now() - began) / 1000;
  return `${Math.round(commands / seconds)} commands/s with ${workers} ${workers === 1 ? 'thread' : 'threads'}`;
}

const isEndless = ({ invariant }: Broken): boolean => invariant === EVERY_COMMAND_ENDS;

/** What is told of by the search that finds it: runs without an end, and those that nobody waited for to be shrunk. */
function notShrunk(
  lanes: ReadonlyArray<{ readonly result: RunResult }>,
  found: readonly Counterexample[],
  interrupted: boolean,
): Broken[] {
  const isShrunk = ({ system, seed }: Broken): boolean =>
    found.some((one) => one.system === system && one.found.seed === seed);
  return lanes
    .flatMap(({ result }) => result.broken)
    .filter((broken) => isEndless(broken) || (interrupted && !isShrunk(broken)));
}

function showNotShrunk(
  { system, seed, mode, message }: Broken,
  { commands, world }: RunOptions,
  commit: string,
): void {
  const again = searchLine(system, world, { seed, mode, commands });
  console.log(`reproduce: ${again}  # commit ${commit}\n${message}\n`);
}

/** Shrinks what was found: the first failure, or with `--all` one of each invariant. */
async function shrinkAll(
  searched: RunOptions,
  lanes: ReadonlyArray<{ readonly result: RunResult }>,
  commit: string,
  workers: number,
  interrupt: Interrupt,
  limitMs: number,
): Promise<readonly Counterexample[]> {
  // A program without an end cannot be run to make it smaller.
  const broken = lanes.flatMap(({ result }) => result.broken).filter((one) => !isEndless(one));
  if (broken.length === 0) return [];
  const options = { run: searched, broken: searched.all ? broken : broken.slice(0, 1), commit };
  const [shrunk] = await runCampaign(shrinkJob, options, {
    workers: Math.min(workers, options.broken.length),
    shard: WHOLE,
    stop: () => interrupt.requested,
    // A program that is left of one that ends may well have none.
    limitMs: Math.max(limitMs, FIRST_RUN_MS),
  });
  return distinct(shrunk!.result);
}

/** What broke different invariants may come down to one. */
function distinct(found: readonly Counterexample[]): Counterexample[] {
  const first = new Map<string, Counterexample>();
  for (const one of found) {
    const key = `${one.system}: ${one.invariant}`;
    if (!first.has(key)) first.set(key, one);
  }
  return [...first.values()];
}
