import {
  type RunResult,
  ReplayScheduler,
  type Scenario,
  explore,
  formatTrace,
  monitorsFor,
  runSchedule,
} from '@mm/interleave';
import { scenarioNamed } from '@mm/model';
import { OptionError } from '@mm/printk';

import { invariantOf } from './failure.js';
import type { Failure, Finding, ScenarioHunt } from './hunt.js';
import { OWN_SCENARIOS } from './scenarios.js';

type ScenarioFinding = Extract<Finding, { by: 'scenario' }>;

/** A scenario in one size. */
interface Sized {
  readonly size: number;
  readonly scenario: Scenario;
  readonly moves: number;
}

/** What an exploration of one scenario came to. */
export interface Explored {
  readonly executions: number;
  readonly finding: ScenarioFinding | null;
  readonly failure: Failure | null;
}

/** A scenario of the model's library in each of its sizes, or one of ours. */
function sized(name: string): Sized[] {
  const own = OWN_SCENARIOS[name];
  if (own !== undefined) return [{ size: 0, scenario: own.scenario, moves: own.moves ?? 0 }];
  const named = scenarioNamed(name);
  if (named === undefined) throw new OptionError('scenario', 'a name of the library', name);
  const { sizes, at, moves = 0 } = named;
  return sizes.map((size, i) => ({ size: i, scenario: at(size), moves }));
}

function failureOf(name: string, result: RunResult): Failure | null {
  if (result.outcome.kind === 'ended') return null;
  const { error } = result.outcome;
  return {
    invariant: invariantOf(error),
    message: error.message,
    text: `${name}:\n${formatTrace(result)}`,
  };
}

/** The livelock bound: ten times what any run of these scenarios takes. */
const STEPS_MAX = 20_000;

/** Explores every interleaving of a scenario, size by size, until one fails or the time is over. */
export function exploreScenario({ name }: ScenarioHunt, milliseconds: number, beat: () => void): Explored {
  const end = Date.now() + milliseconds;
  let executions = 0;
  for (const { size, scenario, moves } of sized(name)) {
    const result = explore(scenario, {
      moves,
      stepsMax: STEPS_MAX,
      milliseconds: Math.max(1, end - Date.now()),
      onProgress: beat,
    });
    executions += result.executions;
    const failure = result.failure === undefined ? null : failureOf(name, result.failure);
    if (failure === null) continue;
    return {
      executions,
      finding: { by: 'scenario', name, size, schedule: [...result.failure!.schedule] },
      failure,
    };
  }
  return { executions, finding: null, failure: null };
}

/** Where the code has changed, the saved schedule may no longer be the one: then the scenario is explored for so long. */
const EXPLORE_MS = 20_000;

/** Plays a saved schedule again; if it holds, explores the scenario when `others` may fail as well. */
export function replayScenario(
  { name, size, schedule }: ScenarioFinding,
  others: boolean,
  beat: () => void,
): Failure | null {
  const found = sized(name).find((one) => one.size === size);
  if (found === undefined) throw new OptionError('size', `one that ${name} has`, size);
  const { scenario, moves } = found;
  const again = runSchedule(scenario, new ReplayScheduler(schedule), {
    stepsMax: STEPS_MAX,
    monitors: monitorsFor(scenario.make()),
  });
  const failure = failureOf(name, again);
  if (failure !== null || !others) return failure;
  const result = explore(scenario, {
    moves,
    stepsMax: STEPS_MAX,
    milliseconds: EXPLORE_MS,
    onProgress: beat,
  });
  return result.failure === undefined ? null : failureOf(name, result.failure);
}
