import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { formatTrace, perfettoTrace, shivizLog, traceHtml } from '@mm/interleave';
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
import { SAVE_FOLDER } from './counterexample-files.js';
import { ExitCode } from './exit-code.js';
import { type ExploreJobOptions, exploreJob } from './explore/explore-job.js';
import type { ScenarioReport } from './explore/explore-scenario.js';
import { scenarioList, sizeText } from './explore/list-scenarios.js';
import { runAgain } from './explore/replay-scenario.js';
import { saveScenarioRun, savedScenarioRuns } from './explore/scenario-file.js';
import { onInterrupt } from './interrupt.js';
import { choiceOption, integerOption, outputOption, timeOption } from './options.js';
import { reportOf, writeReport, writeReportJunit } from './report.js';

const STRATEGIES = ['dpor', 'pct', 'random'] as const;
/** Beside the counterexamples of `mm-check run`. */
const FOLDER = join(SAVE_FOLDER, 'scenarios');

interface ExploreFlags extends CampaignFlags {
  readonly scenario?: string;
  readonly strategy: string;
  readonly preemptions?: string;
  readonly seed?: string;
  readonly depth?: string;
  readonly time: string;
  readonly runs?: string;
  readonly size?: string;
  readonly html?: string;
  readonly perfetto?: string;
  readonly shiviz?: string;
}

const EXPLORE_HELP = `
Without --scenario it lists the scenarios. Each has sizes, CPUs x operations on each: the least, 2x1, is explored completely in
seconds, the others as far as --time and --runs let it. dpor leaves out only orders that differ in steps that commute; with
--preemptions it leaves out more. A failing run is saved in ${FOLDER}/ for mm-check replay; saved ones are played first.
${CAMPAIGN_HELP}

Examples:
  mm-check explore
  mm-check explore --scenario slub-free-flush
  mm-check explore --scenario all --size 2x1
  mm-check explore --scenario slub-migrate --size 2x2 --preemptions 2 --time 1m

Exit codes: 0 holds, 1 a counterexample, or a complete search that never saw what it is for, 2 wrong use, 130 interrupted.`;

/** Adds `mm-check explore`. */
export function addExploreCommand(program: Command, exit: (code: ExitCode) => void): void {
  const command = program
    .command('explore')
    .description('every interleaving of named scenarios, at each access to shared state')
    .option('--scenario <names>', 'what to explore, separated by commas, or `all`')
    .option('--strategy <name>', `how: ${STRATEGIES.join(', ')}`, 'dpor')
    .option('--preemptions <n>', 'dpor: switches at most away from a task that could have gone on')
    .option('--seed <n>', 'pct and random: of the first run (default: 1)')
    .option('--depth <n>', 'pct: the depth of bugs that its guarantee is about (default: 3)')
    .option('--time <time>', 'time at most, for each size of each scenario', '10s')
    .option('--runs <n>', 'runs at most, for each size of each scenario')
    .option('--size <cpusxoperations>', 'only this size, such as 2x1 (default: every size of the scenario)')
    .option('--html <file>', 'write the failing run as a page to step through')
    .option('--perfetto <file>', 'write the failing run for the Perfetto viewer')
    .option('--shiviz <file>', 'write the failing run for ShiViz');
  addCampaignFlags(command)
    .addHelpText('after', EXPLORE_HELP)
    .action(async (flags: ExploreFlags) => exit(await exploreAll(flags)));
}

async function exploreAll(flags: ExploreFlags): Promise<ExitCode> {
  const options = optionsOf(flags);
  const campaign = campaignOf(flags);
  for (const name of ['html', 'perfetto', 'shiviz'] as const) outputOption(flags[name], `--${name}`);
  if (options.parts.length === 0) {
    console.log(scenarioList(SCENARIOS));
    return ExitCode.holds;
  }
  if (!savedRunsHold(options)) return ExitCode.counterexample;
  const interrupt = onInterrupt();
  try {
    const { identity, lanes } = await runAsCampaign(exploreJob, options, campaign, interrupt);
    const reports = lanes.flatMap(({ result }) => result.reports);
    for (const report of reports) if (report.failure !== null) show(report, flags);
    const report = reportOf(exploreJob as unknown as AnyJob, identity, lanes, []);
    if (campaign.json !== undefined) writeReport(campaign.json, report);
    if (campaign.junit !== undefined)
      writeReportJunit(campaign.junit, exploreJob as unknown as AnyJob, report);
    console.log(exploreJob.describe(options, lanes));
    if (report.verdict === 'fails') return ExitCode.counterexample;
    if (interrupt.requested) return ExitCode.interrupted;
    const complete = reports.filter((one) => one.complete).length;
    console.log(`holds: ${reports.length} explored, ${complete} of them completely`);
    return ExitCode.holds;
  } finally {
    interrupt.release();
  }
}

const numberOf = (text: string | undefined, field: string, min: number): number | null =>
  text === undefined ? null : integerOption(text, field, min, 2 ** 31 - 1);

function optionsOf(flags: ExploreFlags): ExploreJobOptions {
  const strategy = choiceOption(flags.strategy, '--strategy', STRATEGIES);
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
    milliseconds: timeOption(flags.time),
    runs: numberOf(flags.runs, '--runs', 1),
    parts: scenariosOf(flags.scenario).flatMap((named) =>
      sizesOf(named, flags.size).map((size) => ({ scenario: named.name, size })),
    ),
  };
}

function scenariosOf(names: string | undefined): readonly NamedScenario[] {
  if (names === undefined) return [];
  if (names === 'all') return SCENARIOS;
  return names.split(',').map((name) => {
    const named = scenarioNamed(name.trim());
    if (named === undefined)
      throw new OptionError('--scenario', 'names as `mm-check explore` lists them, or all', name);
    return named;
  });
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
  if (flags.html !== undefined) writeFileSync(flags.html, traceHtml(run));
  if (flags.perfetto !== undefined) writeFileSync(flags.perfetto, JSON.stringify(perfettoTrace(run)));
  if (flags.shiviz !== undefined) writeFileSync(flags.shiviz, shivizLog(run));
}

/** Plays what earlier searches of the same scenarios found. False when one still fails. */
function savedRunsHold({ parts }: ExploreJobOptions): boolean {
  const names = new Set(parts.map(({ scenario }) => scenario));
  for (const { file, run: saved } of savedScenarioRuns(FOLDER)) {
    if (!names.has(saved.scenario)) continue;
    const { outcome } = runAgain(saved).run;
    if (outcome.kind === 'ended') continue;
    console.log(
      `reproduce: mm-check replay ${file}\na saved run of ${saved.scenario} still fails: ${outcome.error.message}`,
    );
    return false;
  }
  return true;
}
