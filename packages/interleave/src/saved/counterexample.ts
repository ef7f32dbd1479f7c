import { accessOf } from '../output/describe-access.js';
import { ReplayScheduler } from '../replay-scheduler.js';
import { type RunResult, STEPS_MAX, type Scenario, runSchedule } from '../run-schedule.js';
import { type Schedule, checkSchedule } from '../schedule.js';
import { monitorsFor } from '../watch.js';

/** The number in a saved counterexample that says how to read it. */
export const COUNTEREXAMPLE_VERSION = 1;

/** A failing run as plain data, for a JSON file that replays it. */
export interface Counterexample {
  readonly format: 'interleave-counterexample';
  readonly version: number;
  /** The name of the scenario, for whoever has to find it again. */
  readonly scenario: string;
  readonly outcome: { readonly kind: string; readonly message: string };
  readonly schedule: Schedule;
  /** By step: the access in words, by which it is told where changed code leaves the recorded path. */
  readonly accesses: readonly string[];
  /** The livelock bound that it was found under. */
  readonly stepsMax: number;
  /** The program, where the scenario takes one: plain data. */
  readonly operations?: readonly unknown[];
}

/**
 * A failing run as plain data.
 * @throws RangeError when the run did not fail, or `operations` are no plain data.
 * @example
 * writeFileSync('lost-update.json', JSON.stringify(saveCounterexample(result.failure!, { scenario: 'counter' })));
 */
export function saveCounterexample(
  result: RunResult,
  of: { readonly scenario: string; readonly operations?: readonly unknown[]; readonly stepsMax?: number },
): Counterexample {
  const { outcome, schedule } = result;
  if (outcome.kind === 'ended')
    throw new RangeError('result: expected a run that failed, got one that ended');
  const { operations } = of;
  const plain = operations === undefined ? undefined : (JSON.parse(JSON.stringify(operations)) as unknown[]);
  if (operations !== undefined && JSON.stringify(plain) !== JSON.stringify(operations))
    throw new RangeError('operations: expected plain data');
  return {
    format: 'interleave-counterexample',
    version: COUNTEREXAMPLE_VERSION,
    scenario: of.scenario,
    outcome: { kind: outcome.kind, message: outcome.error.message },
    schedule: [...schedule],
    accesses: Array.from({ length: result.steps }, (_, step) => accessOf(result, step)),
    stepsMax: of.stepsMax ?? STEPS_MAX,
    ...(plain === undefined ? {} : { operations: plain }),
  };
}

/**
 * Reads a saved counterexample, and checks all of it.
 * @throws RangeError that names the field, what came and what was expected.
 * @example
 * const saved = parseCounterexample(readFileSync('lost-update.json', 'utf8'));
 */
export function parseCounterexample(text: string): Counterexample {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RangeError(`counterexample: expected JSON: ${(error as Error).message}`, { cause: error });
  }
  const saved = objectAt('counterexample', value);
  if (saved['format'] !== 'interleave-counterexample')
    throw new RangeError(`format: expected interleave-counterexample, got ${String(saved['format'])}`);
  if (saved['version'] !== COUNTEREXAMPLE_VERSION)
    throw new RangeError(`version: expected ${COUNTEREXAMPLE_VERSION}, got ${String(saved['version'])}`);
  stringAt('scenario', saved['scenario']);
  const outcome = objectAt('outcome', saved['outcome']);
  stringAt('outcome.kind', outcome['kind']);
  stringAt('outcome.message', outcome['message']);
  checkSchedule(arrayAt('schedule', saved['schedule']) as number[]);
  arrayAt('accesses', saved['accesses']).forEach((access, i) => stringAt(`accesses[${i}]`, access));
  if (!Number.isSafeInteger(saved['stepsMax']) || (saved['stepsMax'] as number) < 1)
    throw new RangeError(`stepsMax: expected an integer from 1, got ${String(saved['stepsMax'])}`);
  if (saved['operations'] !== undefined) arrayAt('operations', saved['operations']);
  return saved as unknown as Counterexample;
}

function objectAt(field: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new RangeError(`${field}: expected an object, got ${inWords(value)}`);
}
function arrayAt(field: string, value: unknown): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw new RangeError(`${field}: expected an array, got ${inWords(value)}`);
}
function stringAt(field: string, value: unknown): void {
  if (typeof value !== 'string') throw new RangeError(`${field}: expected a text, got ${inWords(value)}`);
}
const inWords = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 60);

/** What came of a replay. */
export interface Replayed {
  /**
   * - `same`: it fails as it did.
   * - `differs`: it fails in another way.
   * - `holds`: it does not fail any more.
   * - `nondeterminism`: two runs of the same schedule differ from each other, so the scenario is no function of it.
   */
  readonly verdict: 'same' | 'differs' | 'holds' | 'nondeterminism';
  readonly result: RunResult;
  /** The first step (from 0) that is not as it was recorded, or -1: the code has changed since. */
  readonly leftAt: number;
}

/**
 * Replays a saved counterexample: exactly while the code is what it was; where it has changed, as near as it can be, and says
 * where it left the recorded path. Runs it twice, to tell code that is not deterministic.
 *
 * @example
 * const { verdict, leftAt } = replayCounterexample(scenario, saved);
 */
export function replayCounterexample(scenario: Scenario, saved: Counterexample): Replayed {
  const { stepsMax, schedule, accesses } = saved;
  const run = (expectTrace?: readonly number[]): { result: RunResult; leftAt: number } => {
    const replay = new ReplayScheduler(schedule);
    const monitors = monitorsFor(scenario.make());
    const expected = expectTrace === undefined ? {} : { expectTrace };
    const result = runSchedule(scenario, replay, { stepsMax, monitors, recordState: true, ...expected });
    return { result, leftAt: replay.leftAt };
  };
  const { result, leftAt } = run();
  const again = run(result.trace).result;
  const differs = accesses.findIndex(
    (access, step) => step >= result.steps || accessOf(result, step) !== access,
  );
  const left = [leftAt, differs, result.steps > accesses.length ? accesses.length : -1].filter(
    (at) => at >= 0,
  );
  const { kind } = result.outcome;
  const isSteady = again.outcome.kind === kind && again.steps === result.steps;
  return {
    verdict: !isSteady
      ? 'nondeterminism'
      : kind === 'ended'
        ? 'holds'
        : kind === saved.outcome.kind
          ? 'same'
          : 'differs',
    result: isSteady ? result : again,
    leftAt: left.length === 0 ? -1 : Math.min(...left),
  };
}
