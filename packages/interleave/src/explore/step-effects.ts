import { type Access, AccessKind } from '@mm/steps';

import type { Interleaver } from '../interleaver.js';
import { BEGIN, NO_TASK } from '../task-table.js';
import { Effect } from './dependency.js';

/** Sees what a step did beside its access, by looking before and after it. */
export class StepEffects {
  /** Who kept the CPU of the step before it and after it, as `keepStateOf` has it. */
  keptBefore = 0;
  keptAfter = 0;
  #read = 0;
  #tasks = 0;
  #givenBack = 0;
  #interrupts = 0;

  /** `task` is about to make its step on `cpu`. */
  before(machine: Interleaver, task: number, cpu: number): void {
    this.keptBefore = machine.keepStateOf(cpu);
    this.#read = machine.readStateOf(task);
    this.#tasks = machine.taskCount;
    this.#givenBack = machine.givenBack;
    this.#interrupts =
      machine.pendingAccess(task) === BEGIN && machine.isInterrupt(task) ? Effect.interrupts : 0;
  }

  /** It has made it: the bits of {@link Effect}. */
  after(machine: Interleaver, task: number, access: Access, cpu: number): number {
    const kind = access & 15;
    const next = machine.pendingAccess(task);
    const read = machine.readStateOf(task);
    this.keptAfter = machine.keepStateOf(cpu);
    let effects = this.#interrupts;
    if (this.keptAfter !== this.keptBefore) effects |= Effect.keeper;
    if (read !== this.#read) {
      if (this.#read >= 0) effects |= Effect.readClosed;
      if (read >= 0) effects |= Effect.readOpened;
    }
    if (kind === AccessKind.gracePeriod || (next & 15) === AccessKind.gracePeriod) effects |= Effect.wait;
    if (kind === AccessKind.hotplug) effects |= Effect.hotplug;
    if (machine.taskCount !== this.#tasks) effects |= Effect.started;
    if (next === NO_TASK) effects |= Effect.end;
    if ((kind === AccessKind.lock || kind === AccessKind.tryLock) && machine.holderOf(access >>> 4) === task)
      effects |= Effect.took;
    if (machine.givenBack !== this.#givenBack) effects |= Effect.gaveBack;
    return effects;
  }
}
