import type { CellSpace } from '@mm/steps';

import { ScheduleError } from '../schedule-error.js';
import { addStep } from '../schedule.js';
import { choiceOf } from '../scheduler.js';
import { Dependency, Effect, MOVE, MOVERS, effectsMeet, takesLock } from './dependency.js';
import type { Execution } from './execution.js';

/** Bits of a process set, and the stride of what is kept for each process. */
const PROCESSES = 32;

/** What a {@link Dpor} has done so far. */
export interface DporCounts {
  /** Runs that went to their end. */
  executions: number;
  /** Runs given up, since all that could go on had been explored from there. */
  blocked: number;
  steps: number;
  /** Of the steps: those that only led back to where a run left another. */
  repeated: number;
  deepest: number;
}

const lowest = (bits: number): number => 31 - Math.clz32(bits & -bits);

/**
 * Depth-first search over the interleavings of a scenario that leaves out those that differ from another
 * only in the order of steps that commute. Source sets with sleep sets.
 *
 * for each run made to its end: no other run has the same order of dependent steps
 *
 * @see Abdulla, Aronsson, Jonsson, Sagonas: Optimal dynamic partial order reduction, POPL 2014, algorithm 1
 */
export class Dpor {
  readonly counts: DporCounts = { executions: 0, blocked: 0, steps: 0, repeated: 0, deepest: 0 };
  complete = false;

  readonly #execution: Execution;
  #dependency: Dependency | undefined;
  // By depth: the event made there.
  #process = new Int32Array(256);
  #access = new Int32Array(256);
  #cpu = new Int32Array(256);
  #effects = new Int32Array(256);
  // By depth: which processes have been, must be, and need not be explored from there.
  #done = new Int32Array(256);
  #backtrack = new Int32Array(256);
  #sleep = new Int32Array(256);
  // By depth and process: when it was last seen by the event made there.
  #clocks = new Int32Array(256 * PROCESSES);
  // By depth and process: the event that a sleeping or explored process makes from there.
  #asleep = new Int32Array(256 * PROCESSES * 3);
  #prefix = 0;
  #depth = 0;
  /** By process: the depth of its last event, or of the event that started it, or -1. */
  readonly #lastEvent = new Int32Array(PROCESSES);
  readonly #first = new Int32Array(PROCESSES);

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  /** Makes one run. Returns whether it went to its end; its failure is in the execution. */
  next(): boolean {
    const execution = this.#execution;
    const run = execution.begin();
    this.#dependency ??= new Dependency(run.cells as CellSpace | undefined, run.alwaysCells);
    this.#lastEvent.fill(-1);
    this.#depth = 0;
    this.#repeatPrefix();
    let sleep = this.#depth === 0 ? 0 : this.#sleepAfter(this.#depth - 1);
    let ended = true;
    while (execution.failure === undefined) {
      const enabled = execution.enabled();
      if (!execution.isLive || (enabled & (2 ** MOVERS - 1)) === 0) {
        execution.finish();
        if (execution.isLive) this.#raceBlocked();
        break;
      }
      const open = enabled & ~sleep;
      if (open === 0) {
        ended = false;
        break;
      }
      const depth = this.#depth;
      if (depth + 1 >= this.#process.length) this.#grow();
      const process = lowest(open);
      this.#process[depth] = process;
      this.#done[depth] = 1 << process;
      this.#backtrack[depth] = 1 << process;
      this.#sleep[depth] = sleep;
      this.#make(process);
      sleep = this.#sleepAfter(depth);
    }
    if (ended) this.counts.executions++;
    else this.counts.blocked++;
    if (this.#depth > this.counts.deepest) this.counts.deepest = this.#depth;
    this.#turnBack();
    return ended;
  }

  /** The schedule of the run made last. */
  schedule(): number[] {
    const schedule: number[] = [];
    for (let i = 0; i < this.#depth; i++) {
      const process = this.#process[i]!;
      if (process < MOVERS) addStep(schedule, choiceOf(process, this.#cpu[i]!));
    }
    return schedule;
  }

  /** Where the search stands, as plain data to go on from. */
  save(): DporState {
    const to = this.#prefix;
    return {
      counts: { ...this.counts },
      complete: this.complete,
      process: [...this.#process.subarray(0, to)],
      access: [...this.#access.subarray(0, to)],
      cpu: [...this.#cpu.subarray(0, to)],
      effects: [...this.#effects.subarray(0, to)],
      done: [...this.#done.subarray(0, to)],
      backtrack: [...this.#backtrack.subarray(0, to)],
      sleep: [...this.#sleep.subarray(0, to)],
      clocks: [...this.#clocks.subarray(0, to * PROCESSES)],
      asleep: [...this.#asleep.subarray(0, to * PROCESSES * 3)],
    };
  }

  /** Goes on from a state that {@link save} gave for the same scenario. */
  restore(state: DporState): void {
    Object.assign(this.counts, state.counts);
    this.complete = state.complete;
    this.#prefix = state.process.length;
    while (this.#process.length <= this.#prefix) this.#grow();
    this.#process.set(state.process);
    this.#access.set(state.access);
    this.#cpu.set(state.cpu);
    this.#effects.set(state.effects);
    this.#done.set(state.done);
    this.#backtrack.set(state.backtrack);
    this.#sleep.set(state.sleep);
    this.#clocks.set(state.clocks);
    this.#asleep.set(state.asleep);
  }

  /** Makes the steps again up to where the last run is left, and there the other one. */
  #repeatPrefix(): void {
    const execution = this.#execution;
    const to = this.#prefix - 1;
    for (let depth = 0; depth < to; depth++) {
      const process = this.#process[depth]!;
      const before = execution.processes;
      execution.repeat(process);
      if (execution.access !== this.#access[depth]! || execution.failure !== undefined)
        throw new ScheduleError(
          'nondeterminism',
          `step ${depth} was access ${this.#access[depth]}, is access ${execution.access} (${execution.failure?.kind ?? 'no failure'}): make() must build the same each time`,
        );
      this.#lastEvent[process] = depth;
      if (execution.processes !== before) this.#inherit(before, depth);
    }
    this.#depth = Math.max(0, to);
    this.counts.repeated += this.#depth;
    this.counts.steps += this.#depth;
    if (to >= 0) this.#make(this.#process[to]!);
  }

  /** Makes a process's next step, notes it as the event of this depth, and looks for its races. */
  #make(process: number): void {
    const execution = this.#execution;
    const depth = this.#depth;
    const before = execution.processes;
    execution.step(process);
    this.counts.steps++;
    this.#access[depth] = execution.access;
    this.#cpu[depth] = execution.cpu;
    this.#effects[depth] = execution.effects;
    this.#depth++;
    this.#order(depth, process);
    this.#lastEvent[process] = depth;
    if (execution.processes !== before) this.#inherit(before, depth);
  }

  /** Tasks that were started by the event at `depth` come after it. */
  #inherit(from: number, depth: number): void {
    for (let task = from & (MOVERS - 1); task < (this.#execution.processes & (MOVERS - 1)); task++)
      this.#lastEvent[task] = depth;
  }

  /** Finds which earlier events the event at `depth` comes after, and adds runs in which races go the other way. */
  #order(depth: number, process: number): void {
    const clocks = this.#clocks;
    const own = depth * PROCESSES;
    const last = this.#lastEvent[process]!;
    if (last < 0) clocks.fill(-1, own, own + PROCESSES);
    else clocks.copyWithin(own, last * PROCESSES, (last + 1) * PROCESSES);
    const races: number[] = [];
    const access = this.#access[depth]!;
    if (takesLock(access as never)) {
      const race = this.#lockTakenBefore(depth, process, access);
      if (race >= 0) races.push(race);
    }
    for (let i = depth - 1; i >= 0; i--) {
      const other = this.#process[i]!;
      if (other === process || clocks[own + other]! >= i || !this.#depends(i, depth)) continue;
      if (this.#canSwap(i, depth)) races.push(i);
      const base = i * PROCESSES;
      for (let p = 0; p < PROCESSES; p++)
        if (clocks[base + p]! > clocks[own + p]!) clocks[own + p] = clocks[base + p]!;
    }
    clocks[own + process] = depth;
    for (const race of races) this.#reverse(race, depth, process);
  }

  /** The last event by another task that took the lock, unless the process came after it anyway; or -1. */
  #lockTakenBefore(depth: number, process: number, access: number): number {
    const own = depth * PROCESSES;
    for (let i = depth - 1; i >= 0; i--) {
      const other = this.#process[i]!;
      if (other === process || this.#access[i]! >>> 4 !== access >>> 4) continue;
      if ((this.#effects[i]! & Effect.took) === 0) continue;
      return this.#clocks[own + other]! >= i ? -1 : i;
    }
    return -1;
  }

  #depends(i: number, j: number): boolean {
    const a = this.#process[i]!;
    const b = this.#process[j]!;
    if (a >= MOVERS || b >= MOVERS)
      return (a >= MOVERS && b >= MOVERS) || a - MOVERS === b || b - MOVERS === a;
    const accessA = this.#access[i]! as never;
    const accessB = this.#access[j]! as never;
    if (this.#dependency!.meets(accessA, accessB)) return true;
    const effectsA = this.#effects[i]!;
    const effectsB = this.#effects[j]!;
    return (effectsA | effectsB) !== 0 && effectsMeet(effectsA, this.#cpu[i]!, effectsB, this.#cpu[j]!);
  }

  /** Whether the later event could have been made at the place of the earlier: not so behind an unlock. */
  #canSwap(i: number, j: number): boolean {
    const a = this.#access[i]!;
    const b = this.#access[j]!;
    if (a === MOVE || b === MOVE || a >>> 4 !== b >>> 4 || a >>> 4 === 0) return true;
    const kindA = a & 15;
    const kindB = b & 15;
    if (kindA === 4) return kindB === 5;
    if (kindB === 4) return kindA === 5;
    // The race for the lock itself has been found by the one that took it.
    return !(takesLock(a as never) && takesLock(b as never));
  }

  /** Sees to a run in which the event at `depth` does not come after the one at `at`. */
  #reverse(at: number, depth: number, process: number): void {
    const clocks = this.#clocks;
    const first = this.#first;
    first.fill(-1);
    const racing = this.#process[at]!;
    let initials = 0;
    for (let j = at + 1; j <= depth; j++) {
      const base = j * PROCESSES;
      const its = this.#process[j]!;
      if (j < depth && clocks[base + racing]! >= at) continue;
      if (first[its]! >= 0) continue;
      first[its] = j;
      let comesFirst = true;
      for (let p = 0; p < PROCESSES && comesFirst; p++)
        if (p !== its && first[p]! >= 0 && clocks[base + p]! >= first[p]!) comesFirst = false;
      if (comesFirst) initials |= 1 << its;
    }
    this.#add(at, initials, process);
  }

  #add(at: number, initials: number, prefer: number): void {
    if ((initials & (this.#backtrack[at]! | this.#sleep[at]!)) !== 0 || initials === 0) return;
    this.#backtrack[at]! |= (initials & (1 << prefer)) !== 0 ? 1 << prefer : initials & -initials;
  }

  /** Tasks that wait for ever for a lock would have raced for it. */
  #raceBlocked(): void {
    const execution = this.#execution;
    for (let process = 0; process < Math.min(MOVERS, execution.processes); process++) {
      const access = execution.pending(process);
      if (!takesLock(access)) continue;
      const depth = this.#depth;
      if (depth + 1 >= this.#process.length) this.#grow();
      const last = this.#lastEvent[process]!;
      const own = depth * PROCESSES;
      if (last < 0) this.#clocks.fill(-1, own, own + PROCESSES);
      else this.#clocks.copyWithin(own, last * PROCESSES, (last + 1) * PROCESSES);
      this.#process[depth] = process;
      const race = this.#lockTakenBefore(depth, process, access);
      if (race >= 0) this.#reverse(race, depth, process);
    }
  }

  /** The processes that need not be explored after the event at `depth`: their own is explored elsewhere. */
  #sleepAfter(depth: number): number {
    const process = this.#process[depth]!;
    let bits = (this.#sleep[depth]! | this.#done[depth]!) & ~(1 << process);
    let after = 0;
    const saved = this.#asleep;
    while (bits !== 0) {
      const other = lowest(bits);
      bits &= bits - 1;
      const from = (depth * PROCESSES + other) * 3;
      if (this.#dependsOnAsleep(depth, process, other, from)) continue;
      after |= 1 << other;
      const to = from + PROCESSES * 3;
      saved[to] = saved[from]!;
      saved[to + 1] = saved[from + 1]!;
      saved[to + 2] = saved[from + 2]!;
    }
    return after;
  }

  #dependsOnAsleep(depth: number, process: number, other: number, from: number): boolean {
    if (process >= MOVERS || other >= MOVERS)
      return (
        (process >= MOVERS && other >= MOVERS) || process - MOVERS === other || other - MOVERS === process
      );
    const saved = this.#asleep;
    if (this.#dependency!.meets(this.#access[depth]! as never, saved[from]! as never)) return true;
    const effects = this.#effects[depth]!;
    const its = saved[from + 2]!;
    return (effects | its) !== 0 && effectsMeet(effects, this.#cpu[depth]!, its, saved[from + 1]!);
  }

  /** Leaves the run at the deepest place from which another must be made. */
  #turnBack(): void {
    for (let depth = this.#depth - 1; depth >= 0; depth--) {
      const open = this.#backtrack[depth]! & ~(this.#done[depth]! | this.#sleep[depth]!);
      if (open === 0) continue;
      const made = this.#process[depth]!;
      const to = (depth * PROCESSES + made) * 3;
      this.#asleep[to] = this.#access[depth]!;
      this.#asleep[to + 1] = this.#cpu[depth]!;
      this.#asleep[to + 2] = this.#effects[depth]!;
      const process = lowest(open);
      this.#process[depth] = process;
      this.#done[depth]! |= 1 << process;
      this.#prefix = depth + 1;
      return;
    }
    this.complete = true;
  }

  #grow(): void {
    const wider = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const next = new Int32Array(old.length * 2);
      next.set(old);
      return next;
    };
    this.#process = wider(this.#process);
    this.#access = wider(this.#access);
    this.#cpu = wider(this.#cpu);
    this.#effects = wider(this.#effects);
    this.#done = wider(this.#done);
    this.#backtrack = wider(this.#backtrack);
    this.#sleep = wider(this.#sleep);
    this.#clocks = wider(this.#clocks);
    this.#asleep = wider(this.#asleep);
  }
}

/** A search that has been stopped, as plain data. */
export interface DporState {
  readonly counts: DporCounts;
  readonly complete: boolean;
  readonly process: readonly number[];
  readonly access: readonly number[];
  readonly cpu: readonly number[];
  readonly effects: readonly number[];
  readonly done: readonly number[];
  readonly backtrack: readonly number[];
  readonly sleep: readonly number[];
  readonly clocks: readonly number[];
  readonly asleep: readonly number[];
}
