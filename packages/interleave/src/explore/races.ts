import { AccessKind } from '@mm/steps';

import { hotplugCpu } from '../online-cpus.js';
import { type Dependency, Effect, TASKS } from './dependency.js';
import type { EventStack } from './event-stack.js';

/** Whether `kept`, as `keepStateOf` has it, lets a task make a step on that CPU. */
const lets = (kept: number, task: number, interrupts: boolean): boolean =>
  kept === 0 || kept >>> 1 === task + 1 || (interrupts && (kept & 1) === 0);

/**
 * Which events come after which, and which races there are: pairs of events of different tasks that are
 * dependent, nothing else ordering them, and that could be made the other way round.
 *
 * A task that had to wait for a lock or for its CPU races with the event that took it, not with the one that gave
 * it back: the latter cannot be made after.
 */
export class Races {
  /** Depths of the events that the last one given to {@link find} races with; it says how many. */
  found = new Int32Array(64);
  /** By task: the depth of its last event, or of the event that started it, or -1. */
  readonly lastEvent = new Int32Array(TASKS).fill(-1);

  readonly #stack: EventStack;
  readonly #dependency: Dependency;
  /** Races also with events that come before another of the found: needed where runs are bounded. */
  readonly #all: boolean;
  readonly #prior = new Int32Array(TASKS);
  /** By task: the latest of its events that is still to be looked at. */
  readonly #heads = new Int32Array(TASKS);
  /** Some task has kept its CPU. */
  keeps = false;
  /** Tasks that there are: all have numbers below. */
  tasks = TASKS;

  constructor(stack: EventStack, dependency: Dependency, all: boolean) {
    this.#stack = stack;
    this.#dependency = dependency;
    this.#all = all;
  }

  /** Fills the clocks of the event at `depth` and {@link found}; returns how many races there are. */
  find(depth: number): number {
    if (depth > this.found.length) this.found = new Int32Array(depth * 2);
    const { found } = this;
    let races = 0;
    const { clocks, task, effects, cpu, keptBefore, keptAfter, access, previous } = this.#stack;
    const own = depth * TASKS;
    const me = task[depth]!;
    const prior = this.#prior;
    const last = this.lastEvent[me]!;
    previous[depth] = last >= 0 && task[last] === me ? last : -1;
    const count = this.tasks;
    for (let i = 0; i < count; i++) clocks[own + i] = prior[i] = last < 0 ? -1 : clocks[last * TASKS + i]!;
    const did = effects[depth]!;
    if ((did & Effect.keeper) !== 0) this.keeps = true;
    const interrupts = (did & Effect.interrupts) !== 0;
    let lock = (access[depth]! & 15) === AccessKind.lock ? access[depth]! >>> 4 : -1;
    let kept = this.keeps;
    // One who changes CPUs may have waited for a section, or for another CPU, of long ago.
    const all = this.#all || (did & Effect.hotplug) !== 0;
    const heads = this.#headsOf(me);
    for (;;) {
      let i = -1;
      let other = 0;
      for (let t = 0; t < count; t++)
        if (heads[t]! > i) {
          i = heads[t]!;
          other = t;
        }
      if (i < 0) break;
      const ordered = clocks[own + other]! >= i;
      // What it comes after is ordered, with all before it of the same task; but who took a lock or the CPU may be further back.
      if (prior[other]! >= i || (ordered && lock < 0 && !kept && !all)) {
        heads[other] = -1;
        continue;
      }
      heads[other] = previous[i]!;
      const its = effects[i]!;
      if (lock >= 0 && (its & Effect.took) !== 0 && access[i]! >>> 4 === lock) {
        lock = this.#all ? lock : -1;
        found[races++] = i;
      }
      if (
        kept &&
        (its & Effect.keeper) !== 0 &&
        cpu[i] === cpu[depth] &&
        lets(keptBefore[i]!, me, interrupts) &&
        !lets(keptAfter[i]!, me, interrupts)
      ) {
        kept = this.#all;
        if (races === 0 || found[races - 1] !== i) found[races++] = i;
      }
      if ((ordered && !all) || !this.#dependency.holds(this.#stack, i, this.#stack, depth)) continue;
      if ((races === 0 || found[races - 1] !== i) && (this.#all || this.#canSwap(i, depth)))
        found[races++] = i;
      if (!ordered) this.#join(own, i);
    }
    clocks[own + me] = depth;
    return races;
  }

  /** By task: its last event, -1 where it has made none. None of the task itself. */
  #headsOf(me: number): Int32Array {
    const heads = this.#heads;
    const { task } = this.#stack;
    for (let t = 0; t < this.tasks; t++) {
      const last = this.lastEvent[t]!;
      // The event that started a task is another's.
      heads[t] = t !== me && last >= 0 && task[last] === t ? last : -1;
    }
    return heads;
  }

  #join(own: number, i: number): void {
    const { clocks } = this.#stack;
    const base = i * TASKS;
    for (let t = 0; t < this.tasks; t++)
      if (clocks[base + t]! > clocks[own + t]!) clocks[own + t] = clocks[base + t]!;
  }

  /** Whether the later event could have been made at the place of the earlier: not if that lets it be made. */
  #canSwap(i: number, j: number): boolean {
    const { access, effects, cpu, keptBefore, task } = this.#stack;
    const kindJ = access[j]! & 15;
    const sameCell = access[i]! >>> 4 === access[j]! >>> 4;
    // Found by its taking, or not at all.
    if (
      kindJ === AccessKind.lock &&
      sameCell &&
      (access[i]! & 15) !== AccessKind.read &&
      (access[i]! & 15) !== AccessKind.tryLock
    )
      return false;
    if (
      kindJ === AccessKind.spawn &&
      (effects[i]! & Effect.end) !== 0 &&
      this.#dependency.parents[task[i]!] === task[j]
    )
      return false;
    if (kindJ === AccessKind.gracePeriod && (effects[i]! & Effect.readClosed) !== 0 && this.#waitedFor(i))
      return false;
    // A CPU goes down between sections alone.
    if ((effects[j]! & Effect.hotplug) !== 0 && cpu[i] === hotplugCpu(access[j]!)) return keptBefore[i] === 0;
    if ((effects[i]! & Effect.keeper) === 0 || cpu[i] !== cpu[j]) return true;
    const interrupts = (effects[j]! & Effect.interrupts) !== 0;
    return lets(keptBefore[i]!, task[j]!, interrupts);
  }

  /** Whether the read section that the event at `i` closed was open when the grace period began. */
  #waitedFor(i: number): boolean {
    const { task, effects } = this.#stack;
    const reader = task[i]!;
    let open = i - 1;
    while (open >= 0 && (task[open] !== reader || (effects[open]! & Effect.readOpened) === 0)) open--;
    return this.#prior[reader]! >= open;
  }
}
