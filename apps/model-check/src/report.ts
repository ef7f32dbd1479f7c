import { type Counterexample, parseCounterexample } from '@mm/model';
import { z } from 'zod';

import type { CampaignIdentity } from './campaign/checkpoint.js';
import { type AnyJob, type Job, LANE_ENDS, type LaneResult } from './campaign/job.js';
import { checked } from './checked.js';
import { type JunitCase, writeJunit } from './junit.js';
import { counterexampleText } from './show-counterexample.js';
import { writeOutput } from './write-output.js';

/** The version of what is written. It counts up when a reader would have to change. */
export const SCHEMA_VERSION = 2;

/** What a campaign came to, as it is written as JSON. */
export interface Report<R> extends CampaignIdentity {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly verdict: 'holds' | 'fails' | 'interrupted';
  readonly lanes: readonly LaneResult<R>[];
  /** Shrunk; of a merge, those of all parts. */
  readonly counterexamples: readonly Counterexample[];
  /** What earlier runs had found, and still fails: unless a run goes on after a failure, nothing new was sought then. */
  readonly saved: readonly SavedFailure[];
}

/** A saved counterexample, or the saved run of a scenario, that still fails. */
export interface SavedFailure {
  readonly file: string;
  readonly message: string;
}

const shape = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  job: z.string(),
  options: z.record(z.string(), z.unknown()),
  commit: z.string(),
  shard: z.object({ index: z.number().int().positive(), of: z.number().int().positive() }),
  verdict: z.enum(['holds', 'fails', 'interrupted']),
  lanes: z.array(
    z.object({
      name: z.string(),
      end: z.enum(LANE_ENDS),
      units: z.number().int().nonnegative(),
      spentMs: z.number().nonnegative(),
      result: z.unknown(),
    }),
  ),
  counterexamples: z.array(z.unknown()),
  saved: z.array(z.object({ file: z.string(), message: z.string() })).default([]),
});

/** The report of a campaign. */
export function reportOf(
  job: AnyJob,
  identity: CampaignIdentity,
  lanes: readonly LaneResult<unknown>[],
  counterexamples: readonly Counterexample[],
  saved: readonly SavedFailure[],
): Report<unknown> {
  const fails = saved.length > 0 || lanes.some(({ result }) => job.failures(result).length > 0);
  const interrupted = lanes.some(({ end }) => end === 'interrupted');
  const verdict = fails ? 'fails' : interrupted ? 'interrupted' : 'holds';
  return { schemaVersion: SCHEMA_VERSION, ...identity, verdict, lanes, counterexamples, saved };
}

/** The lanes of a campaign that was not begun. */
export const notBegun = <O, R>(job: Job<O, R>, options: O): LaneResult<R>[] =>
  job.lanes(options).map(({ name }) => {
    return { name, end: 'not begun', units: 0, spentMs: 0, result: job.empty(options, name) };
  });

/** Writes a report in the forms that were asked for. */
export function writeReports(
  { json, junit }: { readonly json?: string | undefined; readonly junit?: string | undefined },
  job: AnyJob,
  report: Report<unknown>,
): void {
  if (json !== undefined) writeReport(json, report);
  if (junit !== undefined) writeReportJunit(junit, job, report);
}

/**
 * Checks a report that came from a file.
 * @throws OptionError naming the field that is wrong.
 */
export function parseReport(
  value: unknown,
  file: string,
  jobs: ReadonlyMap<string, AnyJob>,
): Report<unknown> {
  const report = checked(shape, value, file);
  const job = jobs.get(checked(z.enum([...jobs.keys()]), report.job, `${file}.job`))!;
  const lanes = report.lanes.map((lane, i) => ({
    ...lane,
    result: checked(job.schema, lane.result, `${file}.lanes[${i}].result`),
  }));
  const counterexamples = report.counterexamples.map((one, i) =>
    parseCounterexample(one, `${file}.counterexamples[${i}]`),
  );
  return { ...report, lanes, counterexamples };
}

/** Writes a report as JSON. */
const writeReport = (file: string, report: Report<unknown>): void =>
  writeOutput(file, `${JSON.stringify(report, null, 1)}\n`);

/** Writes a report as JUnit XML: a case for each saved counterexample that still fails, and for each lane or what it found. */
function writeReportJunit(file: string, job: AnyJob, report: Report<unknown>): void {
  const cases = report.lanes.flatMap((lane): JunitCase[] => {
    const failures = job.failures(lane.result);
    const seconds = lane.spentMs / 1000;
    const name = `${lane.name}: ${job.amount(lane.result)} ${job.unitOfAmount}`;
    if (lane.end === 'not begun' || (lane.end === 'interrupted' && failures.length === 0))
      return [{ name, seconds, skipped: lane.end }];
    if (failures.length === 0) return [{ name, seconds }];
    return failures.map((message) => {
      const found = report.counterexamples.find(({ system, found: { seed } }) =>
        message.startsWith(`${system}, seed ${seed},`),
      );
      const text = found === undefined ? message : counterexampleText(found);
      return {
        name: failures.length === 1 ? name : `${lane.name}: ${message}`,
        seconds,
        failure: { message, text },
      };
    });
  });
  const saved = report.saved.map((one): JunitCase => {
    return { name: `saved: ${one.file}`, seconds: 0, failure: { message: one.message, text: one.message } };
  });
  writeJunit(file, `mm-check ${report.job}`, [...saved, ...cases]);
}
