import { write } from '@mm/steps';
import { expect, it } from 'vitest';

import { counter, lostUpdate } from '../../test/lost-update.js';
import type { RunResult } from '../run-schedule.js';
import { formatTrace } from './format-trace.js';
import { perfettoTrace } from './perfetto-trace.js';
import { SHIVIZ_PARSER, shivizLog } from './shiviz-log.js';
import { traceJson } from './trace-json.js';

it('text has a column for each CPU, results, marks at switches, and only what changed', () => {
  expect(formatTrace(lostUpdate()).split('\n')).toEqual([
    '    step  CPU 0                                 CPU 1',
    '>      0  holder begins',
    '       1  holder lock list.lock',
    '       2  holder read counter',
    '>      3                                        <other> task begins',
    '       4                                        <other> task tryLock list.lock = busy',
    '       5                                        <other> task read counter',
    '>      6  holder write counter                                                           | n: 0 -> 1; counted to one: false -> true',
    '       7  holder unlock list.lock, ends with 0',
    '>      8                                        <other> task write counter, ends with 0',
    'check failed: counted 1 of 2',
  ]);
});

it('JSON says how to read it, and has all of the run', () => {
  const run = lostUpdate();
  const json = JSON.parse(JSON.stringify(traceJson(run))) as ReturnType<typeof traceJson>;
  expect(json).toMatchObject({
    format: 'interleave-trace',
    version: 1,
    outcome: { kind: 'check failed', message: 'counted 1 of 2' },
    cpus: 2,
    tasks: ['holder', '<other> task'],
    schedule: run.schedule,
  });
  expect(json.steps[4]).toEqual({
    step: 4,
    task: 1,
    name: '<other> task',
    cpu: 1,
    access: 'tryLock list.lock',
    cell: 'list.lock',
    result: 'busy',
    switched: false,
    changes: [],
  });
  expect(json.steps[6]!.changes[0]).toEqual({ name: 'n', before: '0', after: '1' });
});

it('Perfetto gets a track for each CPU, a slice for each stretch and each step, and the violation', () => {
  const { traceEvents } = perfettoTrace(lostUpdate());
  const named = (name: string): unknown => traceEvents.filter((event) => event.name === name);
  expect(named('thread_name')).toHaveLength(2);
  expect(named('holder')).toMatchObject([
    { ph: 'X', tid: 0, ts: 0, dur: 3 },
    { ph: 'X', tid: 0, ts: 6, dur: 2 },
  ]);
  expect(named('tryLock list.lock')).toMatchObject([
    { ph: 'X', tid: 1, ts: 4, dur: 1, args: { result: 'busy' } },
  ]);
  expect(named('check failed: counted 1 of 2')).toMatchObject([{ ph: 'i', ts: 9 }]);
  // Slices of one track lie beside or within each other, as the viewer demands.
  for (const a of traceEvents)
    for (const b of traceEvents) {
      if (a.ph !== 'X' || b.ph !== 'X' || a.tid !== b.tid) continue;
      const overlaps = a.ts < b.ts && b.ts < a.ts + a.dur! && a.ts + a.dur! < b.ts + b.dur!;
      expect(overlaps).toBe(false);
    }
});

it('ShiViz gets what its parser reads: clocks that grow by one, and order what touches one cell', () => {
  const log = shivizLog(lostUpdate());
  const events = [...log.matchAll(new RegExp(SHIVIZ_PARSER, 'g'))].map(({ groups }) => ({
    host: groups!['host']!,
    clock: JSON.parse(groups!['clock']!) as Record<string, number>,
    event: groups!['event']!,
  }));
  expect(events).toHaveLength(9);
  const counts = new Map<string, number>();
  for (const { host, clock } of events) {
    counts.set(host, (counts.get(host) ?? 0) + 1);
    expect(clock[host]).toBe(counts.get(host));
  }
  expect([...counts.keys()]).toEqual(['holder#0', '_other_task#1']);
  // The trylock failed because of the lock; the reads of the counter are in no order.
  expect(events[4]!.clock).toEqual({ 'holder#0': 2, '_other_task#1': 2 });
  expect(events[5]!.clock['holder#0']).toBe(2);
  expect(events[8]!.clock['holder#0']).toBe(4);
});

/** The hosts and clocks of a log. */
const clocksOf = (log: string): ReadonlyArray<readonly [string, Record<string, number>]> =>
  [...log.matchAll(new RegExp(SHIVIZ_PARSER, 'g'))].map(({ groups }) => [
    groups!['host']!,
    JSON.parse(groups!['clock']!) as Record<string, number>,
  ]);

it('ShiViz can have CPUs as hosts, for a run of more tasks than it could show', () => {
  const steps = Array.from({ length: 40 }, (_, task) => task);
  const run: RunResult = {
    ...lostUpdate(),
    // Each task writes the counter once, on the two CPUs in turns, but for the last, which is on its own.
    trace: steps.flatMap((task) => [task * 64 + (task % 2), task === 39 ? 0 : write(counter)]),
    schedule: steps.flatMap((task) => [task * 64 + (task % 2), 1]),
    names: steps.map((task) => `op ${task}`),
    steps: 40,
    results: [],
    changes: [],
  };
  const clocks = clocksOf(shivizLog(run, { hosts: 'cpus' }));
  expect(clocks[0]).toEqual(['CPU0', { CPU0: 1 }]);
  expect(clocks[38]).toEqual(['CPU0', { CPU0: 20, CPU1: 19 }]);
  expect(clocks[39]).toEqual(['CPU1', { CPU0: 19, CPU1: 20 }]);
  expect(clocksOf(shivizLog(run))[39]).toEqual(['op_39#39', { 'op_39#39': 1 }]);
  // Without a schedule one came after the other.
  const inSequence = clocksOf(shivizLog({ ...run, schedule: [] }, { hosts: 'cpus' }));
  expect(inSequence[39]).toEqual(['CPU1', { CPU0: 20, CPU1: 20 }]);
  expect(() => shivizLog(run, { hosts: 'cores' as 'cpus' })).toThrow(
    'hosts: expected tasks or cpus, got "cores"',
  );
});
