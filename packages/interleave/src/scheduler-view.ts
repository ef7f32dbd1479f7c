import { type Access, AccessKind, type Cell, type CellSpace } from '@mm/steps';

import type { InterleaverHooks } from './interleaver-options.js';
import { LockTable } from './lock-table.js';
import { OnlineCpus, hotplugCpu, takesDown } from './online-cpus.js';
import { CPUS_MAX, type Choice, choiceOf } from './scheduler.js';
import { isAtomic } from './sections.js';
import { BEGIN, NO_TASK, TaskTable } from './task-table.js';

/** Stands for no task. */
export const NOBODY = -1;

/**
 * The tasks as a scheduler sees them: which are live, which can run where, and what each does next.
 *
 * live tasks = tasks that can run + tasks that wait (for a lock, a CPU, children, a grace period)
 */
export abstract class SchedulerView {
  readonly cpus: number;
  /** Names of the cells, and which locks are mutexes. May be replaced while no task is live. */
  cells: CellSpace | undefined;
  readonly hooks: InterleaverHooks = {
    onEnd: undefined,
    onThrow: undefined,
    onStep: undefined,
    afterStep: undefined,
    nameOf: undefined,
  };
  /** The task that made the last step, or -1 when there was none or it has ended. */
  lastTask = NOBODY;
  /** Steps made since construction or `reset`. */
  steps = 0;

  /** How often tasks that threw have given locks back. */
  givenBack = 0;

  protected readonly tasks: TaskTable;
  protected readonly locks = new LockTable();
  /** By CPU: the task that keeps it, being in a section, or -1. */
  protected readonly keeper = new Int32Array(CPUS_MAX).fill(NOBODY);

  protected readonly online: OnlineCpus;

  protected constructor(cpus: number, cells: CellSpace | undefined, keepNumbers: boolean) {
    this.cpus = cpus;
    this.cells = cells;
    this.online = new OnlineCpus(cpus);
    this.tasks = new TaskTable(!keepNumbers);
  }

  /** Whether a task can make its next step on `cpu`: it does not wait, and may and can be there. */
  canRun(task: number, cpu: number): boolean {
    const keeper = this.keeper[cpu]!;
    if (keeper !== task) {
      if (cpu >= this.cpus || task >= this.tasks.made) return false;
      if (keeper !== NOBODY && !this.#canInterrupt(task, keeper)) return false;
      if (cpu !== this.tasks.slots[task]!.ctx.cpu && (this.online.isOffline(cpu) || !this.canMove(task)))
        return false;
    }
    return !this.isWaiting(task);
  }

  /** Whether a live task can make its next step on the CPU where it is. */
  canGoOn(task: number): boolean {
    const { ctx, pending } = this.tasks.slots[task]!;
    const keeper = this.keeper[ctx.cpu]!;
    if (keeper !== NOBODY && keeper !== task && !this.#canInterrupt(task, keeper)) return false;
    return (pending & 15) <= AccessKind.rmw || !this.isWaiting(task);
  }

  /** Whether a task is live and may change its CPU now. */
  canMove(task: number): boolean {
    const { ctx, pinned } = this.tasks.slots[task]!;
    return !pinned && !isAtomic(ctx);
  }

  /** Whether a task waits for something that other tasks must do first (or has ended). */
  isWaiting(task: number): boolean {
    const access = this.tasks.slots[task]!.pending;
    const kind = access & 15;
    if (kind <= AccessKind.rmw) return false;
    switch (kind) {
      case AccessKind.lock:
        return this.locks.holderOf(access >>> 4) >= 0;
      case AccessKind.gracePeriod:
        return this.readerBefore(task) >= 0;
      case AccessKind.spawn:
        return this.tasks.slots[task]!.children > 0;
      case AccessKind.hotplug:
        return access === NO_TASK || this.#waitsForCpu(access);
      default:
        return false;
    }
  }

  /** The enabled choice that looks at tasks in their live order from `from`, own CPUs first; or -1. */
  firstEnabled(from = 0): Choice {
    const { live, liveCount } = this.tasks;
    for (let i = 0; i < liveCount; i++) {
      const task = live[(from + i) % liveCount]!;
      if (this.canGoOn(task)) return choiceOf(task, this.cpuOf(task));
    }
    for (let i = 0; i < liveCount; i++) {
      const task = live[(from + i) % liveCount]!;
      for (let cpu = 0; cpu < this.cpus; cpu++) if (this.canRun(task, cpu)) return choiceOf(task, cpu);
    }
    return -1;
  }

  /** All choices that can be made now, by task number, then CPU. */
  enabled(): Choice[] {
    const choices: Choice[] = [];
    for (let task = 0; task < this.tasks.made; task++)
      for (let cpu = 0; cpu < this.cpus; cpu++) if (this.canRun(task, cpu)) choices.push(choiceOf(task, cpu));
    return choices;
  }

  /** The access that a task makes with its next step; 0 before it has begun. */
  pendingAccess(task: number): Access {
    return this.tasks.slots[task]?.pending ?? NO_TASK;
  }

  /** Tasks that have not ended. */
  get liveCount(): number {
    return this.tasks.liveCount;
  }

  /** The i-th live task, in an order that is the same for the same schedule. */
  liveTask(i: number): number {
    return this.tasks.live[i]!;
  }

  /** The number that a task was started with; spawned tasks have that of the task that waits for them. */
  tagOf(task: number): number {
    return this.tasks.slots[task]?.tag ?? 0;
  }

  /** The CPU that a task is on. */
  cpuOf(task: number): number {
    return this.tasks.slots[task]!.ctx.cpu;
  }

  /** The task that keeps `cpu` because it is in a section, or -1. */
  keeperOf(cpu: number): number {
    return this.keeper[cpu]!;
  }

  /** Which task keeps a CPU, and whether it has interrupts off, as one number to compare. */
  keepStateOf(cpu: number): number {
    const keeper = this.keeper[cpu]!;
    if (keeper === NOBODY) return 0;
    return (keeper + 1) * 2 + (this.tasks.slots[keeper]!.ctx.irqDepth > 0 ? 1 : 0);
  }

  /** When the task's outermost read section opened, as a number to compare; -1 where none is open. */
  readStateOf(task: number): number {
    const { ctx, readSince } = this.tasks.slots[task]!;
    return ctx.rcuDepth > 0 ? readSince : -1;
  }

  /** Whether a task never changes its CPU, unless that goes offline. */
  isPinned(task: number): boolean {
    return this.tasks.slots[task]?.pinned === true;
  }

  /** Whether a task is an interrupt handler. */
  isInterrupt(task: number): boolean {
    return this.tasks.slots[task]?.interrupt === true;
  }

  /** The task that spawned this one and waits for it, or -1. */
  parentOf(task: number): number {
    return this.tasks.slots[task]?.parent ?? NOBODY;
  }

  /** Task numbers given out so far: with `keepNumbers`, the tasks ever made. */
  get taskCount(): number {
    return this.tasks.made;
  }

  /** Whether a lock is a mutex: held without keeping the CPU, waited for asleep. */
  isMutex(cell: Cell): boolean {
    return this.cells !== undefined && this.cells.isMutex(cell);
  }

  /** The task that holds a lock, or -1. */
  holderOf(cell: Cell): number {
    return this.locks.holderOf(cell);
  }

  /** A task in a read section that was open when `task` began to wait for a grace period, or -1. */
  readerBefore(task: number): number {
    const { live, liveCount, slots } = this.tasks;
    const { waitSince } = slots[task]!;
    for (let i = 0; i < liveCount; i++) {
      const { ctx, readSince } = slots[live[i]!]!;
      if (ctx.rcuDepth > 0 && readSince < waitSince) return live[i]!;
    }
    return NOBODY;
  }

  /** A task's name and CPU, for messages. */
  describeTask(task: number): string {
    const its = this.tasks.slots[task];
    if (its === undefined || its.pending === NO_TASK) return `task ${task} (not live)`;
    const name = this.hooks.nameOf?.(task, its.tag) ?? `task ${task}`;
    return `${name} (CPU ${its.ctx.cpu})`;
  }

  /** Where a task waits to take a CPU down: in sections there, or as no other is online. */
  #waitsForCpu(access: number): boolean {
    const cpu = hotplugCpu(access);
    if (!takesDown(access) || this.online.isOffline(cpu)) return false;
    return this.keeper[cpu] !== NOBODY || this.online.refugeFrom(cpu) === NOBODY;
  }

  #canInterrupt(task: number, keeper: number): boolean {
    const { interrupt, pending } = this.tasks.slots[task]!;
    return interrupt && pending === BEGIN && this.tasks.slots[keeper]!.ctx.irqDepth === 0;
  }
}
