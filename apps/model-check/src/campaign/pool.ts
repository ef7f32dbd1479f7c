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
/** What came of it. */
export type UnitReturn = { readonly result: unknown } | { readonly fault: string };

/** Does units, several at a time. */
export interface Pool {
  /** Units that are done at the same time. */
  readonly width: number;
  /** Does a unit. At most `width` may be under way. Rejects when it throws, which is a fault of ours. */
  run(lane: string, unit: number): Promise<unknown>;
  /** Ends all threads, whatever they are doing. */
  close(): Promise<void>;
}

/** A pool of `workers` threads; one worker is this thread, which answers signals between units. */
export const openPool = (job: AnyJob, options: unknown, workers: number): Pool =>
  workers === 1 ? new ThisThread(job, options) : new Threads(job, options, workers);

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
    return this.#job.runUnit(this.#options, lane, unit);
  }

  async close(): Promise<void> {}
}

class Threads implements Pool {
  readonly width: number;
  readonly #all: Worker[];
  readonly #idle: Worker[];

  constructor(job: AnyJob, options: unknown, workers: number) {
    this.width = workers;
    const start: WorkerStart = { job: job.name, options };
    this.#all = Array.from({ length: workers }, () => {
      const worker = new Worker(new URL('worker.js', import.meta.url), { workerData: start });
      // A thread that waits for work does not keep the process alive; one that works is waited for.
      worker.unref();
      return worker;
    });
    this.#idle = [...this.#all];
  }

  async run(lane: string, unit: number): Promise<unknown> {
    const worker = this.#idle.pop()!;
    worker.ref();
    const answer = await new Promise<UnitReturn>((resolve, reject) => {
      const ended = (code: number): void => reject(new Ended(code));
      worker.once('exit', ended);
      worker.once('error', reject);
      worker.once('message', (message: UnitReturn) => {
        worker.off('exit', ended);
        worker.off('error', reject);
        resolve(message);
      });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
      worker.postMessage({ lane, unit } satisfies UnitCall);
    });
    worker.unref();
    this.#idle.push(worker);
    if ('fault' in answer) throw new Error(`${lane}, unit ${unit}: ${answer.fault}`);
    return answer.result;
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((worker) => worker.terminate()));
  }
}

/** A thread was ended while it worked. */
export class Ended extends Error {
  override readonly name = 'Ended';

  constructor(code: number) {
    super(`a thread ended with code ${code}`);
  }
}
