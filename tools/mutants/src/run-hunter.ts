import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Failure, HuntOrder, HuntReport } from './hunt/hunt.js';

type Done = Extract<HuntReport, { kind: 'done' }>;

/** An execution that takes this long has come to a loop that never ends. */
const ENDLESS_MS = 15_000;
const MEMORY_MB = 1024;

const endless = (what: string): Failure => ({
  invariant: 'every operation ends',
  message: `every operation ends: ${what}`,
  text: '(as it was found: what does not end cannot be shrunk)',
});

/**
 * Loads a bundle in a process of its own and has it do `order`. An execution that never ends, or that takes all memory, counts as
 * a failure.
 *
 * @param signal ends the process; then null.
 * @throws Error with what the process had to say, when it ends otherwise than it should.
 */
export function runHunter(
  code: string,
  order: HuntOrder,
  signal: AbortSignal,
  endlessMs: number = ENDLESS_MS,
): Promise<Done | null> {
  const folder = mkdtempSync(join(tmpdir(), 'mm-mutant-'));
  const file = join(folder, 'mutant.mjs');
  writeFileSync(file, code);
  return new Promise<Done | null>((resolve, reject) => {
    const child = fork(file, {
      execArgv: [`--max-old-space-size=${MEMORY_MB}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const began = Date.now();
    let last: Extract<HuntReport, { kind: 'at' }> | null = null;
    let heard = began;
    let complaint = '';
    const settle = (): void => {
      clearInterval(timer);
      signal.removeEventListener('abort', abort);
      child.removeAllListeners();
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    };
    const end = (done: Done | null): void => {
      settle();
      resolve(done);
    };
    const fail = (what: string): void => {
      const { executions = 0, finding = null } = last ?? {};
      end({ kind: 'done', executions, milliseconds: heard - began, finding, failure: endless(what) });
    };
    const abort = (): void => end(null);
    const timer = setInterval(() => {
      if (Date.now() - heard >= endlessMs) fail(`an execution had not ended after ${endlessMs / 1000} s`);
    }, 250);
    signal.addEventListener('abort', abort);
    child.stderr!.on('data', (data: Buffer) => (complaint = (complaint + data.toString()).slice(-4000)));
    child.on('message', (report: HuntReport) => {
      heard = Date.now();
      if (report.kind === 'at') last = report;
      else end(report);
    });
    // A process may be seen to exit before its last message is read; 'close' comes after both.
    child.on('close', (exitCode, killedBy) => {
      // Node aborts by a signal when memory runs out.
      if (last !== null && (killedBy !== null || /heap|memory/u.test(complaint)))
        return fail(`an execution took all of ${MEMORY_MB} MiB`);
      settle();
      reject(new Error(`a hunter ended with ${exitCode ?? killedBy}: ${complaint}`));
    });
    child.on('error', (error) => {
      settle();
      reject(error);
    });
    if (signal.aborted) abort();
    else child.send(order);
  });
}
