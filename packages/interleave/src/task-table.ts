import type { Access, Context, Steps } from '@mm/steps';

/** Announced by a task that has not begun: a read of no cell. */
export const BEGIN = 0 as Access;
/** Stands for the access of a slot without a task. No step has kind 15. */
export const NO_TASK = 15 as Access;

/**
 * A task, or a slot where one was: the object is used again with its slot.
 *
 * One object and not a column each in typed arrays: a step needs five of these, and a column costs the checks of its array.
 */
export class Task {
  ctx: Context;
  body: Steps<unknown>;
  /** The access that the task has announced and makes with its next step. */
  pending: Access = NO_TASK;
  tag = 0;
  pinned = false;
  /** It is an interrupt handler. */
  interrupt = false;
  /** For a handler that has begun: the task that kept its CPU then, or -1. */
  interrupted = -1;
  /** The task that spawned this one, or -1. */
  parent = -1;
  /** Spawned tasks that have not ended. */
  children = 0;
  /** Mutexes that the task holds. */
  mutexes = 0;
  /** When the outermost read section opened. */
  readSince = 0;
  /** When the task began to wait for a grace period. */
  waitSince = 0;
  /** Where it is among the live. */
  place = 0;

  constructor(ctx: Context, body: Steps<unknown>) {
    this.ctx = ctx;
    this.body = body;
  }
}

/**
 * The tasks of an interleaver, by slot; slots are used again.
 *
 * slots made = live tasks + free slots; live[slots[task].place] = task for every live task
 */
export class TaskTable {
  /** By number. Those from {@link made} on are none. */
  readonly slots: Task[] = [];
  readonly live: number[] = [];
  liveCount = 0;
  /** Slots made: numbers of tasks are below. */
  made = 0;

  readonly #freeSlots: number[] = [];

  readonly #reuse: boolean;

  /** @param reuse slots of ended tasks are given to new ones. */
  constructor(reuse: boolean) {
    this.#reuse = reuse;
  }

  add(ctx: Context, body: Steps<unknown>, tag: number, pinned: boolean, parent: number): number {
    const number = this.#freeSlots.length > 0 ? this.#freeSlots.pop()! : this.made++;
    const task = (this.slots[number] ??= new Task(ctx, body));
    task.ctx = ctx;
    task.body = body;
    task.pending = BEGIN;
    task.tag = tag;
    task.pinned = pinned;
    task.interrupt = false;
    task.interrupted = -1;
    task.parent = parent;
    task.children = 0;
    task.mutexes = 0;
    task.place = this.liveCount;
    this.live[this.liveCount++] = number;
    return number;
  }

  remove(number: number): void {
    const task = this.slots[number]!;
    task.pending = NO_TASK;
    const last = this.live[--this.liveCount]!;
    this.live[task.place] = last;
    this.slots[last]!.place = task.place;
    if (this.#reuse) this.#freeSlots.push(number);
  }

  /** Forgets all tasks; the next one has number 0 again. */
  clear(): void {
    for (let number = 0; number < this.made; number++) this.slots[number]!.pending = NO_TASK;
    this.made = 0;
    this.liveCount = 0;
    if (this.#freeSlots.length > 0) this.#freeSlots.length = 0;
  }
}
