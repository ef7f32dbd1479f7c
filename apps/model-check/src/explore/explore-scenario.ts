import { type ExploreOptions, type ExploreResult, type Schedule, explore } from '@mm/interleave';
import type { NamedScenario, ScenarioSize } from '@mm/model';

/** How scenarios are explored, as plain data. */
export interface ExploreAsked {
  readonly strategy: 'dpor' | 'pct' | 'random';
  /** `dpor` only; null: no bound. */
  readonly preemptions: number | null;
  /** `pct` and `random`. */
  readonly seed: number;
  /** `pct` only. */
  readonly depth: number;
  /** Milliseconds at most for each size. */
  readonly milliseconds: number;
  /** Runs at most for each size; null: no bound. */
  readonly runs: number | null;
}

/** What came of a scenario in one size, as plain data. */
export interface ScenarioReport {
  readonly scenario: string;
  readonly size: ScenarioSize;
  readonly outcome: ExploreResult['outcome'];
  /** Every interleaving has been seen to. */
  readonly complete: boolean;
  /** What was left out, in words. */
  readonly bounds: readonly string[];
  readonly executions: number;
  readonly blocked: number;
  readonly steps: number;
  readonly deepest: number;
  readonly milliseconds: number;
  /** By name: in how many runs it was reached. */
  readonly reached: Readonly<Record<string, number>>;
  /** What no run has reached. */
  readonly missing: readonly string[];
  readonly failure: ScenarioFailure | null;
  /** Whether the search was broken off from outside. */
  readonly interrupted: boolean;
}

/** A run that failed. */
export interface ScenarioFailure {
  /** Such as `check failed` or `deadlock`. */
  readonly kind: string;
  readonly message: string;
  readonly schedule: Schedule;
  readonly steps: number;
}

/** A search is one call, in which no signal is heard: so it is made in slices. */
const SLICE_MS = 200;

/** Explores a scenario in one size. `stop` is asked every now and then, and signals are heard meanwhile. */
export async function exploreScenario(
  named: NamedScenario,
  size: ScenarioSize,
  asked: ExploreAsked,
  stop: () => boolean,
): Promise<ScenarioReport> {
  const scenario = named.at(size);
  const options = exploreOptionsOf(named, asked);
  const began = performance.now();
  let result: ExploreResult | undefined;
  for (;;) {
    const left = asked.milliseconds - (performance.now() - began);
    const made = result === undefined ? 0 : result.executions + result.blocked;
    const slice = {
      ...options,
      milliseconds: Math.max(0, Math.min(SLICE_MS, left)),
      ...(asked.runs === null ? {} : { runsMax: Math.max(0, asked.runs - made) }),
    };
    result = explore(scenario, result === undefined ? slice : { ...slice, resume: result.state });
    await new Promise((resolve) => setImmediate(resolve));
    const spent = performance.now() - began;
    const over = asked.runs !== null && result.executions + result.blocked >= asked.runs;
    const done = result.exhausted || result.outcome === 'counterexample' || over;
    const interrupted = !done && stop();
    if (done || interrupted || spent >= asked.milliseconds)
      return reportOf(named, size, asked, result, { spent, interrupted, over });
  }
}

/** What of it a search itself is asked for. */
export function exploreOptionsOf(
  named: NamedScenario,
  asked: Omit<ExploreAsked, 'milliseconds' | 'runs'>,
): ExploreOptions {
  const { strategy, preemptions, seed, depth } = asked;
  const moves = named.moves === undefined ? {} : { moves: named.moves };
  if (strategy === 'dpor') return { strategy, ...moves, ...(preemptions === null ? {} : { preemptions }) };
  return { strategy, seed, ...moves, ...(strategy === 'pct' ? { depth } : {}) };
}

function reportOf(
  named: NamedScenario,
  size: ScenarioSize,
  asked: ExploreAsked,
  result: ExploreResult,
  { spent, interrupted, over }: { spent: number; interrupted: boolean; over: boolean },
): ScenarioReport {
  const { failure } = result;
  const found = result.outcome === 'counterexample';
  const stopped = interrupted
    ? 'interrupted'
    : over
      ? `stopped after ${asked.runs} runs`
      : `stopped after ${(asked.milliseconds / 1000).toFixed(1)} s`;
  const bounds = result.bounds.filter((bound) => !bound.startsWith('stopped'));
  return {
    scenario: named.name,
    size,
    outcome: result.outcome,
    complete: result.complete,
    bounds: result.exhausted || found ? bounds : [...bounds, stopped],
    executions: result.executions,
    blocked: result.blocked,
    steps: result.steps,
    deepest: result.deepest,
    milliseconds: Math.round(spent),
    reached: result.sometimes,
    missing: result.missing,
    failure:
      failure === undefined || failure.outcome.kind === 'ended'
        ? null
        : {
            kind: failure.outcome.kind,
            message: failure.outcome.error.message,
            schedule: failure.schedule,
            steps: failure.steps,
          },
    interrupted,
  };
}
