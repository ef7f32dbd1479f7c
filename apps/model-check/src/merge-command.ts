import { OptionError } from '@mm/printk';
import type { Command } from 'commander';

import { CHECKPOINT_FORMAT, checkpointLanes, readCheckpoint } from './campaign/checkpoint.js';
import type { AnyJob, LaneResult } from './campaign/job.js';
import { JOBS } from './campaign/jobs.js';
import { ExitCode } from './exit-code.js';
import { outputOptions } from './options.js';
import { parseJson, readText } from './read-json.js';
import { type Report, parseReport, reportOf, writeReports } from './report.js';
import { counterexampleText } from './show-counterexample.js';

interface MergeFlags {
  readonly json?: string;
  readonly junit?: string;
  readonly partial?: boolean;
}

const MERGE_HELP = `
Takes what the shards of one campaign wrote with --json; the checkpoint of a shard that was killed will do, too. All
must be of the same command at the same commit, and no shard may be missing, unless --partial says so.

Examples:
  mm-check merge report-1.json report-2.json report-3.json report-4.json --json report.json
  mm-check merge --partial report-1.json 2.jsonl

Exit codes: 0 holds, 1 a shard found something, 2 wrong use, a broken file or a missing shard.`;

/** Adds `mm-check merge FILE...`. */
export function addMergeCommand(program: Command, exit: (code: ExitCode) => void): void {
  program
    .command('merge')
    .description('put the reports of shards together')
    .argument('<file...>', 'reports or checkpoints')
    .option('--json <file>', 'write the result as JSON')
    .option('--junit <file>', 'write the result as JUnit XML')
    .option('--partial', 'some shards may be missing')
    .addHelpText('after', MERGE_HELP)
    .action((files: string[], flags: MergeFlags) => exit(merge(files, flags)));
}

function merge(files: readonly string[], flags: MergeFlags): ExitCode {
  outputOptions({ '--json': flags.json, '--junit': flags.junit }, files);
  const parts = files.map((file) => readPart(file));
  const first = parts[0]!;
  for (const [i, part] of parts.entries()) checkSame(files[i]!, part, files[0]!, first);
  checkShards(files, parts, flags.partial === true);
  const job = JOBS.get(first.job)!;
  const lanes = mergeLanes(job, parts);
  const counterexamples = parts.flatMap((part) => part.counterexamples);
  const whole = { job: first.job, options: first.options, commit: first.commit, shard: { index: 1, of: 1 } };
  const saved = parts.flatMap((part) => part.saved);
  const report = reportOf(job, whole, lanes, counterexamples, saved);
  for (const counterexample of counterexamples) console.log(counterexampleText(counterexample));
  console.log(job.describe(first.options, lanes));
  for (const { file, message } of saved) console.log(`${file} still fails: ${message}`);
  for (const failure of lanes.flatMap(({ result }) => job.failures(result))) console.log(failure);
  console.log(`${report.verdict}: ${parts.length} of ${first.shard.of} shards, commit ${first.commit}`);
  writeReports(flags, job, report);
  return report.verdict === 'fails' ? ExitCode.counterexample : ExitCode.holds;
}

/** A report, or a checkpoint as the report of a campaign that was interrupted. */
function readPart(file: string): Report<unknown> {
  const text = readText(file);
  if (!text.slice(0, 100).includes(CHECKPOINT_FORMAT))
    return parseReport(parseJson(text, file, 'a report'), file, JOBS);
  const { identity, lanes } = readCheckpoint(file, text);
  const job = JOBS.get(identity.job);
  if (job === undefined)
    throw new OptionError(`${file}: job`, `one of ${[...JOBS.keys()].join(', ')}`, identity.job);
  return reportOf(job, identity, checkpointLanes(file, job, identity.options, lanes), [], []);
}

function checkSame(file: string, part: Report<unknown>, other: string, first: Report<unknown>): void {
  for (const field of ['job', 'commit', 'options'] as const) {
    const [its, firsts] = [JSON.stringify(part[field]), JSON.stringify(first[field])];
    if (its !== firsts) throw new OptionError(`${file}: ${field}`, `that of ${other}, ${firsts}`, its);
  }
  if (part.shard.of !== first.shard.of)
    throw new OptionError(`${file}: shard.of`, `that of ${other}, ${first.shard.of}`, part.shard.of);
}

function checkShards(files: readonly string[], parts: readonly Report<unknown>[], partial: boolean): void {
  const open = parts.findIndex(({ verdict }) => verdict === 'interrupted');
  if (open !== -1 && !partial)
    throw new OptionError(`${files[open]}`, 'a shard that came to its end, or --partial', 'interrupted');
  const seen = new Map<number, string>();
  for (const [i, { shard }] of parts.entries()) {
    const other = seen.get(shard.index);
    if (other !== undefined)
      throw new OptionError(
        `${files[i]}: shard`,
        `another one than that of ${other}`,
        `${shard.index}/${shard.of}`,
      );
    seen.set(shard.index, files[i]!);
  }
  const { of } = parts[0]!.shard;
  const missing = Array.from({ length: of }, (_, i) => i + 1).filter((index) => !seen.has(index));
  if (missing.length > 0 && !partial)
    throw new OptionError(
      'shards',
      `all of ${of}, or --partial`,
      `none of ${missing.slice(0, 20).join(', ')}`,
    );
}

/** Lanes by name, in the order of the first part. */
function mergeLanes(job: AnyJob, parts: readonly Report<unknown>[]): LaneResult<unknown>[] {
  const { options } = parts[0]!;
  const merged = new Map<string, LaneResult<unknown>>();
  for (const lane of parts.flatMap(({ lanes }) => lanes)) {
    const before = merged.get(lane.name);
    if (before === undefined) {
      merged.set(lane.name, lane);
      continue;
    }
    merged.set(lane.name, {
      name: lane.name,
      end: worseEnd(before.end, lane.end),
      units: before.units + lane.units,
      spentMs: before.spentMs + lane.spentMs,
      result: job.merge(options, lane.name, before.result, lane.result),
    });
  }
  return [...merged.values()];
}

const ENDS_BY_WEIGHT: readonly LaneResult<unknown>['end'][] = [
  'complete',
  'time',
  'not begun',
  'interrupted',
  'found',
];
const worseEnd = (x: LaneResult<unknown>['end'], y: LaneResult<unknown>['end']): LaneResult<unknown>['end'] =>
  ENDS_BY_WEIGHT.indexOf(x) > ENDS_BY_WEIGHT.indexOf(y) ? x : y;
