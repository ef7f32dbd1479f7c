import Table from 'cli-table3';

import { type CaseTimes, median } from './sample.js';
import type { BenchSuite } from './suite.js';

const figure = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

/** The results of a suite as a text table: median, least, rate, ratio and the goal that it has. */
export function printTable(name: string, suite: BenchSuite, times: readonly CaseTimes[]): string {
  const medians = new Map(times.map((one) => [one.name, median(one.sortedNs)]));
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
    const goal = one.goal === undefined ? '' : `≤ ${figure(one.goal)}${base === undefined ? ' ns' : '×'}`;
    table.push([
      one.name,
      figure(ns),
      figure(times[index]?.sortedNs[0] ?? Number.NaN),
      figure(1000 / ns),
      ratio === undefined ? '' : `${ratio.toFixed(2)}×`,
      goal,
      one.per ?? '',
    ]);
  }
  const notes = suite.notes?.() ?? [];
  return [`${name}: one operation is ${suite.operation}`, table.toString(), ...notes].join('\n');
}
