import { CellSpace, Context } from '@mm/steps';

import { expectArray, expectInteger, expectObject, expectOptions, expected } from './expected.js';
import type { RunResult, Scenario, ScenarioRun } from './run-schedule.js';
import { checkSchedule } from './schedule.js';
import { CPUS_MAX } from './scheduler.js';

/** @throws RangeError that names the field. */
export function checkScenario(scenario: Scenario): void {
  expectObject('scenario', scenario);
  expectInteger('scenario.cpus', scenario.cpus, 1, CPUS_MAX);
  if (typeof scenario.make !== 'function') throw expected('scenario.make', 'a function', scenario.make);
}

/** What `make` has built. @throws RangeError that names the field. */
export function checkRun(run: ScenarioRun): ScenarioRun {
  expectObject('run', run);
  expectArray('run.tasks', run.tasks);
  for (const [i, task] of run.tasks.entries()) {
    expectObject(`run.tasks[${i}]`, task);
    const { ctx, steps } = task;
    if (!(ctx instanceof Context)) throw expected(`run.tasks[${i}].ctx`, 'a Context', ctx);
    if (typeof (steps as { next?: unknown } | undefined)?.next !== 'function')
      throw expected(`run.tasks[${i}].steps`, 'what a stepped function returns', steps);
  }
  const { cells } = run;
  if (cells !== undefined && !(cells instanceof CellSpace)) throw expected('run.cells', 'a CellSpace', cells);
  expectOptions(run, RUN, 'run');
  if (run.sometimes !== undefined) {
    expectObject('sometimes', run.sometimes);
    for (const [name, reached] of Object.entries(run.sometimes))
      if (typeof reached !== 'function') throw expected(`sometimes.${name}`, 'a function', reached);
  }
  if (run.footprint !== undefined) {
    expectObject('footprint', run.footprint);
    expectObject('footprint.roots', run.footprint.roots);
  }
  return run;
}

const RUN = {
  check: 'function',
  always: 'function',
  state: 'function',
  alwaysCells: 'array',
  unsynchronised: 'array',
} as const;

/** A recorded run. @throws RangeError that names the field. */
export function checkResult(result: RunResult, name = 'result'): void {
  expectObject(name, result);
  for (const field of ['trace', 'names', 'schedule', 'changes'] as const)
    expectArray(`${name}.${field}`, result[field]);
  const { names, changes, schedule } = result;
  if (!names.every((of) => typeof of === 'string')) throw expected(`${name}.names`, 'texts', names);
  if (!changes.every((of) => Array.isArray(of)))
    throw expected(`${name}.changes`, 'arrays of texts', changes);
  checkSchedule(schedule, `${name}.schedule`);
  expectOutcome(name, result);
  const { cells, trace } = result;
  if (cells !== undefined && !(cells instanceof CellSpace))
    throw expected(`${name}.cells`, 'a CellSpace', cells);
  if (!trace.every((value) => Number.isInteger(value) && value >= 0) || trace.length % 2 !== 0)
    throw expected(`${name}.trace`, 'pairs of choice and access', trace);
}

/** How a run ended. @throws RangeError that names the field. */
export function expectOutcome(name: string, { outcome }: Pick<RunResult, 'outcome'>): void {
  expectObject(`${name}.outcome`, outcome);
  const kind: unknown = outcome.kind;
  if (typeof kind !== 'string') throw expected(`${name}.outcome.kind`, 'a text', kind);
  if (outcome.kind !== 'ended' && typeof (outcome.error as Error | undefined)?.message !== 'string')
    throw expected(`${name}.outcome.error`, 'an error', outcome.error);
}
