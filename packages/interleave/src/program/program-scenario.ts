import { checkResult } from '../check-scenario.js';
import { expectArray, expectInteger, expectObject, expectOptions, expected } from '../expected.js';
import { explore } from '../explore/explore.js';
import { ReplayScheduler } from '../replay-scheduler.js';
import { type RunResult, type Scenario, type ScenarioRun, runSchedule } from '../run-schedule.js';
import type { Schedule } from '../schedule.js';
import { CPUS_MAX } from '../scheduler.js';
import { shrinkReplay } from '../shrink-schedule.js';
import { monitorsFor } from '../watch.js';
import { type ShrinkOperationsOptions, shrinkOperations } from './shrink-operations.js';

/** A scenario whose tasks do what a list of operations says: so that the list can be made shorter, too. */
export interface ProgramScenario<Op> {
  /** Simulated CPUs, 1..64. */
  readonly cpus: number;
  /** Builds fresh state and fresh tasks for a program, the same each time. */
  readonly make: (operations: readonly Op[]) => ScenarioRun;
  /** Simpler operations to put in place of one: see {@link shrinkOperations}. */
  readonly simpler?: ShrinkOperationsOptions<Op>['simpler'];
}

/**
 * The scenario of one program.
 * @throws RangeError that names what is wrong with either.
 * @example
 * explore(scenarioOfProgram(stack, [{ cpu: 0, do: 'push' }, { cpu: 1, do: 'pop' }]));
 */
export function scenarioOfProgram<Op>(program: ProgramScenario<Op>, operations: readonly Op[]): Scenario {
  checkProgram(program, operations);
  return { cpus: program.cpus, make: () => program.make(operations) };
}

/** @throws RangeError that names the field. */
export function checkProgram<Op>(program: ProgramScenario<Op>, operations: readonly Op[]): void {
  expectObject('program', program);
  expectInteger('program.cpus', program.cpus, 1, CPUS_MAX);
  if (typeof program.make !== 'function') throw expected('program.make', 'a function', program.make);
  expectOptions(program, { simpler: 'function' }, 'program');
  expectArray('operations', operations);
}

/** How long {@link shrinkProgramRun} looks. */
export interface ShrinkProgramOptions {
  /** Runs to spend at most. Default 2000. */
  readonly runsMax?: number;
  /** The livelock bound of a run, in steps. Default 100,000. */
  readonly stepsMax?: number;
  /** Whether a run still shows what is looked for. Default: the same kind of outcome. */
  readonly isSame?: (result: RunResult) => boolean;
}

/** A program and a run of it that fail, and the runs that it took to find them. */
export interface ShrunkProgram<Op> {
  readonly operations: readonly Op[];
  readonly result: RunResult;
  readonly runs: number;
}

/** Runs by partial-order reduction that a shorter program is given, where what is left of the schedule shows nothing. */
const SEARCH_RUNS = 60;

/**
 * Makes the program and the schedule of a failing run small: few operations, then few switches, then few steps. A shorter
 * program is tried with what is left of the schedule, and then searched for another.
 *
 * @throws RangeError when the run did not fail and no `isSame` says what else it shows, or an argument is not what it should be.
 * @example
 * const { operations, result } = shrinkProgramRun(stack, program, failing);
 * console.log(operations, formatTrace(result));
 */
export function shrinkProgramRun<Op>(
  program: ProgramScenario<Op>,
  operations: readonly Op[],
  failing: RunResult,
  options: ShrinkProgramOptions = {},
): ShrunkProgram<Op> {
  checkProgram(program, operations);
  checkResult(failing, 'failing');
  expectOptions(options, { runsMax: 'count', stepsMax: 'count', isSame: 'function' });
  if (failing.outcome.kind === 'ended' && options.isSame === undefined)
    throw expected('failing', 'a run that failed', 'one that ended');
  const { runsMax = 2000, stepsMax = 100_000 } = options;
  const isSame = options.isSame ?? ((result) => result.outcome.kind === failing.outcome.kind);
  let runs = 0;
  let best = failing;
  const replay = (tried: readonly Op[], schedule: Schedule): RunResult => {
    runs++;
    const scenario = scenarioOfProgram(program, tried);
    const monitors = monitorsFor(scenario.make());
    return runSchedule(scenario, new ReplayScheduler(schedule), { stepsMax, monitors, recordState: true });
  };
  // Without a race the schedule shows nothing either way, and every other would be tried in vain.
  const isRacy = failing.schedule.length > 2;
  const search = (tried: readonly Op[]): RunResult | undefined => {
    const runsLeft = Math.min(SEARCH_RUNS, runsMax - runs);
    const scenario = scenarioOfProgram(program, tried);
    const { found, executions, blocked } = explore(scenario, {
      stepsMax,
      runsMax: runsLeft,
      shrinkRunsMax: 0,
    });
    runs += executions + blocked;
    return found;
  };
  const fails = (tried: readonly Op[]): boolean => {
    if (runs >= runsMax) return false;
    let result: RunResult | undefined = replay(tried, best.schedule);
    if (!isSame(result) && isRacy && runs < runsMax) result = search(tried);
    if (result === undefined || !isSame(result)) return false;
    best = result;
    return true;
  };
  const simpler = program.simpler === undefined ? {} : { simpler: program.simpler };
  let left = operations;
  for (let before = Infinity; left.length < before && runs < runsMax;) {
    before = left.length;
    left = shrinkOperations(left, fails, { triesMax: runsMax - runs, ...simpler }).operations;
    const now = left;
    best = shrinkReplay(best, (schedule) => replay(now, schedule), {
      runsMax: Math.max(0, runsMax - runs),
      isSame,
    });
  }
  return { operations: left, result: best, runs };
}
