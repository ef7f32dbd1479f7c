import { fork, type ChildProcess } from 'node:child_process';

import type { BenchCase } from './suite.js';

/** How long and how often to time. */
export interface SampleOptions {
  /** Milliseconds that a case warms up for. */
  readonly warmMs: number;
  /** Milliseconds that one sample takes, about. */
  readonly sampleMs: number;
  /** Samples of each case. */
  readonly samples: number;
}

/** Nanoseconds per operation of one case, sorted. */
export interface CaseTimes {
  readonly name: string;
  readonly sortedNs: readonly number[];
}

/** How the process of one case is started: `node bin ...args CASE`. */
export interface CaseProcess {
  readonly bin: string;
  readonly args: readonly string[];
}

const nowNs = (): number => Number(process.hrtime.bigint());

/** Warms a loop up and finds how many operations fill a sample. */
async function calibrate(loop: (n: number) => unknown, options: SampleOptions): Promise<number> {
  let n = 1000;
  const start = nowNs();
  while (nowNs() - start < options.warmMs * 1e6) {
    const before = nowNs();
    await loop(n);
    if (nowNs() - before < options.sampleMs * 0.7e6) n = Math.min(n * 2, 2 ** 26);
  }
  return n;
}

/** The child's side: warms the case up, says so, then answers each message with one sample. */
export async function serveCase(one: BenchCase, options: SampleOptions): Promise<void> {
  const loop = await one.prepare();
  const n = await calibrate(loop, options);
  const sample = async (): Promise<void> => {
    const before = nowNs();
    await loop(n);
    process.send!((nowNs() - before) / n);
  };
  process.on('message', () => void sample());
  process.send!(0);
}

/** The next message of a child; fails when it ends without one. */
function answerOf(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (code: number | null): void =>
      reject(new Error(`${name}: its process ended with ${code ?? 'a signal'} before it had answered`));
    child.once('exit', failed);
    child.once('message', (ns) => {
      child.off('exit', failed);
      resolve(ns as number);
    });
  });
}

/**
 * Times the cases that are compared with one another in turns (a sample of each, then the next of each),
 * so that a slow moment of the machine touches all of them. Each case has a process of its own: in one
 * process the first case's types and constants are compiled into the others' code, which made floors up
 * to six times slower than they are.
 */
async function sampleGroup(
  group: readonly BenchCase[],
  options: SampleOptions,
  { bin, args }: CaseProcess,
): Promise<CaseTimes[]> {
  const running: Array<{ name: string; child: ChildProcess; ns: number[] }> = [];
  try {
    for (const { name } of group) {
      const child = fork(bin, [...args, name], { execArgv: process.execArgv });
      running.push({ name, child, ns: [] });
      await answerOf(child, name);
    }
    for (let sample = 0; sample < options.samples; sample++) {
      for (const { name, child, ns } of running) {
        child.send('sample');
        ns.push(await answerOf(child, name));
      }
    }
  } finally {
    for (const { child } of running) child.kill();
  }
  return running.map(({ name, ns }) => ({ name, sortedNs: ns.sort((a, b) => a - b) }));
}

/** Times all cases, those that are compared with one another together. In the order given. */
export async function sampleCases(
  cases: readonly BenchCase[],
  options: SampleOptions,
  start: CaseProcess,
): Promise<CaseTimes[]> {
  const byName = new Map(cases.map((one) => [one.name, one]));
  const rootOf = (one: BenchCase): string => {
    const base = one.per === undefined ? undefined : byName.get(one.per);
    return base === undefined ? one.name : rootOf(base);
  };
  const groups = new Map<string, BenchCase[]>();
  for (const one of cases) groups.set(rootOf(one), [...(groups.get(rootOf(one)) ?? []), one]);
  const times = new Map<string, CaseTimes>();
  for (const group of groups.values())
    for (const one of await sampleGroup(group, options, start)) times.set(one.name, one);
  return cases.map((one) => times.get(one.name)!);
}

/** The middle of sorted numbers. */
export function median(sorted: readonly number[]): number {
  const middle = sorted[sorted.length >> 1];
  if (middle === undefined) throw new RangeError('sorted: expected at least one number, got none');
  return middle;
}
