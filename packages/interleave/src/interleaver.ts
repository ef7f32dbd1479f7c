import { type Access, AccessKind, CellSpace, Context, type Steps } from '@mm/steps';

import { cellName, describeWaits } from './describe-waits.js';
import { expectInteger, expectOptions, expected } from './expected.js';
import type { InterleaverOptions } from './interleaver-options.js';
import { hotplugCpu, takesDown } from './online-cpus.js';
import { ScheduleError, type ScheduleFault, wrongUse } from './schedule-error.js';
import { NOBODY, SchedulerView } from './scheduler-view.js';
import { CPUS_MAX, type Choice, type Scheduler } from './scheduler.js';
import { changeSection, isAtomic, leaveSections } from './sections.js';
import { BEGIN, type Task } from './task-table.js';

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
export class Interleaver extends SchedulerView {
  /** May be replaced between steps. */
  scheduler: Scheduler;

  readonly #freeContexts: Context[] = [];
  readonly #ownContexts = new WeakSet<Context>();
  /** What spawned tasks threw, by the task that waits for them. */
  readonly #thrown = new Map<number, unknown>();
  /** Counts the openings of read sections and grace periods. */
  #clock = 0;

  /** @throws RangeError when `cpus` is not an integer in 1..64, or another option is not what it should be. */
  constructor(options: InterleaverOptions) {
    expectOptions(options, { keepNumbers: 'boolean' });
    const { cpus, cells, scheduler } = options;
    expectInteger('cpus', cpus, 1, CPUS_MAX);
    if (typeof scheduler?.choose !== 'function')
      throw expected('scheduler', 'an object that can `choose`', scheduler);
    if (cells !== undefined && !(cells instanceof CellSpace)) throw expected('cells', 'a CellSpace', cells);
    super(cpus, cells, options.keepNumbers === true);
    this.scheduler = scheduler;
  }

  /**
   * A context on `cpu` from a pool; it goes back when the task that is started with it has ended.
   * @throws ScheduleError 'wrong use' when it is not one of the CPUs.
   */
  takeContext(cpu: number): Context {
    this.online.checkCpu(cpu);
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
   * @throws ScheduleError 'wrong use' when `ctx.cpu` is not one of the CPUs, or another argument is not what it should be.
   */
  start(ctx: Context, body: Steps<unknown>, tag = 0, pinned = false): number {
    this.online.checkContext(ctx);
    if (typeof (body as Partial<Steps<unknown>> | null)?.next !== 'function')
      throw wrongUse('what a stepped function returns', body);
    if (!Number.isInteger(tag) || (tag | 0) !== tag) throw wrongUse('an int32 as a tag', tag);
    if (typeof pinned !== 'boolean') throw wrongUse('true or false for pinned', pinned);
    return this.tasks.add(ctx, body, tag, pinned, NOBODY);
  }

  /**
   * Makes an interrupt handler: it begins at any time when its CPU has interrupts on, also where a task
   * there keeps the CPU by a spin lock, and that task goes on when the handler has ended.
   *
   * @throws ScheduleError 'wrong use' when `ctx.cpu` is not one of the CPUs.
   */
  startInterrupt(ctx: Context, body: Steps<unknown>, tag = 0): number {
    const task = this.start(ctx, body, tag, true);
    this.tasks.slots[task]!.interrupt = true;
    return task;
  }

  /**
   * Takes a CPU offline, as the kernel does before it tells anybody: its tasks go on elsewhere, and none moves there.
   * @returns false, and nothing has changed, where a task must stay: it is pinned there or in a section, or no other CPU is online.
   * @throws ScheduleError 'wrong use' when it is not one of the CPUs.
   * @see linux 6.1 kernel/cpu.c takedown_cpu
   */
  takeOffline(cpu: number): boolean {
    this.online.checkCpu(cpu);
    const { live, liveCount } = this.tasks;
    if (this.online.refugeFrom(cpu) === NOBODY || this.keeper[cpu] !== NOBODY) return false;
    for (let i = 0; i < liveCount; i++)
      if (this.cpuOf(live[i]!) === cpu && !this.canMove(live[i]!)) return false;
    this.online.takeDown(cpu, this.tasks);
    return true;
  }

  /**
   * A CPU is online again: tasks may move there.
   * @throws ScheduleError 'wrong use' when it is not one of the CPUs.
   */
  bringOnline(cpu: number): void {
    this.online.checkCpu(cpu);
    this.online.bringUp(cpu);
  }

  /**
   * Makes steps until no task is left. Returns how many.
   *
   * @param stepsMax the livelock bound of this call.
   * @throws ScheduleError when tasks misuse locks or sections, wait for each other, or pass the bound; RangeError for what is no bound.
   */
  run(stepsMax: number = Number.MAX_SAFE_INTEGER): number {
    expectInteger('stepsMax', stepsMax, 0);
    const start = this.steps;
    while (this.tasks.liveCount > 0) {
      if (this.steps - start >= stepsMax)
        throw new ScheduleError('livelock', `${this.liveCount} tasks have not ended in ${stepsMax} steps`);
      const { scheduler } = this;
      const choice = scheduler.choose(this);
      if (choice < 0) this.reportDeadlock();
      if (scheduler.asksFirst === true) this.#step(choice);
      else this.step(choice);
    }
    return this.steps - start;
  }

  /**
   * Lets one task make one step: the access that it has announced, and its code up to the next.
   * @throws ScheduleError 'wrong use' when the choice is not enabled; others as {@link run}.
   */
  step(choice: Choice): void {
    if (!Number.isInteger(choice) || choice < 0 || choice > 0x7fffffff)
      throw wrongUse('a choice, task × 64 + CPU', choice);
    const task = choice >>> 6;
    const cpu = choice & (CPUS_MAX - 1);
    if (!this.canRun(task, cpu))
      throw new ScheduleError('wrong use', `${this.describeTask(task)} cannot run on CPU ${cpu} now`);
    this.#step(choice);
  }

  /**
   * Makes a step of a task on its CPU that is known to be possible, to touch nothing but its cell, and to be neither the task's
   * last nor one of a lock: an explorer has made it before, from the same state. Hooks are not told, and the number is not checked.
   *
   * @throws ScheduleError 'nondeterminism' when it is the task's last after all; what the task throws.
   */
  repeat(task: number): void {
    const its = this.tasks.slots[task]!;
    const { body } = its;
    this.steps++;
    this.lastTask = task;
    for (;;) {
      const next = body.next(true);
      if (next.done === true)
        throw this.#fault('nondeterminism', task, 'ends with a step with which it did not end before');
      if ((next.value & 15) <= AccessKind.rmw) {
        its.pending = next.value;
        return;
      }
      // Sections that are opened and closed again change nothing either.
      if (this.#announce(task, its, next.value)) return;
    }
  }

  #step(choice: Choice): void {
    const task = choice >>> 6;
    const cpu = choice & (CPUS_MAX - 1);
    const its = this.tasks.slots[task]!;
    const access = its.pending;
    this.hooks.onStep?.(choice, access);
    const { ctx, body } = its;
    ctx.cpu = cpu;
    this.steps++;
    this.lastTask = task;
    const kind = access & 15;
    let answer = kind >= AccessKind.lock || access === BEGIN ? this.#perform(task, its, access) : true;
    for (;;) {
      let next: IteratorResult<Access, unknown>;
      try {
        next = kind !== AccessKind.spawn ? body.next(answer) : this.#nextOrThrow(task, body);
      } catch (error) {
        this.keeper[cpu] = its.interrupted;
        this.#onThrow(task, its, error);
        break;
      }
      if (next.done === true) {
        this.keeper[cpu] = its.interrupted;
        this.#onEnd(task, its, next.value);
        break;
      }
      // Most steps: what comes next waits for nothing and changes no section.
      if ((next.value & 15) <= AccessKind.rmw) its.pending = next.value;
      else if (!this.#announce(task, its, next.value)) {
        answer = true;
        continue;
      }
      this.keeper[cpu] = isAtomic(ctx) ? task : NOBODY;
      break;
    }
    this.hooks.afterStep?.(choice, access);
  }

  /** Throws the deadlock that all live tasks are in, named. */
  reportDeadlock(): never {
    throw new ScheduleError('deadlock', describeWaits(this));
  }

  /** Drops all tasks and frees all locks: for the next run with the same object, and after an error. */
  reset(): void {
    for (let task = 0; task < this.tasks.made; task++) leaveSections(this.tasks.slots[task]!.ctx);
    this.tasks.clear();
    this.locks.clear();
    this.keeper.fill(NOBODY);
    this.online.reset();
    if (this.#thrown.size > 0) this.#thrown.clear();
    this.lastTask = NOBODY;
    this.steps = 0;
    this.#clock = 0;
  }

  #fault(fault: ScheduleFault, task: number, what: string): ScheduleError {
    return new ScheduleError(fault, `${this.describeTask(task)} ${what}`);
  }

  /** Does what a beginning, or a pending lock, unlock, trylock or change of a CPU stands for; gives the answer to the yield. */
  #perform(task: number, its: Task, access: Access): boolean {
    const { ctx } = its;
    if (access === BEGIN) {
      if (its.interrupt) this.#beginInterrupt(its);
      return true;
    }
    const kind = access & 15;
    if (kind > AccessKind.tryLock) {
      if (kind === AccessKind.hotplug) this.#switchCpu(task, ctx, access);
      return true;
    }
    const cell = access >>> 4;
    const holder = this.locks.holderOf(cell);
    if (kind === AccessKind.unlock) {
      if (holder !== task) throw this.#fault('lock not held', task, `gives back ${cellName(this, cell)}`);
      this.locks.giveBack(cell);
      if (this.isMutex(cell)) its.mutexes--;
      else ctx.preemptDepth--;
    } else {
      if (holder >= 0) return false;
      this.locks.take(cell, task);
      if (this.isMutex(cell)) its.mutexes++;
      else ctx.preemptDepth++;
    }
    return true;
  }

  /** A handler has interrupts off from its first step to its last. */
  #beginInterrupt(its: Task): void {
    its.interrupted = this.keeper[its.ctx.cpu]!;
    its.ctx.irqDepth = 1;
  }

  #switchCpu(task: number, ctx: Context, access: number): void {
    const cpu = hotplugCpu(access);
    if (!takesDown(access)) this.online.bringUp(cpu);
    else if (ctx.cpu === cpu)
      throw this.#fault('wrong use', task, `takes down CPU ${cpu}, on which it is: pin it to another`);
    else if (!this.online.isOffline(cpu)) this.online.takeDown(cpu, this.tasks);
  }

  /** Takes note of what a task wants to do next; false for a section, which is done at once. */
  #announce(task: number, its: Task, access: Access): boolean {
    const kind = access & 15;
    const { ctx } = its;
    if (kind <= AccessKind.tryLock) {
      if (kind === AccessKind.lock || kind === AccessKind.tryLock) this.#expectCanTake(task, its, access);
      its.pending = access;
      return true;
    }
    if (kind <= AccessKind.rcuReadUnlock) {
      if (kind === AccessKind.rcuReadLock && ctx.rcuDepth === 0) its.readSince = this.#clock++;
      if (!changeSection(ctx, kind))
        throw this.#fault('section not open', task, `makes step of kind ${kind} outside its section`);
      return false;
    }
    if (kind === AccessKind.compound) {
      its.pending = access;
      return true;
    }
    if (kind === AccessKind.hotplug && hotplugCpu(access) >>> 0 >= this.cpus)
      throw this.#fault('wrong use', task, `yields ${access}, which is no access to one of the CPUs`);
    this.#beginWait(task, its, access);
    return true;
  }

  /** A spin lock that the task holds would be waited for without end; a mutex may sleep, so not everywhere. */
  #expectCanTake(task: number, { ctx, interrupt }: Task, access: Access): void {
    const cell = access >>> 4;
    const waits = (access & 15) === AccessKind.lock;
    if (waits && this.locks.holderOf(cell) === task)
      throw this.#fault('lock recursion', task, `takes ${cellName(this, cell)}, which it holds`);
    if (!this.isMutex(cell)) return;
    if (waits ? isAtomic(ctx) || ctx.rcuDepth > 0 : interrupt)
      throw this.#fault(
        'waiting in atomic section',
        task,
        `takes ${cellName(this, cell)}, a mutex, where it must not sleep`,
      );
  }

  #beginWait(task: number, its: Task, access: Access): void {
    const { ctx } = its;
    if (isAtomic(ctx))
      throw this.#fault('waiting in atomic section', task, 'waits where it must keep its CPU');
    its.pending = access;
    const kind = access & 15;
    if (kind !== AccessKind.spawn && ctx.rcuDepth > 0) {
      const what = kind === AccessKind.hotplug ? 'CPU' : 'grace period';
      throw this.#fault('waiting in atomic section', task, `waits for a ${what} in a read section`);
    }
    if (kind === AccessKind.hotplug) return;
    if (kind === AccessKind.gracePeriod) {
      its.waitSince = this.#clock++;
      return;
    }
    for (const child of ctx.spawned) {
      this.online.checkContext(child.ctx);
      if (this.online.isOffline(child.ctx.cpu))
        throw this.#fault('offline CPU', task, `starts a task on CPU ${child.ctx.cpu}, which is offline`);
      this.tasks.add(child.ctx, child.steps, its.tag, true, task);
      its.children++;
    }
    ctx.spawned.length = 0;
  }

  /** A task whose spawned tasks threw continues with that error. */
  #nextOrThrow(task: number, body: Steps<unknown>): IteratorResult<Access, unknown> {
    if (!this.#thrown.has(task)) return body.next(true);
    const error = this.#thrown.get(task);
    this.#thrown.delete(task);
    return body.throw(error);
  }

  #onEnd(task: number, its: Task, value: unknown): void {
    const { ctx, tag } = its;
    if (its.interrupt) ctx.irqDepth--;
    if ((ctx.preemptDepth | ctx.irqDepth | ctx.rcuDepth | its.mutexes) !== 0) {
      const held = this.locks.heldBy(task).map((cell) => cellName(this, cell));
      const what = held.length === 0 ? 'a section open' : `${held.join(', ')} held`;
      throw this.#fault('section left open', task, `ends with ${what}`);
    }
    if (this.#leave(task, its)) return;
    this.hooks.onEnd?.(tag, value, ctx);
    if (this.#ownContexts.has(ctx)) this.#freeContexts.push(ctx);
  }

  #onThrow(task: number, its: Task, error: unknown): void {
    const { ctx, tag, parent } = its;
    if (isAtomic(ctx) || its.mutexes > 0) {
      this.locks.releaseAll(task);
      this.givenBack++;
    }
    leaveSections(ctx);
    if (this.#leave(task, its)) {
      this.#thrown.set(parent, error);
      return;
    }
    if (this.hooks.onThrow === undefined) throw error;
    this.hooks.onThrow(tag, error, ctx);
    if (this.#ownContexts.has(ctx)) this.#freeContexts.push(ctx);
  }

  /** A task is no more. True when another waits for it. */
  #leave(task: number, { parent }: Task): boolean {
    this.tasks.remove(task);
    this.lastTask = NOBODY;
    if (parent < 0) return false;
    this.tasks.slots[parent]!.children--;
    return true;
  }
}
