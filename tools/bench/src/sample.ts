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

const nowNs = (): number => Number(process.hrtime.bigint());

/** Warms a loop up and finds how many operations fill a sample. */
function calibrate(loop: (n: number) => unknown, options: SampleOptions): number {
  let n = 100;
  const start = nowNs();
  while (nowNs() - start < options.warmMs * 1e6) {
    const before = nowNs();
    loop(n);
    if (nowNs() - before < options.sampleMs * 0.7e6) n = Math.min(n * 2, 2 ** 26);
  }
  return n;
}

/**
 * Times all cases in turns (a sample of each, then the next of each), so that a slow moment of the
 * machine touches all of them. Loops are warmed twice: what the second case teaches the compiler
 * counts for the first as well.
 */
export function sampleCases(cases: readonly BenchCase[], options: SampleOptions): CaseTimes[] {
  const running = cases.map((one) => ({ name: one.name, loop: one.prepare(), n: 0, ns: [] as number[] }));
  for (const one of running) calibrate(one.loop, options);
  for (const one of running) one.n = calibrate(one.loop, { ...options, warmMs: options.warmMs / 2 });
  for (let sample = 0; sample < options.samples; sample++) {
    for (const one of running) {
      const before = nowNs();
      one.loop(one.n);
      one.ns.push((nowNs() - before) / one.n);
    }
  }
  return running.map((one) => ({ name: one.name, sortedNs: one.ns.sort((a, b) => a - b) }));
}

/** The middle of sorted numbers. */
export function median(sorted: readonly number[]): number {
  const middle = sorted[sorted.length >> 1];
  if (middle === undefined) throw new RangeError('sorted: expected at least one number, got none');
  return middle;
}
