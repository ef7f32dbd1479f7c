import { checkScenario, expectOutcome } from './check-scenario.js';
import { expectObject, expectOptions, expected } from './expected.js';
import { ReplayScheduler } from './replay-scheduler.js';
import { type RunOptions, type RunResult, type Scenario, runSchedule } from './run-schedule.js';
import { type Schedule, checkSchedule, scheduleSteps, scheduleSwitches } from './schedule.js';

/** How long to look for a smaller run, and what it must still show. */
export interface ShrinkOptions extends RunOptions {
  /** Runs to spend at most. Default 2000. */
  readonly runsMax?: number;
  /** Whether a run still shows what is looked for. Default: the same kind of outcome. */
  readonly isSame?: (result: RunResult) => boolean;
}

/**
 * Looks for a run that fails in the same way with fewer switches, then fewer steps. Never returns a worse
 * one than it was given.
 *
 * @throws RangeError when the run did not fail and no `isSame` says what else it shows, or an argument is not what it should be.
 * @example
 * const shortest = shrinkSchedule(scenario, failing);
 */
export function shrinkSchedule(
  scenario: Scenario,
  failing: RunResult,
  options: ShrinkOptions = {},
): RunResult {
  checkScenario(scenario);
  return shrinkReplay(
    failing,
    (schedule) => runSchedule(scenario, new ReplayScheduler(schedule), options),
    options,
  );
}

/**
 * {@link shrinkSchedule} for runs that are made in a way of one's own: `replay` runs a schedule and records what was done.
 *
 * @throws RangeError as {@link shrinkSchedule}.
 * @example
 * const shortest = shrinkReplay(failing, (schedule) => replay(schedule));
 */
export function shrinkReplay<R extends Pick<RunResult, 'outcome' | 'schedule'>>(
  failing: R,
  replay: (schedule: Schedule) => R,
  options: { readonly runsMax?: number; readonly isSame?: (result: R) => boolean } = {},
): R {
  expectObject('failing', failing);
  expectOutcome('failing', failing);
  checkSchedule(failing.schedule);
  if (typeof replay !== 'function') throw expected('replay', 'a function', replay);
  expectOptions(options, { runsMax: 'count', isSame: 'function' });
  if (failing.outcome.kind === 'ended' && options.isSame === undefined)
    throw expected('failing', 'a run that failed', 'one that ended');
  const isSame = options.isSame ?? ((result) => result.outcome.kind === failing.outcome.kind);
  let best = failing;
  const budget = { left: options.runsMax ?? 2000 };
  const improves = (candidate: Schedule): boolean => {
    if (budget.left-- <= 0) return false;
    const result = replay(candidate);
    expectObject('replay()', result);
    if (!isSame(result) || !isSmaller(result.schedule, best.schedule)) return false;
    best = result;
    return true;
  };
  for (let again = true; again && budget.left > 0;) {
    again = false;
    for (let size = best.schedule.length >> 1; size >= 1; size >>= 1)
      for (let at = 0; at + size <= best.schedule.length / 2 && budget.left > 0;)
        if (improves(without(best.schedule, at, size))) again = true;
        else at++;
    for (let at = 0; at < best.schedule.length / 2 && budget.left > 0; at++)
      for (const candidate of variants(best.schedule, at)) if (improves(candidate)) again = true;
  }
  return best;
}

function isSmaller(a: Schedule, b: Schedule): boolean {
  const switches = scheduleSwitches(a) - scheduleSwitches(b);
  return switches < 0 || (switches === 0 && scheduleSteps(a) < scheduleSteps(b));
}

/** Without `size` segments from `at`: their tasks make those steps later, or never. */
const without = (schedule: Schedule, at: number, size: number): Schedule => [
  ...schedule.slice(0, at * 2),
  ...schedule.slice((at + size) * 2),
];

/** The segment made on the CPUs of its task's other segments, moved next to the one before, and cut shorter. */
function* variants(schedule: Schedule, at: number): Generator<Schedule, void, undefined> {
  const choice = schedule[at * 2]!;
  const count = schedule[at * 2 + 1]!;
  const before = schedule.slice(0, at * 2);
  const earlier = before.findLastIndex((value, i) => i % 2 === 0 && value === choice);
  if (earlier >= 0)
    yield [
      ...before.map((value, i) => (i === earlier + 1 ? value + count : value)),
      ...schedule.slice(at * 2 + 2),
    ];
  const after = schedule.slice(at * 2 + 2);
  const later = after.findIndex((value, i) => i % 2 === 0 && value === choice);
  if (later >= 0) {
    yield [...before, ...after.map((value, i) => (i === later + 1 ? value + count : value))];
    // All that comes between is made first, or the other way round.
    const between = after.slice(0, later);
    const counted = (after[later + 1] ?? 0) + count;
    for (let first = 1; first < counted; first = first * 2 + 1)
      yield [...before, choice, first, ...between, choice, counted - first, ...after.slice(later + 2)];
  }
  const others = new Set(
    schedule.filter((value, i) => i % 2 === 0 && value !== choice && value >>> 6 === choice >>> 6),
  );
  for (const other of others) {
    yield [...before, other, count, ...schedule.slice(at * 2 + 2)];
    yield schedule.map((value, i) => (i % 2 === 0 && value === choice ? other : value));
  }
  // Ended by a choice of its own: the rest of the recording follows as it is.
  for (let shorter = count >> 1; shorter >= 1; shorter >>= 1)
    yield [...before, choice, shorter, ...schedule.slice(at * 2 + 2)];
  if (count > 2) yield [...before, choice, count - 1, ...schedule.slice(at * 2 + 2)];
}
