import { type Access, Context, type Steps } from '@mm/steps';

/** Announced by a task that has not begun: a read of no cell. */
export const BEGIN = 0 as Access;
/** Stands for the access of a slot without a task. No step has kind 15. */
export const NO_TASK = 15 as Access;

function wider<A extends Int32Array | Uint8Array | Float64Array>(old: A, next: A): A {
  next.set(old);
  return next;
}

/**
 * The tasks of an interleaver, by slot; slots are used again.
 *
 * slots made = live tasks + free slots; live[place[task]] = task for every live task
 */
export class TaskTable {
  readonly contexts: Context[] = [];
  readonly bodies: Steps<unknown>[] = [];
  /** The access that a task has announced and makes with its next step. */
  pending = new Int32Array(16).fill(NO_TASK);
  tag = new Int32Array(16);
  /** The task that spawned this one, or -1. */
  parent = new Int32Array(16);
  /** Spawned tasks that have not ended. */
  children = new Int32Array(16);
  pinned = new Uint8Array(16);
  /** The task is an interrupt handler. */
  interrupt = new Uint8Array(16);
  /** For a handler that has begun: the task that kept its CPU then, or -1. */
  interrupted = new Int32Array(16);
  /** Mutexes that the task holds. */
  mutexes = new Int32Array(16);
  /** When the outermost read section opened. */
  readSince = new Float64Array(16);
  /** When the task began to wait for a grace period. */
  waitSince = new Float64Array(16);
  place = new Int32Array(16);
  live = new Int32Array(16);
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
    const task = this.#freeSlots.length > 0 ? this.#freeSlots.pop()! : this.made++;
    if (task >= this.pending.length) this.#grow();
    this.contexts[task] = ctx;
    this.bodies[task] = body;
    this.pending[task] = BEGIN;
    this.tag[task] = tag;
    this.parent[task] = parent;
    this.children[task] = 0;
    this.pinned[task] = pinned ? 1 : 0;
    this.interrupt[task] = 0;
    this.interrupted[task] = -1;
    this.mutexes[task] = 0;
    this.place[task] = this.liveCount;
    this.live[this.liveCount++] = task;
    return task;
  }

  remove(task: number): void {
    this.pending[task] = NO_TASK;
    const at = this.place[task]!;
    const last = this.live[--this.liveCount]!;
    this.live[at] = last;
    this.place[last] = at;
    if (this.#reuse) this.#freeSlots.push(task);
  }

  /** Forgets all tasks; the next one has number 0 again. */
  clear(): void {
    for (let task = 0; task < this.made; task++) this.pending[task] = NO_TASK;
    this.made = 0;
    this.liveCount = 0;
    if (this.#freeSlots.length > 0) this.#freeSlots.length = 0;
  }

  #grow(): void {
    const size = this.pending.length * 2;
    this.pending = wider(this.pending, new Int32Array(size).fill(NO_TASK));
    this.tag = wider(this.tag, new Int32Array(size));
    this.parent = wider(this.parent, new Int32Array(size));
    this.children = wider(this.children, new Int32Array(size));
    this.pinned = wider(this.pinned, new Uint8Array(size));
    this.interrupt = wider(this.interrupt, new Uint8Array(size));
    this.interrupted = wider(this.interrupted, new Int32Array(size));
    this.mutexes = wider(this.mutexes, new Int32Array(size));
    this.readSince = wider(this.readSince, new Float64Array(size));
    this.waitSince = wider(this.waitSince, new Float64Array(size));
    this.place = wider(this.place, new Int32Array(size));
    this.live = wider(this.live, new Int32Array(size));
  }
}
