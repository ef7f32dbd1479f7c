import Table from 'cli-table3';

import { type CaseTimes, median } from './sample.js';
import type { BenchSuite } from './suite.js';

const figure = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

/** A share of a peer's time shows two digits however small it is: 0.012 is over a goal of 0.010. */
const times = (ratio: number): string => `${ratio < 0.1 ? ratio.toPrecision(2) : ratio.toFixed(2)}×`;

/** The results of a suite as a text table: median, least, rate, ratio and the goal that it has. */
export function printTable(name: string, suite: BenchSuite, sampled: readonly CaseTimes[]): string {
  const medians = new Map(sampled.map((one) => [one.name, median(one.sortedNs)]));
  const table = new Table({
    head: [name, 'ns median', 'ns least', 'million/s', 'ratio', 'goal', 'to'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const [index, one] of suite.cases.entries()) {
    const ns = medians.get(one.name) ?? Number.NaN;
    const base = one.per === undefined ? undefined : medians.get(one.per);
    if (one.per !== undefined && base === undefined)
      throw new RangeError(
        `per: expected the name of a case of suite ${name}, got ${JSON.stringify(one.per)}`,
      );
    const ratio = base === undefined ? undefined : ns / base;
    const goal =
      one.goal === undefined ? '' : base === undefined ? `≤ ${figure(one.goal)} ns` : `≤ ${times(one.goal)}`;
    table.push([
      one.name,
      figure(ns),
      figure(sampled[index]?.sortedNs[0] ?? Number.NaN),
      figure(1000 / ns),
      ratio === undefined ? '' : times(ratio),
      goal,
      one.per ?? '',
    ]);
  }
  const notes = suite.notes?.() ?? [];
  return [`${name}: one operation is ${suite.operation}`, table.toString(), ...notes].join('\n');
}
