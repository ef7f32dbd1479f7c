import { checkResult, checkScenario } from '../check-scenario.js';
import { expectArray, expectInteger, expectObject, expectOptions, expected, inWords } from '../expected.js';
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
 * @throws RangeError when the run did not fail, `operations` are no plain data, or an argument is not what it should be.
 * @example
 * writeFileSync('lost-update.json', JSON.stringify(saveCounterexample(result.failure!, { scenario: 'counter' })));
 */
export function saveCounterexample(
  result: RunResult,
  of: { readonly scenario: string; readonly operations?: readonly unknown[]; readonly stepsMax?: number },
): Counterexample {
  checkResult(result);
  expectOptions(of, { stepsMax: 'count', operations: 'array' }, 'of');
  expectText('scenario', of.scenario);
  if (of.stepsMax !== undefined) expectInteger('stepsMax', of.stepsMax, 1);
  const { outcome, schedule } = result;
  if (outcome.kind === 'ended') throw expected('result', 'a run that failed', 'one that ended');
  const { operations } = of;
  const plain = operations === undefined ? undefined : plainCopy(operations);
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

/** A copy by way of JSON, which must have lost nothing that JSON shows. */
function plainCopy(operations: readonly unknown[]): unknown[] {
  try {
    const text = JSON.stringify(operations);
    const copy = JSON.parse(text) as unknown[];
    if (JSON.stringify(copy) === text) return copy;
  } catch {
    // Such as a bigint, or a circle.
  }
  throw expected('operations', 'plain data', operations);
}

/**
 * Reads a saved counterexample, and checks all of it.
 * @throws RangeError that names the field, what came and what was expected.
 * @example
 * const saved = parseCounterexample(readFileSync('lost-update.json', 'utf8'));
 */
export function parseCounterexample(text: string): Counterexample {
  if (typeof text !== 'string') throw expected('counterexample', 'a text', text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RangeError(`counterexample: expected JSON, got ${inWords(text)}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return checkSaved(value);
}

/** All of a saved counterexample. @throws RangeError that names the field. */
function checkSaved(saved: unknown): Counterexample {
  expectObject('counterexample', saved);
  if (saved['format'] !== 'interleave-counterexample')
    throw expected('format', 'interleave-counterexample', saved['format']);
  if (saved['version'] !== COUNTEREXAMPLE_VERSION)
    throw expected('version', String(COUNTEREXAMPLE_VERSION), saved['version']);
  expectText('scenario', saved['scenario']);
  const outcome = saved['outcome'];
  expectObject('outcome', outcome);
  expectText('outcome.kind', outcome['kind']);
  expectText('outcome.message', outcome['message']);
  checkSchedule(saved['schedule'] as number[]);
  const accesses = saved['accesses'];
  expectArray('accesses', accesses);
  for (const [i, access] of accesses.entries()) expectText(`accesses[${i}]`, access);
  expectInteger('stepsMax', saved['stepsMax'], 1);
  if (saved['operations'] !== undefined) expectArray('operations', saved['operations']);
  return saved as unknown as Counterexample;
}

function expectText(field: string, value: unknown): void {
  if (typeof value !== 'string') throw expected(field, 'a text', value);
}

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
 * @throws RangeError that names the field, as {@link parseCounterexample}.
 * @example
 * const { verdict, leftAt } = replayCounterexample(scenario, saved);
 */
export function replayCounterexample(scenario: Scenario, saved: Counterexample): Replayed {
  const { stepsMax, schedule, accesses } = checkSaved(saved);
  checkScenario(scenario);
  const run = (expectTrace?: readonly number[]): { result: RunResult; leftAt: number } => {
    const replay = new ReplayScheduler(schedule);
    const monitors = monitorsFor(scenario.make());
    const held = expectTrace === undefined ? {} : { expectTrace };
    const result = runSchedule(scenario, replay, { stepsMax, monitors, recordState: true, ...held });
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
