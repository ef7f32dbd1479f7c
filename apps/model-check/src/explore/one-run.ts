import {
  type ExploreResult,
  type RunResult,
  type Schedule,
  type Scheduler,
  type TraceJson,
  ReplayScheduler,
  explore,
  formatTrace,
  monitorsFor,
  runSchedule,
  traceJson,
} from '@mm/interleave';
import type { NamedScenario, ScenarioSize } from '@mm/model';
import { OptionError } from '@mm/printk';

import { ExitCode } from '../exit-code.js';
import type { Interrupt } from '../interrupt.js';
import { Progress } from '../progress.js';
import { type RunOutputs, writeRunOutputs } from '../run-outputs.js';
import { writeOutput } from '../write-output.js';
import { type ExploreAsked, exploreOptionsOf } from './explore-scenario.js';
import { HandScheduler, handText, scheduleOption } from './hand-schedule.js';
import { sizeText } from './list-scenarios.js';

/** One run of a scenario, whether it fails or not: of a schedule given by hand, or the n-th that a search makes. */
export interface OneRunAsked {
  readonly named: NamedScenario;
  readonly size: ScenarioSize;
  readonly of:
    | { readonly schedule: string }
    | { readonly execution: number; readonly search: Omit<ExploreAsked, 'milliseconds' | 'runs'> };
}

/** The number in the JSON of one run that says how to read it. */
const ONE_RUN_VERSION = 1;

/** One run as it is written as JSON. */
interface OneRunReport {
  readonly schemaVersion: typeof ONE_RUN_VERSION;
  readonly scenario: string;
  readonly size: ScenarioSize;
  readonly of: OneRunAsked['of'];
  readonly verdict: 'holds' | 'fails';
  readonly failure: string | null;
  /** The first step that could not be made as the schedule says; null: none. */
  readonly leftAt: number | null;
  readonly trace: TraceJson;
}

/** Files beside those of {@link RunOutputs}. */
export interface OneRunOutputs extends RunOutputs {
  readonly json?: string;
}

/** Makes one run, shows it, and writes it as asked for. @throws OptionError when there is no such run. */
export async function showOneRun(
  asked: OneRunAsked,
  outputs: OneRunOutputs,
  interrupt: Interrupt,
): Promise<ExitCode> {
  const { named, size, of } = asked;
  const scenario = named.at(size);
  const { tasks } = scenario.make();
  const homes = tasks.map(({ ctx }) => ctx.cpu);
  let run: RunResult;
  let leftAt = -1;
  const record = (scheduler: Scheduler): RunResult =>
    runSchedule(scenario, scheduler, { monitors: monitorsFor(scenario.make()), recordState: true });
  if ('schedule' in of) {
    const names = tasks.map(({ name }, task) => name ?? `task ${task}`);
    const segments = scheduleOption(of.schedule, names, scenario.cpus);
    const scheduler = new HandScheduler(segments);
    run = record(scheduler);
    const made = tasksOf(run);
    const unknown = segments.find(({ task }) => task >= made);
    if (unknown !== undefined)
      throw new OptionError('--schedule', `tasks 0 to ${made - 1}, there are no others`, `${unknown.task}`);
    if (run.outcome.kind === 'ended') scheduler.end(run.steps);
    ({ leftAt } = scheduler);
  } else {
    const schedule = await executionOf(named, size, of, interrupt);
    if (schedule === undefined) return ExitCode.interrupted;
    run = record(new ReplayScheduler(schedule));
  }
  const { outcome } = run;
  const title = `${named.name} ${sizeText(size)}${'execution' in of ? `, execution ${of.execution}` : ''}`;
  console.log(`${title}: ${named.purpose}`);
  console.log(
    `reproduce: mm-check explore --scenario ${named.name} --size ${sizeText(size)} --schedule ${JSON.stringify(handText(run, homes))}`,
  );
  console.log(formatTrace(run));
  if (leftAt >= 0) console.log(`step ${leftAt} could not be made as the schedule says`);
  writeRunOutputs(run, { title, hosts: 'tasks' }, outputs);
  const failure = outcome.kind === 'ended' ? null : outcome.error.message;
  const report: OneRunReport = {
    schemaVersion: ONE_RUN_VERSION,
    scenario: named.name,
    size,
    of,
    verdict: failure === null ? 'holds' : 'fails',
    failure,
    leftAt: leftAt < 0 ? null : leftAt,
    trace: traceJson(run),
  };
  if (outputs.json !== undefined) writeOutput(outputs.json, `${JSON.stringify(report, null, 1)}\n`);
  console.log(failure === null ? 'holds: this run' : `fails: ${failure}`);
  return failure === null ? ExitCode.holds : ExitCode.counterexample;
}

/** Tasks that a run made, those that others started included. */
function tasksOf({ names, trace }: RunResult): number {
  let tasks = names.length;
  for (let at = 0; at < trace.length; at += 2) tasks = Math.max(tasks, (trace[at]! >>> 6) + 1);
  return tasks;
}

/** A search is one call, in which no signal is heard: so it is made in slices. */
const SLICE_MS = 200;

/** The schedule of the n-th execution of a search, those that fail counted, too; undefined when interrupted. */
async function executionOf(
  named: NamedScenario,
  size: ScenarioSize,
  { execution, search }: Extract<OneRunAsked['of'], { execution: number }>,
  interrupt: Interrupt,
): Promise<Schedule | undefined> {
  const scenario = named.at(size);
  const progress = new Progress('executions', execution);
  const options = { ...exploreOptionsOf(named, search), milliseconds: SLICE_MS, shrinkRunsMax: 0 };
  let result: ExploreResult | undefined;
  try {
    for (;;) {
      const made: number = result?.executions ?? 0;
      const resume = result === undefined ? {} : { resume: result.state };
      // Each run is one execution or none, so this one does not go past it.
      result = explore(scenario, { ...options, ...resume, runsMax: execution - made });
      progress.advance(`${named.name} ${sizeText(size)}`, result.executions - made);
      if (result.executions === execution) return result.last;
      if (result.exhausted)
        throw new OptionError('--execution', `1 to ${result.executions}, which are all`, execution);
      await new Promise((resolve) => setImmediate(resolve));
      if (interrupt.requested) return undefined;
    }
  } finally {
    progress.end();
  }
}
