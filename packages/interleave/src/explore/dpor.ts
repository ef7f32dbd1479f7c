import { ScheduleError } from '../schedule-error.js';
import { addStep } from '../schedule.js';
import { choiceOf } from '../scheduler.js';
import { Dependency, Effect, MOVED, TASKS } from './dependency.js';
import { EventStack, PROCESSES, type StackState } from './event-stack.js';
import type { Execution } from './execution.js';
import { Races } from './races.js';

/** What a {@link Dpor} has done so far. */
export interface DporCounts {
  /** Runs that went to their end. */
  executions: number;
  /** Runs given up, since all that could go on had been explored from there. */
  blocked: number;
  steps: number;
  /** Of the steps: those that only led back to where a run left another. */
  repeated: number;
  /** Steps of the longest run. */
  deepest: number;
}

const lowest = (bits: number): number => 31 - Math.clz32(bits & -bits);

/** A step of a task, and the same made on the next CPU. */
const ofTask = (process: number): number => {
  const task = process & (TASKS - 1);
  return (1 << task) | (1 << (task + MOVED));
};

/**
 * Depth-first search over the interleavings of a scenario that leaves out those that differ from another
 * only in the order of steps that commute. Source sets with sleep sets: no two runs that are made to their end
 * have the same order of dependent steps.
 *
 * With a bound on preemptions neither is sound, since the equivalent run that is made may be over the bound: there each
 * race adds its task also where the run of the other task's steps began, and nothing sleeps.
 *
 * @see Abdulla, Aronsson, Jonsson, Sagonas: Optimal dynamic partial order reduction, POPL 2014, algorithm 1
 * @see Coons, Musuvathi, McKinley: Bounded partial-order reduction, OOPSLA 2013
 */
export class Dpor {
  readonly counts: DporCounts = { executions: 0, blocked: 0, steps: 0, repeated: 0, deepest: 0 };
  complete = false;

  readonly #execution: Execution;
  readonly #preemptionsMax: number;
  readonly #bounded: boolean;
  readonly #stack = new EventStack();
  #dependency: Dependency | undefined;
  #races: Races | undefined;
  /** Events of the last run that the next one makes again, the last of them by another process. */
  #prefix = 0;
  readonly #first = new Int32Array(TASKS);

  /** @param preemptionsMax switches away from a task that could go on; Infinity for no bound. */
  constructor(execution: Execution, preemptionsMax = Infinity) {
    this.#execution = execution;
    this.#preemptionsMax = preemptionsMax;
    this.#bounded = preemptionsMax !== Infinity;
  }

  /** Makes one run. Returns whether it went to its end; its failure is in the execution. */
  next(): boolean {
    const execution = this.#execution;
    const stack = this.#stack;
    const run = execution.begin();
    if (this.#races === undefined) {
      // Every state in between is one that `always` must see, unless it says what it looks at.
      this.#dependency = new Dependency(
        run.cells,
        run.alwaysCells ?? (run.always === undefined ? [] : 'all'),
      );
      this.#races = new Races(stack, this.#dependency, this.#bounded);
      this.#races.tasks = execution.tasks;
      this.#races.keeps = stack.hasEffect(Effect.keeper, this.#prefix);
    }
    this.#races.lastEvent.fill(-1);
    stack.depth = 0;
    this.#noteTasks(0, -1);
    this.#repeatPrefix();
    let sleep = stack.depth === 0 ? 0 : this.#sleepAfter(stack.depth - 1);
    let ended = true;
    while (execution.failure === undefined) {
      const enabled = execution.enabled();
      if (enabled === 0) {
        execution.finish();
        break;
      }
      const open = this.#bounded ? this.#withinBound(enabled) : enabled & ~sleep;
      if (open === 0) {
        ended = false;
        break;
      }
      this.#choose(enabled, open, sleep);
      sleep = this.#sleepAfter(stack.depth - 1);
    }
    if (ended) this.counts.executions++;
    else this.counts.blocked++;
    if (stack.depth > this.counts.deepest) this.counts.deepest = stack.depth;
    this.#turnBack();
    return ended;
  }

  /** The schedule of the run made last. */
  schedule(): number[] {
    const schedule: number[] = [];
    const { depth, task, cpu } = this.#stack;
    for (let i = 0; i < depth; i++) addStep(schedule, choiceOf(task[i]!, cpu[i]!));
    return schedule;
  }

  /** Where the search stands, as plain data to go on from. */
  save(): DporState {
    return { counts: { ...this.counts }, complete: this.complete, stack: this.#stack.save(this.#prefix) };
  }

  /** Goes on from a state that {@link save} gave for the same scenario. */
  restore(state: DporState): void {
    Object.assign(this.counts, state.counts);
    this.complete = state.complete;
    this.#prefix = state.stack.process.length;
    this.#stack.restore(state.stack);
    for (let depth = 0; depth < this.#prefix; depth++) this.#stack.plain[depth] = this.#isPlain(depth);
  }

  /** Picks the process that goes on: the task that ran last where preemptions count, else the lowest that is open. */
  #choose(enabled: number, open: number, sleep: number): void {
    const stack = this.#stack;
    const { depth } = stack;
    stack.reserve();
    const last = depth > 0 ? 1 << stack.task[depth - 1]! : 0;
    const process = this.#bounded && (open & last) !== 0 ? lowest(last) : lowest(open);
    stack.enabled[depth] = this.#bounded ? open : enabled;
    stack.done[depth] = 1 << process;
    stack.sleep[depth] = sleep;
    // A task that can only go on by moving might have gone on where it is, had the others gone first.
    const waits = process >= MOVED && (enabled & (1 << (process - MOVED))) === 0;
    stack.backtrack[depth] = waits ? stack.enabled[depth]! : ofTask(process) & stack.enabled[depth]!;
    this.#make(process);
  }

  /** The processes that may go on without one preemption too many. */
  #withinBound(enabled: number): number {
    const { depth, task, preemptions } = this.#stack;
    if (depth === 0) return enabled;
    const own = ofTask(task[depth - 1]!);
    return (enabled & own) !== 0 && preemptions[depth - 1]! >= this.#preemptionsMax ? enabled & own : enabled;
  }

  /** Makes the steps again up to where the last run is left, and there the other one. */
  #repeatPrefix(): void {
    const execution = this.#execution;
    const stack = this.#stack;
    const to = this.#prefix - 1;
    const { process, access, task, effects, plain } = stack;
    const { lastEvent } = this.#races!;
    for (let depth = 0; depth < to; depth++) {
      if (plain[depth] === 1) {
        if (!execution.repeatPlain(task[depth]!, access[depth]!)) this.#failToRepeat(depth);
        lastEvent[task[depth]!] = depth;
        continue;
      }
      const before = execution.tasks;
      execution.repeat(process[depth]!);
      if (execution.access !== access[depth]! || execution.failure !== undefined) this.#failToRepeat(depth);
      lastEvent[task[depth]!] = depth;
      if ((effects[depth]! & Effect.hotplug) !== 0) this.#noteHomes();
      if (execution.tasks !== before) this.#noteTasks(before, depth);
    }
    stack.depth = Math.max(0, to);
    this.counts.repeated += stack.depth;
    this.counts.steps += stack.depth;
    if (to >= 0) this.#make(process[to]!);
  }

  #failToRepeat(depth: number): never {
    const { access, failure } = this.#execution;
    throw new ScheduleError(
      'nondeterminism',
      `step ${depth} was access ${this.#stack.access[depth]}, is access ${access} (${failure?.kind ?? 'no failure'}): make() must build the same each time`,
    );
  }

  /** Makes a process's next step, notes it as the event of this depth, and looks for its races. */
  #make(process: number): void {
    const execution = this.#execution;
    const stack = this.#stack;
    const { depth } = stack;
    const before = execution.tasks;
    const task = process & (TASKS - 1);
    if (this.#bounded) stack.preemptions[depth] = this.#preemptionsWith(task);
    execution.step(process);
    this.counts.steps++;
    stack.process[depth] = process;
    stack.task[depth] = task;
    stack.access[depth] = execution.access;
    stack.cpu[depth] = execution.cpu;
    stack.effects[depth] = execution.effects;
    stack.keptBefore[depth] = execution.made.keptBefore;
    stack.keptAfter[depth] = execution.made.keptAfter;
    stack.plain[depth] = this.#isPlain(depth);
    stack.depth++;
    const races = this.#races!;
    const found = races.find(depth);
    for (let i = 0; i < found; i++)
      if (this.#bounded) this.#reverseBounded(races.found[i]!, task);
      else this.#reverse(races.found[i]!, depth, process);
    races.lastEvent[task] = depth;
    if ((execution.effects & Effect.hotplug) !== 0) this.#noteHomes();
    if (execution.tasks !== before) this.#noteTasks(before, depth);
  }

  #isPlain(depth: number): number {
    const { process, access, effects } = this.#stack;
    return this.#execution.isPlain(process[depth]!, access[depth]!, effects[depth]!) ? 1 : 0;
  }

  #preemptionsWith(task: number): number {
    const { depth, task: tasks, preemptions } = this.#stack;
    if (depth === 0) return 0;
    const last = tasks[depth - 1]!;
    const couldGoOn = last !== task && (this.#execution.enabled() & ofTask(last)) !== 0;
    return preemptions[depth - 1]! + (couldGoOn ? 1 : 0);
  }

  /** Tasks that were started by the event at `depth` come after it. */
  #noteTasks(from: number, depth: number): void {
    const execution = this.#execution;
    const races = this.#races!;
    if (execution.tasks > races.tasks) {
      // Events so far have not kept a time for the new tasks.
      const { clocks } = this.#stack;
      for (let at = 0; at < this.#stack.depth; at++)
        clocks.fill(-1, at * TASKS + races.tasks, at * TASKS + execution.tasks);
      races.tasks = execution.tasks;
    }
    for (let task = from; task < execution.tasks; task++) {
      races.lastEvent[task] = depth;
      this.#dependency!.parents[task] = execution.parentOf(task);
      this.#dependency!.noteHome(task, execution.homeOf(task));
    }
  }

  /** A CPU has gone or come: tasks may have moved. */
  #noteHomes(): void {
    const execution = this.#execution;
    for (let task = 0; task < execution.tasks; task++)
      this.#dependency!.noteHome(task, execution.homeOf(task));
  }

  /** Sees to a run in which the event at `depth` does not come after the one at `at`. */
  #reverse(at: number, depth: number, process: number): void {
    const { clocks, task, process: processes, backtrack, sleep, enabled } = this.#stack;
    const count = this.#races!.tasks;
    const first = this.#first;
    for (let t = 0; t < count; t++) first[t] = -1;
    const racing = task[at]!;
    let initials = 0;
    for (let j = at + 1; j <= depth; j++) {
      const base = j * TASKS;
      const its = task[j]!;
      if (first[its]! >= 0 || (j < depth && clocks[base + racing]! >= at)) continue;
      first[its] = j;
      let comesFirst = true;
      for (let t = 0; t < count && comesFirst; t++)
        if (t !== its && first[t]! >= 0 && clocks[base + t]! >= first[t]!) comesFirst = false;
      if (comesFirst) initials |= 1 << processes[j]!;
    }
    if ((initials & (backtrack[at]! | sleep[at]!)) !== 0) return;
    const able = initials & enabled[at]!;
    // None can go on from there: whichever can may make it possible.
    if (able === 0) backtrack[at]! |= enabled[at]!;
    else backtrack[at]! |= ofTask((able & (1 << process)) === 0 ? lowest(able) : process) & enabled[at]!;
  }

  /** The same under a bound: at the event, and where the steps in a row began that it is one of. */
  #reverseBounded(at: number, task: number): void {
    const { task: tasks, backtrack, enabled } = this.#stack;
    let start = at;
    while (start > 0 && tasks[start - 1] === tasks[at]) start--;
    for (const depth of start === at ? [at] : [at, start]) {
      const own = ofTask(task) & enabled[depth]!;
      backtrack[depth]! |= own === 0 ? enabled[depth]! : own;
    }
  }

  /** The processes that need not be explored after the event at `depth`: their own is explored elsewhere. */
  #sleepAfter(depth: number): number {
    if (this.#bounded) return 0;
    const stack = this.#stack;
    const process = stack.process[depth]!;
    let bits = (stack.sleep[depth]! | stack.done[depth]!) & ~ofTask(process);
    let after = 0;
    while (bits !== 0) {
      const other = lowest(bits);
      bits &= bits - 1;
      if (this.#dependency!.holds(stack.asleep, depth * PROCESSES + other, stack, depth)) continue;
      after |= 1 << other;
      stack.keepAsleep(depth, other);
    }
    return after;
  }

  /** Leaves the run at the deepest place from which another must be made. */
  #turnBack(): void {
    const stack = this.#stack;
    for (let depth = stack.depth - 1; depth >= 0; depth--) {
      const open = stack.backtrack[depth]! & ~(stack.done[depth]! | stack.sleep[depth]!);
      if (open === 0) continue;
      stack.putToSleep(depth);
      const process = lowest(open);
      stack.process[depth] = process;
      stack.done[depth]! |= 1 << process;
      this.#prefix = depth + 1;
      return;
    }
    this.complete = true;
    this.#prefix = 0;
  }
}

/** A search that has been stopped, as plain data. */
export interface DporState {
  readonly counts: DporCounts;
  readonly complete: boolean;
  readonly stack: StackState;
}
