import { join } from 'node:path';

import { formatTrace } from '@mm/interleave';
import { type NamedScenario, SCENARIOS, type ScenarioSize, scenarioNamed } from '@mm/model';
import { OptionError } from '@mm/printk';
import type { Command } from 'commander';

import {
  CAMPAIGN_HELP,
  type CampaignFlags,
  addCampaignFlags,
  campaignOf,
  runAsCampaign,
} from './campaign-flags.js';
import type { AnyJob } from './campaign/job.js';
import { identityOf } from './campaign/run-campaign.js';
import { commitOfCode } from './commit.js';
import { SAVE_FOLDER } from './counterexample-files.js';
import { ExitCode } from './exit-code.js';
import { type ExploreJobOptions, exploreJob } from './explore/explore-job.js';
import type { ScenarioReport } from './explore/explore-scenario.js';
import { scenarioList, sizeText } from './explore/list-scenarios.js';
import { showOneRun } from './explore/one-run.js';
import { runAgain } from './explore/replay-scenario.js';
import { saveScenarioRun, savedScenarioRuns } from './explore/scenario-file.js';
import { onInterrupt } from './interrupt.js';
import { choiceOption, integerOption, timeOption } from './options.js';
import { type SavedFailure, notBegun, reportOf, writeReports } from './report.js';
import { type RunOutputs, addRunOutputs, askedOutputs, filesOf, writeRunOutputs } from './run-outputs.js';

const STRATEGIES = ['dpor', 'pct', 'random'] as const;
/** Beside the counterexamples of `mm-check run`. */
const FOLDER = join(SAVE_FOLDER, 'scenarios');

interface ExploreFlags extends CampaignFlags, RunOutputs {
  readonly scenario?: string;
  readonly strategy?: string;
  readonly preemptions?: string;
  readonly seed?: string;
  readonly depth?: string;
  readonly time?: string;
  readonly runs?: string;
  readonly size?: string;
  readonly execution?: string;
  readonly schedule?: string;
}

const EXPLORE_HELP = `
Without --scenario it lists the scenarios. Each has sizes, CPUs x operations on each: the least, 2x1, is explored completely in
seconds, the others as far as --time and --runs let it. dpor leaves out only orders that differ in steps that commute; with
--preemptions it leaves out more. A failing run is saved in ${FOLDER}/ for mm-check replay; saved ones are played first.

One run, whether it fails or not, is shown, and written as --html, --trace, --json, --perfetto and --shiviz ask, with
--execution N, the n-th of the search that the other options ask for, or with --schedule, made by hand: tasks in the order in which
they go on, by number or name, each with :STEPS (without, as far as it can go) and @CPU (without, where it is). A schedule may
also be a file: what any of these runs was written to as JSON, a saved run, or pairs of choice and count alone.
${CAMPAIGN_HELP}

Examples:
  mm-check explore
  mm-check explore --scenario slub-free-flush
  mm-check explore --scenario all --size 2x1
  mm-check explore --scenario slub-migrate --size 2x2 --preemptions 2 --time 1m
  mm-check explore --scenario slub-free-flush --execution 17 --html run.html
  mm-check explore --scenario slub-free-flush --schedule 'free 0:3,flush:5,2,free 0,flush' --shiviz run.log

Exit codes: 0 holds, 1 a counterexample, or a complete search that never saw what it is for, 2 wrong use, 130 interrupted.`;

/** Adds `mm-check explore`. */
export function addExploreCommand(program: Command, exit: (code: ExitCode) => void): void {
  const command = program
    .command('explore')
    .description('every interleaving of named scenarios, at each access to shared state')
    .option('--scenario <names>', 'what to explore, separated by commas, or `all`')
    .option('--strategy <name>', `how: ${STRATEGIES.join(', ')} (default: dpor)`)
    .option('--preemptions <n>', 'dpor: switches at most away from a task that could have gone on')
    .option('--seed <n>', 'pct and random: of the first run (default: 1)')
    .option('--depth <n>', 'pct: the depth of bugs that its guarantee is about (default: 3)')
    .option('--time <time>', 'time at most, for each size of each scenario (default: 10s)')
    .option('--runs <n>', 'runs at most, for each size of each scenario')
    .option('--size <cpusxoperations>', 'only this size, such as 2x1 (default: every size of the scenario)')
    .option('--execution <n>', 'show the n-th run of the search, from 1')
    .option('--schedule <list|file>', 'show the run of this schedule, such as 0:3,1,0');
  addRunOutputs(command, 'the failing run, or the one that is shown,');
  addCampaignFlags(command)
    .addHelpText('after', EXPLORE_HELP)
    .action(async (flags: ExploreFlags) => exit(await exploreAll(flags)));
}

const EXPLORE_JOB = exploreJob as unknown as AnyJob;

async function exploreAll(flags: ExploreFlags): Promise<ExitCode> {
  const options = optionsOf(flags);
  const campaign = campaignOf(flags, filesOf(flags));
  if (flags.schedule !== undefined || flags.execution !== undefined) return exploreOne(flags, options);
  if (options.parts.length === 0) {
    const [beside] = Object.keys(flags);
    if (beside !== undefined) throw new OptionError(`--${beside}`, 'a --scenario with it', 'none');
    console.log(scenarioList(SCENARIOS));
    return ExitCode.holds;
  }
  const failing = savedRunThatFails(options);
  if (failing !== null) {
    const identity = identityOf(exploreJob, options, commitOfCode(), campaign.shard);
    const report = reportOf(EXPLORE_JOB, identity, notBegun(exploreJob, options), [], [failing]);
    writeReports(campaign, EXPLORE_JOB, report);
    return ExitCode.counterexample;
  }
  const interrupt = onInterrupt();
  try {
    const { identity, lanes } = await runAsCampaign(exploreJob, options, campaign, interrupt);
    const reports = lanes.flatMap(({ result }) => result.reports);
    for (const report of reports) if (report.failure !== null) show(report, flags);
    const report = reportOf(EXPLORE_JOB, identity, lanes, [], []);
    console.log(exploreJob.describe(options, lanes));
    writeReports(campaign, EXPLORE_JOB, report);
    if (report.verdict === 'fails') return ExitCode.counterexample;
    if (interrupt.requested) return ExitCode.interrupted;
    const unwritten = askedOutputs(flags);
    if (unwritten.length > 0)
      console.log(`no run failed: ${unwritten.join(', ')} not written; --execution 1 writes the first run`);
    const complete = reports.filter((one) => one.complete).length;
    console.log(`holds: ${reports.length} explored, ${complete} of them completely`);
    return ExitCode.holds;
  } finally {
    interrupt.release();
  }
}

/** Options that say nothing about one run: of campaigns, and of how far a search goes. */
const NOT_OF_ONE = ['time', 'runs', 'workers', 'shard', 'checkpoint', 'resume', 'junit'] as const;
/** Options that choose the search, of which a schedule given by hand is none. */
const OF_SEARCH = ['execution', 'strategy', 'preemptions', 'seed', 'depth'] as const;

/** `--execution` and `--schedule`: one run of one scenario, in the size asked for or the least. */
async function exploreOne(
  flags: ExploreFlags,
  { parts, strategy, preemptions, seed, depth }: ExploreJobOptions,
): Promise<ExitCode> {
  const { schedule } = flags;
  const option = schedule === undefined ? '--execution' : '--schedule';
  const without = schedule === undefined ? NOT_OF_ONE : [...OF_SEARCH, ...NOT_OF_ONE];
  const beside = without.find((name) => flags[name] !== undefined);
  if (beside !== undefined)
    throw new OptionError(option, `no --${beside} with it`, schedule ?? flags.execution);
  const named = new Set(parts.map(({ scenario }) => scenario));
  if (named.size !== 1) throw new OptionError(option, 'one --scenario with it', flags.scenario ?? 'none');
  const { scenario, size } = parts[0]!;
  const of =
    schedule === undefined
      ? {
          execution: integerOption(flags.execution!, '--execution', 1, 2 ** 31 - 1),
          search: { strategy, preemptions, seed, depth },
        }
      : { schedule };
  const interrupt = onInterrupt();
  try {
    return await showOneRun({ named: scenarioNamed(scenario)!, size, of }, flags, interrupt);
  } finally {
    interrupt.release();
  }
}

const numberOf = (text: string | undefined, field: string, min: number): number | null =>
  text === undefined ? null : integerOption(text, field, min, 2 ** 31 - 1);

function optionsOf(flags: ExploreFlags): ExploreJobOptions {
  const strategy = choiceOption(flags.strategy ?? 'dpor', '--strategy', STRATEGIES);
  const only = (field: 'preemptions' | 'seed' | 'depth', strategies: readonly string[]): void => {
    if (flags[field] !== undefined && !strategies.includes(strategy))
      throw new OptionError(`--${field}`, `--strategy ${strategies.join(' or ')} with it`, strategy);
  };
  only('preemptions', ['dpor']);
  only('seed', ['pct', 'random']);
  only('depth', ['pct']);
  return {
    strategy,
    preemptions: numberOf(flags.preemptions, '--preemptions', 0),
    seed: numberOf(flags.seed, '--seed', 0) ?? 1,
    depth: numberOf(flags.depth, '--depth', 1) ?? 3,
    milliseconds: timeOption(flags.time ?? '10s'),
    runs: numberOf(flags.runs, '--runs', 1),
    parts: scenariosOf(flags.scenario).flatMap((named) =>
      sizesOf(named, flags.size).map((size) => ({ scenario: named.name, size })),
    ),
  };
}

function scenariosOf(names: string | undefined): readonly NamedScenario[] {
  if (names === undefined) return [];
  if (names === 'all') return SCENARIOS;
  const asked = names.split(',').map((name) => {
    const named = scenarioNamed(name.trim());
    if (named === undefined)
      throw new OptionError('--scenario', 'names as `mm-check explore` lists them, or all', name);
    return named;
  });
  if (new Set(asked).size < asked.length) throw new OptionError('--scenario', 'each scenario once', names);
  return asked;
}

function sizesOf(named: NamedScenario, asked: string | undefined): readonly ScenarioSize[] {
  if (asked === undefined) return named.sizes;
  const sizes = named.sizes.filter((size) => sizeText(size) === asked);
  if (sizes.length === 0)
    throw new OptionError(
      '--size',
      `for ${named.name} one of ${named.sizes.map(sizeText).join(', ')}`,
      asked,
    );
  return sizes;
}

/** Says how to make a failing run again, shows it, and writes it as it was asked for. */
function show(report: ScenarioReport, flags: ExploreFlags): void {
  const { scenario, size, failure } = report;
  const file = saveScenarioRun(FOLDER, report);
  const { run } = runAgain({ named: scenarioNamed(scenario)!, size, schedule: failure!.schedule });
  console.log(`reproduce: mm-check replay ${file}\n${scenario} ${sizeText(size)}: ${failure!.message}`);
  console.log(formatTrace(run));
  writeRunOutputs(run, { title: `${scenario} ${sizeText(size)}`, hosts: 'tasks' }, flags);
}

/** Plays what earlier searches of the same scenarios found, until one still fails. */
function savedRunThatFails({ parts }: ExploreJobOptions): SavedFailure | null {
  const names = new Set(parts.map(({ scenario }) => scenario));
  for (const { file, run: saved } of savedScenarioRuns(FOLDER)) {
    if (!names.has(saved.scenario)) continue;
    const { outcome } = runAgain(saved).run;
    if (outcome.kind === 'ended') continue;
    console.log(
      `reproduce: mm-check replay ${file}\na saved run of ${saved.scenario} still fails: ${outcome.error.message}`,
    );
    return { file, message: outcome.error.message };
  }
  return null;
}
