import { parentPort, workerData } from 'node:worker_threads';

import { JOBS } from './jobs.js';
import type { UnitCall, UnitReturn, WorkerStart } from './pool.js';

const { job: name, options } = workerData as WorkerStart;
const job = JOBS.get(name)!;
const port = parentPort!;

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
const beat = (part: number): void => port.postMessage({ beat: part } satisfies UnitReturn);

async function answer({ lane, unit }: UnitCall): Promise<UnitReturn> {
  try {
    return { result: await job.runUnit(options, lane, unit, beat) };
  } catch (error) {
    return { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

port.on('message', (call: UnitCall) => void answer(call).then((result) => port.postMessage(result)));
