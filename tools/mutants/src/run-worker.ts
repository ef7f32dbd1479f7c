import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import type { Failure, HuntOrder, HuntReport } from './hunt/hunt.js';

type Done = Extract<HuntReport, { kind: 'done' }>;

/** An execution that takes this long has come to a loop that never ends. */
const ENDLESS_MS = 15_000;

const ENDLESS: Failure = {
  invariant: 'every operation ends',
  message: `every operation ends: an execution had not ended after ${ENDLESS_MS / 1000} s`,
  text: '(as it was found: what does not end cannot be shrunk)',
};

/**
 * Loads a bundle in a worker thread and has it do `order`. An execution that never ends counts as a failure.
 *
 * @param signal ends the worker; then null.
 */
export function runWorker(
  code: string,
  order: HuntOrder,
  signal: AbortSignal,
  endlessMs: number = ENDLESS_MS,
): Promise<Done | null> {
  const folder = mkdtempSync(join(tmpdir(), 'mm-mutant-'));
  const file = join(folder, 'mutant.mjs');
  writeFileSync(file, code);
  return new Promise<Done | null>((resolve, reject) => {
    const worker = new Worker(file, { workerData: order, resourceLimits: { maxOldGenerationSizeMb: 2048 } });
    const began = Date.now();
    let last: Extract<HuntReport, { kind: 'at' }> | null = null;
    const end = (done: Done | null, error?: Error): void => {
      clearInterval(timer);
      signal.removeEventListener('abort', abort);
      rmSync(folder, { recursive: true, force: true });
      void worker.terminate();
      if (error === undefined) resolve(done);
      else reject(error);
    };
    const abort = (): void => end(null);
    let heard = began;
    const timer = setInterval(() => {
      if (Date.now() - heard < endlessMs) return;
      const executions = last?.executions ?? 0;
      const finding = last?.finding ?? null;
      end({ kind: 'done', executions, milliseconds: heard - began, finding, failure: ENDLESS });
    }, 250);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    worker.on('message', (report: HuntReport) => {
      heard = Date.now();
      if (report.kind === 'at') last = report;
      else end(report);
    });
    // Memory that runs out is one way not to end.
    worker.on('error', (error: Error & { code?: string }) => {
      const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      if (!isMemory || last === null) return end(null, error);
      const { executions, finding } = last;
      end({ kind: 'done', executions, milliseconds: Date.now() - began, finding, failure: ENDLESS });
    });
  });
}
