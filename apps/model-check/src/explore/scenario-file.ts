import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { type Schedule, checkSchedule } from '@mm/interleave';
import { type NamedScenario, SCENARIOS, type ScenarioSize, scenarioNamed } from '@mm/model';
import { OptionError } from '@mm/printk';

import { parseJson, readText } from '../read-json.js';
import { replaceOutput } from '../write-output.js';
import type { ScenarioReport } from './explore-scenario.js';

/** The version of what is written. */
export const SCENARIO_FORMAT = 'mm-scenario/1';

/** A run of a scenario that failed, to be made again exactly. */
export interface ScenarioFile {
  readonly format: typeof SCENARIO_FORMAT;
  readonly scenario: string;
  readonly size: ScenarioSize;
  /** How it failed. */
  readonly kind: string;
  readonly failure: string;
  readonly schedule: Schedule;
}

/** Writes a failing run into a folder, which is made; one of the same name is replaced. Returns the file's name. */
export function saveScenarioRun(folder: string, report: ScenarioReport): string {
  const { scenario, size, failure } = report;
  const content: ScenarioFile = {
    format: SCENARIO_FORMAT,
    scenario,
    size,
    kind: failure!.kind,
    failure: failure!.message,
    schedule: failure!.schedule,
  };
  const words = failure!.kind.replaceAll(/[^a-z]+/gu, '-');
  const file = join(folder, `${scenario}-${size.cpus}x${size.operations}-${words}.json`);
  replaceOutput(file, `${JSON.stringify(content)}\n`);
  return file;
}

/** Whether the content of a file is a scenario's, whatever its version. */
export const isScenarioFile = (content: unknown): boolean =>
  typeof content === 'object' &&
  content !== null &&
  String((content as Record<string, unknown>)['format']).startsWith('mm-scenario/');

/**
 * Checks the content of a file.
 * @throws OptionError naming the file and the field that is wrong.
 */
export function parseScenarioFile(
  content: unknown,
  file: string,
): ScenarioFile & { readonly named: NamedScenario } {
  const refuse = (field: string, expected: string, got: unknown): never => {
    throw new OptionError(`${file}: ${field}`, expected, got);
  };
  if (!isScenarioFile(content)) refuse('format', SCENARIO_FORMAT, (content as ScenarioFile | null)?.format);
  const { format, scenario, size, kind, failure, schedule } = content as ScenarioFile;
  if (format !== SCENARIO_FORMAT) refuse('format', SCENARIO_FORMAT, format);
  const named = typeof scenario === 'string' ? scenarioNamed(scenario) : undefined;
  if (named === undefined)
    return refuse('scenario', `one of ${SCENARIOS.map(({ name }) => name).join(', ')}`, scenario);
  if (!named.sizes.some((known) => known.cpus === size?.cpus && known.operations === size?.operations))
    refuse('size', `one of ${named.sizes.map((known) => JSON.stringify(known)).join(', ')}`, size);
  if (typeof kind !== 'string') refuse('kind', 'a text', kind);
  if (typeof failure !== 'string') refuse('failure', 'a text', failure);
  try {
    checkSchedule(schedule);
  } catch (error) {
    refuse('schedule', (error as Error).message, typeof schedule);
  }
  return { format, scenario, size, kind, failure, schedule, named };
}

/** The saved runs of a folder, with their files; none when there is no folder. @throws OptionError */
export function savedScenarioRuns(
  folder: string,
): Array<{ readonly file: string; readonly run: ReturnType<typeof parseScenarioFile> }> {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => ({
      file: join(folder, name),
      content: parseJson(readText(join(folder, name)), join(folder, name), 'a run of a scenario'),
    }))
    .filter(({ content }) => isScenarioFile(content))
    .map(({ file, content }) => ({ file, run: parseScenarioFile(content, file) }));
}
