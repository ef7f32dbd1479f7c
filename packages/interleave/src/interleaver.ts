import { type Access, AccessKind, type CellSpace, Context, type Steps } from '@mm/steps';

import { cellName, describeWaits } from './describe-waits.js';
import type { InterleaverHooks, InterleaverOptions } from './interleaver-options.js';
import { LockTable } from './lock-table.js';
import { ScheduleError, type ScheduleFault } from './schedule-error.js';
import { CPUS_MAX, type Choice, type Scheduler, choiceOf } from './scheduler.js';
import { changeSection, isAtomic, leaveSections } from './sections.js';
import { BEGIN, NO_TASK, TaskTable } from './task-table.js';

const NOBODY = -1;

/**
 * Runs tasks written in `Steps` on simulated CPUs, one step at a time, in the order that a scheduler
 * decides. Tasks live in slots that are used again, so it can run for ever without garbage of its own:
 * start some, `run()`, start more from `onEnd`.
 *
 * Between two steps any task may run that does not wait, with these limits: a CPU whose task is in an
 * interrupt- or preempt-disabled section (a held lock is one) runs no other; only a task outside
 * such sections, and not pinned, changes its CPU. Entering and leaving sections are no scheduling points.
 *
 * live tasks = tasks that can run + tasks that wait (for a lock, a CPU, children, a grace period)
 *
 * @example
 * const tasks = new Interleaver({ cpus: 2, scheduler: new SeededScheduler(1) });
 * for (const cpu of [0, 1]) {
 *   const ctx = tasks.takeContext(cpu);
 *   tasks.start(ctx, increment(ctx, counter));
 * }
 * tasks.run();
 */
export class Interleaver {
  readonly cpus: number;
  readonly cells: CellSpace | undefined;
  readonly hooks: InterleaverHooks = {
    onEnd: undefined,
    onThrow: undefined,
    onStep: undefined,
    afterStep: undefined,
    nameOf: undefined,
  };
  /** May be replaced between steps. */
  scheduler: Scheduler;
  /** The task that made the last step, or -1 when there was none or it has ended. */
  lastTask = NOBODY;
  /** Steps made since construction or {@link reset}. */
  steps = 0;

  readonly #tasks: TaskTable;
  readonly #locks = new LockTable();
  /** By CPU: the task that keeps it, being in a section, or -1. */
  readonly #keeper = new Int32Array(CPUS_MAX).fill(NOBODY);
  readonly #freeContexts: Context[] = [];
  readonly #ownContexts = new WeakSet<Context>();
  /** What spawned tasks threw, by the task that waits for them. */
  readonly #thrown = new Map<number, unknown>();
  #anyThrown = false;
  /** Counts the openings of read sections and grace periods. */
  #clock = 0;

  /** @throws RangeError when `cpus` is not an integer in 1..64. */
  constructor(options: InterleaverOptions) {
    const { cpus } = options;
    if (!Number.isInteger(cpus) || cpus < 1 || cpus > CPUS_MAX)
      throw new RangeError(`cpus: expected an integer from 1 to ${CPUS_MAX}, got ${cpus}`);
    this.cpus = cpus;
    this.scheduler = options.scheduler;
    this.cells = options.cells;
    this.#tasks = new TaskTable(options.keepNumbers !== true);
  }

  /** The number that a task was started with; spawned tasks have that of the task that waits for them. */
  tagOf(task: number): number {
    return this.#tasks.tag[task]!;
  }

  /** A context on `cpu` from a pool; it goes back when the task that is started with it has ended. */
  takeContext(cpu: number): Context {
    let ctx = this.#freeContexts.pop();
    if (ctx === undefined) {
      ctx = new Context(cpu);
      this.#ownContexts.add(ctx);
    }
    ctx.cpu = cpu;
    return ctx;
  }

  /**
   * Makes a task of stepped code. It begins when the scheduler chooses it.
   *
   * @param tag an int32 handed to the hooks, for example the CPU or the index of a command.
   * @param pinned the task never changes its CPU.
   * @returns the task's number; it is used again after the task has ended.
   * @throws ScheduleError 'wrong use' when `ctx.cpu` is not one of the CPUs.
   */
  start(ctx: Context, body: Steps<unknown>, tag = 0, pinned = false): number {
    this.#checkCpu(ctx);
    return this.#tasks.add(ctx, body, tag, pinned, NOBODY);
  }

  /**
   * Makes an interrupt handler: it begins at any time when its CPU has interrupts on, also where a task
   * there keeps the CPU by a spin lock, and that task goes on when the handler has ended.
   *
   * @throws ScheduleError 'wrong use' when `ctx.cpu` is not one of the CPUs.
   */
  startInterrupt(ctx: Context, body: Steps<unknown>, tag = 0): number {
    const task = this.start(ctx, body, tag, true);
    this.#tasks.interrupt[task] = 1;
    return task;
  }

  /**
   * Makes steps until no task is left. Returns how many.
   *
   * @param stepsMax the livelock bound of this call.
   * @throws ScheduleError when tasks misuse locks or sections, wait for each other, or pass the bound.
   */
  run(stepsMax: number = Number.MAX_SAFE_INTEGER): number {
    const start = this.steps;
    while (this.#tasks.liveCount > 0) {
      if (this.steps - start >= stepsMax)
        throw new ScheduleError('livelock', `${this.liveCount} tasks have not ended in ${stepsMax} steps`);
      const choice = this.scheduler.choose(this);
      if (choice < 0) this.reportDeadlock();
      this.step(choice);
    }
    return this.steps - start;
  }

  /**
   * Lets one task make one step: the access that it has announced, and its code up to the next.
   * @throws ScheduleError 'wrong use' when the choice is not enabled; others as {@link run}.
   */
  step(choice: Choice): void {
    const task = choice >>> 6;
    const cpu = choice & (CPUS_MAX - 1);
    if (!this.canRun(task, cpu))
      throw new ScheduleError('wrong use', `${this.describeTask(task)} cannot run on CPU ${cpu} now`);
    const tasks = this.#tasks;
    const ctx = tasks.contexts[task]!;
    const access = tasks.pending[task]! as Access;
    this.hooks.onStep?.(choice, access);
    ctx.cpu = cpu;
    if (access === BEGIN && tasks.interrupt[task] === 1) this.#beginInterrupt(task, ctx);
    this.steps++;
    this.lastTask = task;
    const kind = access & 15;
    let answer = kind >= AccessKind.lock ? this.#perform(task, ctx, kind, access >>> 4) : true;
    const body = tasks.bodies[task]!;
    for (;;) {
      let next: IteratorResult<Access, unknown>;
      try {
        next = !this.#anyThrown ? body.next(answer) : this.#nextOrThrow(task, body, answer);
      } catch (error) {
        this.#keeper[cpu] = tasks.interrupted[task]!;
        this.#onThrow(task, ctx, error);
        this.hooks.afterStep?.(choice, access);
        return;
      }
      if (next.done === true) {
        this.#keeper[cpu] = tasks.interrupted[task]!;
        this.#onEnd(task, ctx, next.value);
        this.hooks.afterStep?.(choice, access);
        return;
      }
      if (this.#announce(task, ctx, next.value)) break;
      answer = true;
    }
    this.#keeper[cpu] = (ctx.preemptDepth | ctx.irqDepth) === 0 ? NOBODY : task;
    this.hooks.afterStep?.(choice, access);
  }

  /** Whether a task can make its next step on `cpu`: it does not wait, and may and can be there. */
  canRun(task: number, cpu: number): boolean {
    const keeper = this.#keeper[cpu]!;
    if (keeper !== task) {
      if (cpu >= this.cpus || task >= this.#tasks.bodies.length) return false;
      if (keeper !== NOBODY && !this.#canInterrupt(task, keeper)) return false;
      if (cpu !== this.#tasks.contexts[task]!.cpu && !this.canMove(task)) return false;
    }
    return !this.isWaiting(task);
  }

  /** Whether a task is live and may change its CPU now. */
  canMove(task: number): boolean {
    const ctx = this.#tasks.contexts[task]!;
    return (ctx.preemptDepth | ctx.irqDepth | this.#tasks.pinned[task]!) === 0;
  }

  /** Whether a task waits for something that other tasks must do first (or has ended). */
  isWaiting(task: number): boolean {
    const access = this.#tasks.pending[task]!;
    const kind = access & 15;
    if (kind <= AccessKind.rmw) return false;
    switch (kind) {
      case AccessKind.lock:
        return this.#locks.holderOf(access >>> 4) >= 0;
      case AccessKind.gracePeriod:
        return this.readerBefore(task) >= 0;
      case AccessKind.spawn:
        return this.#tasks.children[task]! > 0;
      case 15:
        return true;
      default:
        return false;
    }
  }

  /** The enabled choice that looks at tasks in their live order from `from`, own CPUs first; or -1. */
  firstEnabled(from = 0): Choice {
    const { live, liveCount } = this.#tasks;
    for (let i = 0; i < liveCount; i++) {
      const task = live[(from + i) % liveCount]!;
      const cpu = this.cpuOf(task);
      if (this.canRun(task, cpu)) return choiceOf(task, cpu);
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
    for (let task = 0; task < this.#tasks.bodies.length; task++)
      for (let cpu = 0; cpu < this.cpus; cpu++) if (this.canRun(task, cpu)) choices.push(choiceOf(task, cpu));
    return choices;
  }

  /** The access that a task makes with its next step; 0 before it has begun. */
  pendingAccess(task: number): Access {
    return (this.#tasks.pending[task] ?? 15) as Access;
  }

  /** Tasks that have not ended. */
  get liveCount(): number {
    return this.#tasks.liveCount;
  }

  /** The i-th live task, in an order that is the same for the same schedule. */
  liveTask(i: number): number {
    return this.#tasks.live[i]!;
  }

  /** The CPU that a task is on. */
  cpuOf(task: number): number {
    return this.#tasks.contexts[task]!.cpu;
  }

  /** The task that keeps `cpu` because it is in a section, or -1. */
  keeperOf(cpu: number): number {
    return this.#keeper[cpu]!;
  }

  /** Which task keeps a CPU, and whether it has interrupts off, as one number to compare. */
  keepStateOf(cpu: number): number {
    const keeper = this.#keeper[cpu]!;
    if (keeper === NOBODY) return 0;
    return (keeper + 1) * 2 + (this.#tasks.contexts[keeper]!.irqDepth > 0 ? 1 : 0);
  }

  /** Open read sections of a task. */
  readDepthOf(task: number): number {
    return this.#tasks.contexts[task]!.rcuDepth;
  }

  /** Task numbers given out so far: with `keepNumbers`, the tasks ever made. */
  get taskCount(): number {
    return this.#tasks.bodies.length;
  }

  /** Moves a task to the next CPU. The caller has asked {@link canMove}. */
  moveTask(task: number): void {
    const ctx = this.#tasks.contexts[task]!;
    ctx.cpu = (ctx.cpu + 1) % this.cpus;
  }

  /** Throws the deadlock that all live tasks are in, named. */
  reportDeadlock(): never {
    throw new ScheduleError('deadlock', describeWaits(this));
  }

  /** The task that holds a spin lock, or -1. */
  holderOf(cell: number): number {
    return this.#locks.holderOf(cell);
  }

  /** A task in a read section that was open when `task` began to wait for a grace period, or -1. */
  readerBefore(task: number): number {
    const { live, liveCount, contexts, readSince, waitSince } = this.#tasks;
    for (let i = 0; i < liveCount; i++) {
      const other = live[i]!;
      if (contexts[other]!.rcuDepth > 0 && readSince[other]! < waitSince[task]!) return other;
    }
    return NOBODY;
  }

  /** A task's name and CPU, for messages. */
  describeTask(task: number): string {
    const ctx = this.#tasks.contexts[task];
    if (ctx === undefined || this.pendingAccess(task) === NO_TASK) return `task ${task} (not live)`;
    const name = this.hooks.nameOf?.(task, this.#tasks.tag[task]!) ?? `task ${task}`;
    return `${name} (CPU ${ctx.cpu})`;
  }

  /** Drops all tasks and frees all locks: for the next run with the same object, and after an error. */
  reset(): void {
    for (const ctx of this.#tasks.contexts) leaveSections(ctx);
    this.#tasks.clear();
    this.#locks.clear();
    this.#keeper.fill(NOBODY);
    this.#thrown.clear();
    this.#anyThrown = false;
    this.lastTask = NOBODY;
    this.steps = 0;
    this.#clock = 0;
  }

  #canInterrupt(task: number, keeper: number): boolean {
    const { interrupt, pending, contexts } = this.#tasks;
    return interrupt[task] === 1 && pending[task] === BEGIN && contexts[keeper]!.irqDepth === 0;
  }

  /** A handler has interrupts off from its first step to its last. */
  #beginInterrupt(task: number, ctx: Context): void {
    this.#tasks.interrupted[task] = this.#keeper[ctx.cpu]!;
    ctx.irqDepth = 1;
  }

  #checkCpu(ctx: Context): void {
    if (ctx.cpu >= 0 && ctx.cpu < this.cpus) return;
    throw new ScheduleError('wrong use', `expected a task on CPU 0..${this.cpus - 1}, got CPU ${ctx.cpu}`);
  }

  #fault(fault: ScheduleFault, task: number, what: string): ScheduleError {
    return new ScheduleError(fault, `${this.describeTask(task)} ${what}`);
  }

  /** Does what a pending lock, unlock or trylock stands for; gives the answer to the yield. */
  #perform(task: number, ctx: Context, kind: number, cell: number): boolean {
    const holder = this.#locks.holderOf(cell);
    if (kind === AccessKind.unlock) {
      if (holder !== task) throw this.#fault('lock not held', task, `gives back ${cellName(this, cell)}`);
      this.#locks.giveBack(cell);
      ctx.preemptDepth--;
    } else if (kind <= AccessKind.tryLock) {
      if (holder >= 0) return false;
      this.#locks.take(cell, task);
      ctx.preemptDepth++;
    }
    return true;
  }

  /** Takes note of what a task wants to do next; false for a section, which is done at once. */
  #announce(task: number, ctx: Context, access: Access): boolean {
    const kind = access & 15;
    if (kind <= AccessKind.tryLock) {
      if (kind === AccessKind.lock && this.#locks.holderOf(access >>> 4) === task)
        throw this.#fault('lock recursion', task, `takes ${cellName(this, access >>> 4)}, which it holds`);
      this.#tasks.pending[task] = access;
      return true;
    }
    if (kind <= AccessKind.rcuReadUnlock) {
      if (kind === AccessKind.rcuReadLock && ctx.rcuDepth === 0) this.#tasks.readSince[task] = this.#clock++;
      if (!changeSection(ctx, kind))
        throw this.#fault('section not open', task, `makes step of kind ${kind} outside its section`);
      return false;
    }
    if (kind === AccessKind.compound) {
      this.#tasks.pending[task] = access;
      return true;
    }
    if (kind > AccessKind.spawn) throw this.#fault('wrong use', task, `yields ${access}, which is no access`);
    this.#beginWait(task, ctx, access);
    return true;
  }

  #beginWait(task: number, ctx: Context, access: Access): void {
    if (isAtomic(ctx))
      throw this.#fault('waiting in atomic section', task, 'waits where it must keep its CPU');
    this.#tasks.pending[task] = access;
    if ((access & 15) === AccessKind.gracePeriod) {
      if (ctx.rcuDepth > 0)
        throw this.#fault('waiting in atomic section', task, 'waits for a grace period in a read section');
      this.#tasks.waitSince[task] = this.#clock++;
      return;
    }
    for (const child of ctx.spawned) {
      this.#checkCpu(child.ctx);
      this.#tasks.add(child.ctx, child.steps, this.#tasks.tag[task]!, true, task);
      this.#tasks.children[task]!++;
    }
    ctx.spawned.length = 0;
  }

  /** A task whose spawned tasks threw continues with that error. */
  #nextOrThrow(task: number, body: Steps<unknown>, answer: boolean): IteratorResult<Access, unknown> {
    if (!this.#thrown.has(task)) return body.next(answer);
    const error = this.#thrown.get(task);
    this.#thrown.delete(task);
    this.#anyThrown = this.#thrown.size > 0;
    return body.throw(error);
  }

  #onEnd(task: number, ctx: Context, value: unknown): void {
    ctx.irqDepth -= this.#tasks.interrupt[task]!;
    if ((ctx.preemptDepth | ctx.irqDepth | ctx.rcuDepth) !== 0) {
      const held = this.#locks.heldBy(task).map((cell) => cellName(this, cell));
      const what = held.length === 0 ? 'a section open' : `${held.join(', ')} held`;
      throw this.#fault('section left open', task, `ends with ${what}`);
    }
    const { parent, tag, children } = this.#tasks;
    const waits = parent[task]!;
    const mark = tag[task]!;
    this.#tasks.remove(task);
    this.lastTask = NOBODY;
    if (waits >= 0) {
      children[waits]!--;
      return;
    }
    this.hooks.onEnd?.(mark, value, ctx);
    if (this.#ownContexts.has(ctx)) this.#freeContexts.push(ctx);
  }

  #onThrow(task: number, ctx: Context, error: unknown): void {
    const { parent, tag, children } = this.#tasks;
    const waits = parent[task]!;
    const mark = tag[task]!;
    if (isAtomic(ctx)) this.#locks.releaseAll(task);
    leaveSections(ctx);
    this.#tasks.remove(task);
    this.lastTask = NOBODY;
    if (waits >= 0) {
      children[waits]!--;
      this.#thrown.set(waits, error);
      this.#anyThrown = true;
      return;
    }
    if (this.hooks.onThrow === undefined) throw error;
    this.hooks.onThrow(mark, error, ctx);
    if (this.#ownContexts.has(ctx)) this.#freeContexts.push(ctx);
  }
}
