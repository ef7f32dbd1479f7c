import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

import type { AnyJob } from './job.js';

/** What a thread is started with. */
export interface WorkerStart {
  readonly job: string;
  readonly options: unknown;
}
/** A unit that a thread is asked to do. */
export interface UnitCall {
  readonly lane: string;
  readonly unit: number;
}
/** What came of it, or how far it is. */
export type UnitReturn = { readonly result: unknown } | { readonly fault: string } | UnitBeat;
/** The unit's next part begins. */
interface UnitBeat {
  readonly beat: number;
}

/** Does units, several at a time. */
export interface Pool {
  /** Units that are done at the same time. */
  readonly width: number;
  /**
   * Does a unit. At most `width` may be under way. Rejects when it throws, which is a fault of ours, and with {@link Stalled} where it
   * takes longer than `limitMs`, or a part of it where it tells of parts: this thread cannot tell.
   */
  run(lane: string, unit: number, limitMs?: number): Promise<unknown>;
  /** Ends all threads, whatever they are doing. */
  close(): Promise<void>;
}

/** Timers take no more. */
const TIMER_MAX_MS = 2 ** 31 - 1;
const WORKER = new URL('worker.js', import.meta.url);

/**
 * A pool of `workers` threads; one worker is this thread, which answers signals between units, unless units are to be `watched`: who
 * is in an endless loop cannot look at the time. (From the sources, in tests, there is no file to start a thread from.)
 */
export const openPool = (job: AnyJob, options: unknown, workers: number, watched = false): Pool =>
  workers === 1 && !(watched && existsSync(WORKER))
    ? new ThisThread(job, options)
    : new Threads(job, options, workers);

class ThisThread implements Pool {
  readonly width = 1;
  readonly #job: AnyJob;
  readonly #options: unknown;

  constructor(job: AnyJob, options: unknown) {
    this.#job = job;
    this.#options = options;
  }

  async run(lane: string, unit: number): Promise<unknown> {
    // Signals and timers get their turn.
    await new Promise((resolve) => setImmediate(resolve));
    return this.#job.runUnit(this.#options, lane, unit, () => {});
  }

  async close(): Promise<void> {}
}

class Threads implements Pool {
  readonly width: number;
  readonly #start: WorkerStart;
  readonly #all: Worker[];
  readonly #idle: Worker[];

  constructor(job: AnyJob, options: unknown, workers: number) {
    this.width = workers;
    this.#start = { job: job.name, options };
    this.#all = Array.from({ length: workers }, () => this.#open());
    this.#idle = [...this.#all];
  }

  #open(): Worker {
    const worker = new Worker(WORKER, { workerData: this.#start });
    // A thread that waits for work does not keep the process alive; one that works is waited for.
    worker.unref();
    return worker;
  }

  async run(lane: string, unit: number, limitMs?: number): Promise<unknown> {
    const worker = this.#idle.pop()!;
    worker.ref();
    let timer: NodeJS.Timeout | undefined;
    const answer = await new Promise<Exclude<UnitReturn, UnitBeat>>((resolve, reject) => {
      const watch = (part: number): void => {
        if (limitMs === undefined) return;
        clearTimeout(timer);
        const stalls = (): void => {
          this.#replace(worker);
          reject(new Stalled(lane, unit, limitMs, part));
        };
        timer = setTimeout(stalls, Math.min(limitMs, TIMER_MAX_MS));
      };
      const ended = (code: number): void => reject(new Ended(code));
      const told = (message: UnitReturn): void => {
        if ('beat' in message) return watch(message.beat);
        worker.off('exit', ended);
        worker.off('error', reject);
        worker.off('message', told);
        resolve(message);
      };
      worker.once('exit', ended);
      worker.once('error', reject);
      worker.on('message', told);
      watch(0);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
      worker.postMessage({ lane, unit } satisfies UnitCall);
    }).finally(() => clearTimeout(timer));
    worker.unref();
    this.#idle.push(worker);
    if ('fault' in answer) throw new Error(`${lane}, unit ${unit}: ${answer.fault}`);
    return answer.result;
  }

  /** Ends a thread in the middle of what it does, and starts another in its place. */
  #replace(worker: Worker): void {
    void worker.terminate();
    const other = this.#open();
    this.#all[this.#all.indexOf(worker)] = other;
    this.#idle.push(other);
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((worker) => worker.terminate()));
  }
}

/** A unit took longer than it may. */
export class Stalled extends Error {
  override readonly name = 'Stalled';

  /** The part that had no end; 0: the first. */
  readonly part: number;

  constructor(lane: string, unit: number, limitMs: number, part: number) {
    super(`${lane}, unit ${unit}: no end within ${limitMs / 1000} s`);
    this.part = part;
  }
}

/** A thread was ended while it worked. */
export class Ended extends Error {
  override readonly name = 'Ended';

  constructor(code: number) {
    super(`a thread ended with code ${code}`);
  }
}
