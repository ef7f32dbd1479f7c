import { Interleaver } from '../interleaver.js';
import { type PctGuarantee, PctScheduler, pctGuarantee } from '../pct-scheduler.js';
import { Random } from '../random.js';
import { ReplayScheduler } from '../replay-scheduler.js';
import { type RunResult, type Scenario, runOn } from '../run-schedule.js';
import { type Schedule, scheduleSteps } from '../schedule.js';
import type { Scheduler } from '../scheduler.js';
import { SeededScheduler } from '../seeded-scheduler.js';
import type { Failing, Search, SearchBounds, SearchStart } from './search.js';

/** The seed of the n-th run. */
const seedOf = (seed: number, run: number): number =>
  new Random((Math.imul(seed, 0x9e3779b1) ^ (run + 1)) | 0).next();

/** Until there is one. */
const NONE: Scheduler = { choose: () => -1 };

/** Runs that do not depend on what earlier ones found. */
abstract class Sampling implements Search {
  executions: number;
  readonly blocked = 0;
  steps: number;
  deepest: number;
  tasks: number;
  readonly dpor = null;
  leftAt = -1;
  exhausted = false;
  readonly #scenario: Scenario;
  readonly #bounds: SearchBounds;
  readonly #machine: Interleaver;
  #last: Schedule = [];

  constructor(scenario: Scenario, bounds: SearchBounds, start: SearchStart | undefined) {
    this.#scenario = scenario;
    this.#bounds = bounds;
    this.#machine = new Interleaver({ cpus: scenario.cpus, scheduler: NONE, keepNumbers: true });
    this.executions = start?.executions ?? 0;
    this.steps = start?.steps ?? 0;
    this.deepest = start?.deepest ?? 0;
    this.tasks = start?.tasks ?? 0;
  }

  get guarantee(): PctGuarantee | undefined {
    return undefined;
  }

  next(): Failing | undefined {
    const { stepsMax, monitors } = this.#bounds;
    this.#machine.scheduler = this.schedulerOf(this.executions);
    const result = runOn(this.#machine, this.#scenario, { stepsMax, monitors });
    this.executions++;
    this.steps += result.steps;
    this.deepest = Math.max(this.deepest, result.steps);
    this.tasks = Math.max(this.tasks, tasksOf(result));
    this.#last = result.schedule;
    this.afterRun();
    return result.outcome.kind === 'ended' ? undefined : result;
  }

  lastSchedule(): Schedule {
    return this.#last;
  }

  protected abstract schedulerOf(run: number): Scheduler;
  protected afterRun(): void {}
}

/** Tasks that made steps, spawned ones too. */
function tasksOf(result: RunResult): number {
  let tasks = result.names.length;
  for (let i = 0; i < result.trace.length; i += 2) tasks = Math.max(tasks, (result.trace[i]! >>> 6) + 1);
  return tasks;
}

/** A switch at any step by chance. */
export class RandomSearch extends Sampling {
  readonly #seed: number;
  readonly #moves: number;

  constructor(scenario: Scenario, bounds: SearchBounds, start: SearchStart | undefined, seed: number) {
    super(scenario, bounds, start);
    this.#seed = seed;
    this.#moves = bounds.moves;
  }

  protected schedulerOf(run: number): Scheduler {
    const moves = this.#moves > 0 ? { movesMax: this.#moves, moveChance: 0.1 } : { moveChance: 0 };
    return new SeededScheduler(seedOf(this.#seed, run), moves);
  }
}

/** Priorities at random. Its first run measures how many steps there are. */
export class PctSearch extends Sampling {
  readonly #seed: number;
  readonly #depth: number;
  readonly #moves: number;

  constructor(
    scenario: Scenario,
    bounds: SearchBounds,
    start: SearchStart | undefined,
    options: { readonly seed: number; readonly depth: number },
  ) {
    super(scenario, bounds, start);
    this.#seed = options.seed;
    this.#depth = options.depth;
    this.#moves = bounds.moves;
  }

  override get guarantee(): PctGuarantee {
    // The run that measured is none of those that the guarantee is about.
    const runs = Math.max(0, this.executions - 1);
    return pctGuarantee({ depth: this.#depth, tasks: this.tasks, steps: Math.max(1, this.deepest), runs });
  }

  protected schedulerOf(run: number): Scheduler {
    const seed = seedOf(this.#seed, run);
    if (run === 0) return new SeededScheduler(seed, { moveChance: 0 });
    return new PctScheduler(seed, {
      depth: this.#depth,
      steps: Math.max(1, this.deepest),
      moves: this.#moves,
    });
  }
}

/** One schedule, given by hand. */
export class GivenSearch extends Sampling {
  readonly #schedule: Schedule;
  #scheduler: ReplayScheduler | undefined;

  constructor(scenario: Scenario, bounds: SearchBounds, start: SearchStart | undefined, schedule: Schedule) {
    super(scenario, bounds, start);
    this.#schedule = schedule;
    this.exhausted = this.executions > 0;
  }

  protected schedulerOf(): Scheduler {
    this.#scheduler = new ReplayScheduler(this.#schedule);
    return this.#scheduler;
  }

  protected override afterRun(): void {
    this.exhausted = true;
    const { leftAt } = this.#scheduler!;
    // A run that ended before its schedule did has left it, too.
    const isShort = leftAt < 0 && this.steps < scheduleSteps(this.#schedule);
    this.leftAt = isShort ? this.steps : leftAt;
  }
}
