import { checkScenario } from '../check-scenario.js';
import { LockOrderMonitor } from '../lock-order.js';
import { type Monitor, SometimesMonitor } from '../monitors.js';
import { ReplayScheduler } from '../replay-scheduler.js';
import { type RunResult, STEPS_MAX, type Scenario, runSchedule } from '../run-schedule.js';
import type { Schedule } from '../schedule.js';
import { shrinkReplay } from '../shrink-schedule.js';
import { monitorsFor } from '../watch.js';
import {
  type ExploreOptions,
  type ExploreProgress,
  type ExploreResult,
  checkExploreOptions,
} from './options.js';
import { GivenSearch, PctSearch, RandomSearch } from './sampling.js';
import { DporSearch, type Failing, type Search, type SearchBounds } from './search.js';
import { EXPLORE_STATE_VERSION, type ExploreState, askedOf, checkResume } from './state.js';

const PROGRESS_EVERY_MS = 100;
const SAMPLES_MAX = 1000;

/**
 * Runs a scenario again and again, each time in another order of its tasks' steps, until one run fails or the bounds are
 * reached. Fails: what a task throws, `check` and `always`, deadlock, livelock, misuse of locks and sections, locks taken
 * in both orders, data races on `unsynchronised` cells. The failing run is made small before it is given back.
 *
 * @throws RangeError when an option or the state to resume is not as expected; ScheduleError 'wrong use' for more than
 * 16 tasks under `dpor`, 'nondeterminism' when `make` does not build the same each time.
 * @example
 * const result = explore(scenario);
 * result.outcome; // 'holds'
 * result.complete; // true: every interleaving
 * result.executions; // 518
 */
export function explore(scenario: Scenario, options: ExploreOptions = {}): ExploreResult {
  checkScenario(scenario);
  checkExploreOptions(options);
  const stepsMax = options.stepsMax ?? STEPS_MAX;
  const asked = askedOf(options, stepsMax);
  const { resume } = options;
  if (resume !== undefined) checkResume(resume, asked);
  const watch = (): Monitor[] => monitorsFor(scenario.make(), options.footprints);
  const monitors = watch();
  const sometimes = monitors.find((monitor) => monitor instanceof SometimesMonitor);
  for (const [name, runs] of Object.entries(resume?.sometimes ?? {})) sometimes?.reached.set(name, runs);
  const lockOrder = monitors.find((monitor) => monitor instanceof LockOrderMonitor);
  lockOrder?.restore(resume?.lockOrder ?? []);
  const search = searchFor(scenario, options, { ...boundsOf(options), stepsMax, monitors });
  const { failing, made, milliseconds, stoppedBy } = drive(search, options);
  for (const monitor of monitors) monitor.dispose?.();
  const found = failing === undefined ? undefined : rerun(scenario, failing, { stepsMax, watch });
  const reached = Object.fromEntries(sometimes?.reached ?? []);
  const missing = sometimes?.missing ?? [];
  const isVacuous = missing.length > 0 || search.executions === 0;
  const { executions, blocked, steps, deepest, exhausted } = search;
  const bounds = [...boundsInWords(scenario, options), ...(stoppedBy === undefined ? [] : [stoppedBy])];
  return {
    outcome: failing !== undefined ? 'counterexample' : isVacuous ? 'vacuous' : 'holds',
    complete: exhausted && asked.strategy === 'dpor' && asked.preemptions === null,
    exhausted,
    bounds,
    executions,
    blocked,
    steps,
    deepest,
    milliseconds,
    found,
    last: made === 0 ? undefined : search.lastSchedule(),
    failure:
      found === undefined ? undefined : shrunk(scenario, found, { stepsMax, watch }, options.shrinkRunsMax),
    sometimes: reached,
    missing,
    guarantee: search.guarantee,
    leftAt: search.leftAt,
    state: { ...stateOf(search, asked, reached), lockOrder: lockOrder?.edges ?? [] },
  };
}

const boundsOf = (options: ExploreOptions): { preemptions: number; moves: number } => ({
  preemptions: options.preemptions ?? Infinity,
  moves: options.moves ?? 0,
});

function searchFor(scenario: Scenario, options: ExploreOptions, bounds: SearchBounds): Search {
  const { strategy = 'dpor', seed = 1, depth = 3, resume } = options;
  switch (strategy) {
    case 'dpor':
      return new DporSearch(scenario, bounds, resume);
    case 'pct':
      return new PctSearch(scenario, bounds, resume, { seed, depth });
    case 'random':
      return new RandomSearch(scenario, bounds, resume, seed);
    default:
      return new GivenSearch(scenario, bounds, resume, strategy);
  }
}

/** Makes runs until one fails, nothing is left, or a bound is reached, which it names. */
function drive(
  search: Search,
  options: ExploreOptions,
): { failing: Failing | undefined; made: number; milliseconds: number; stoppedBy: string | undefined } {
  const { onProgress, milliseconds: timeMax = Infinity } = options;
  const runsMax =
    options.runsMax ??
    ((options.strategy ?? 'dpor') === 'dpor' || timeMax < Infinity ? Infinity : SAMPLES_MAX);
  const start = Date.now();
  let failing: Failing | undefined;
  let stoppedBy: string | undefined;
  let told = 0;
  let passed = 0;
  let made = 0;
  while (!search.exhausted && failing === undefined && stoppedBy === undefined) {
    if (made >= runsMax) stoppedBy = `stopped after ${made} runs`;
    else if (passed >= timeMax) stoppedBy = `stopped after ${Math.round(passed)} ms`;
    else {
      failing = search.next();
      made++;
    }
    passed = Date.now() - start;
    if (onProgress === undefined || passed - told < PROGRESS_EVERY_MS) continue;
    told = passed;
    if (onProgress(progressOf(search, passed)) === false) stoppedBy ??= 'stopped by its caller';
  }
  return { failing, made, milliseconds: passed, stoppedBy };
}

const progressOf = (search: Search, milliseconds: number): ExploreProgress => {
  const { executions, blocked, steps, deepest } = search;
  return { executions, blocked, steps, deepest, milliseconds };
};

interface Watched {
  readonly stepsMax: number;
  readonly watch: () => Monitor[];
}

function recorded(scenario: Scenario, schedule: Schedule, { stepsMax, watch }: Watched): RunResult {
  const monitors = watch();
  const result = runSchedule(scenario, new ReplayScheduler(schedule), {
    stepsMax,
    monitors,
    recordState: true,
  });
  for (const monitor of monitors) monitor.dispose?.();
  return result;
}

/** The failing run once more, recorded. Locks taken in both orders may need all the runs before it. */
function rerun(scenario: Scenario, failing: Failing, watched: Watched): RunResult {
  const result = recorded(scenario, failing.schedule, watched);
  return result.outcome.kind === failing.outcome.kind ? result : { ...result, outcome: failing.outcome };
}

function shrunk(scenario: Scenario, found: RunResult, watched: Watched, runsMax = 2000): RunResult {
  if (runsMax === 0) return found;
  return shrinkReplay(found, (schedule) => recorded(scenario, schedule, watched), { runsMax });
}

function boundsInWords(scenario: Scenario, options: ExploreOptions): string[] {
  const { strategy = 'dpor', preemptions, moves = 0 } = options;
  if (typeof strategy !== 'string') return ['one given schedule'];
  const words: string[] = [];
  if (strategy === 'pct') words.push('samples by priority');
  if (strategy === 'random') words.push('random samples');
  if (preemptions !== undefined) words.push(`at most ${preemptions} preemptions`);
  if (scenario.cpus > 1)
    words.push(moves === 0 ? 'tasks stay on their CPUs' : `each task moves at most ${moves} times`);
  return words;
}

function stateOf(
  search: Search,
  asked: ExploreState['asked'],
  sometimes: Record<string, number>,
): Omit<ExploreState, 'lockOrder'> {
  const { executions, blocked, steps, deepest, dpor, tasks } = search;
  return {
    format: 'interleave-exploration',
    version: EXPLORE_STATE_VERSION,
    asked,
    executions,
    blocked,
    steps,
    deepest,
    sometimes,
    dpor,
    tasks,
  };
}
