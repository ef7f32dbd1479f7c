/* oxlint-disable unicorn/consistent-function-scoping -- a body beside its test reads better */
import { CellSpace, Context, type Steps, lock, read, unlock, write } from '@mm/steps';
import { describe, expect, it } from 'vitest';

import { formatTrace } from './output/format-trace.js';
import { ReplayScheduler } from './replay-scheduler.js';
import { type RunResult, type Scenario, runSchedule } from './run-schedule.js';
import { scheduleSteps, scheduleSwitches } from './schedule.js';
import { SeededScheduler } from './seeded-scheduler.js';
import { shrinkSchedule } from './shrink-schedule.js';

/** Two tasks add to a counter `rounds` times without a lock. */
const lostUpdate = (rounds: number, extra = 0): Scenario => ({
  cpus: 2,
  make: () => {
    const cells = new CellSpace();
    const cell = cells.claim('counter');
    let counter = 0;
    const add = function* (): Steps<void> {
      for (let i = 0; i < extra; i++) yield read(cell);
      for (let i = 0; i < rounds; i++) {
        yield read(cell);
        const seen = counter;
        yield write(cell);
        counter = seen + 1;
      }
    };
    const check = (): void => {
      if (counter !== 2 * rounds) throw new Error(`counter: expected ${2 * rounds}, got ${counter}`);
    };
    return { cells, check, tasks: [0, 1].map((cpu) => ({ ctx: new Context(cpu), steps: add() })) };
  },
});

function firstFailing(scenario: Scenario): RunResult {
  for (let seed = 0; seed < 200; seed++) {
    const result = runSchedule(scenario, new SeededScheduler(seed));
    if (result.outcome.kind !== 'ended') return result;
  }
  throw new Error('no seed fails');
}

describe('replay', () => {
  it('makes the same run again, access by access', () => {
    const failing = firstFailing(lostUpdate(5));
    const replay = new ReplayScheduler(failing.schedule);
    const again = runSchedule(lostUpdate(5), replay, { expectTrace: failing.trace });
    expect(again).toEqual({ ...failing, cells: again.cells });
    expect(replay.leftAt).toBe(-1);
  });
  it('goes on where the code has changed, and says where it left the recording', () => {
    const failing = firstFailing(lostUpdate(5));
    const replay = new ReplayScheduler([
      ...failing.schedule.slice(0, 2),
      9 << 6,
      1,
      ...failing.schedule.slice(2),
    ]);
    expect(runSchedule(lostUpdate(5), replay).outcome.kind).toBe('check failed');
    expect(replay.leftAt).toBe(failing.schedule[1]);
  });
  it('tells code that does not do the same twice', () => {
    const failing = firstFailing(lostUpdate(5));
    const other = runSchedule(lostUpdate(5, 1), new ReplayScheduler(failing.schedule), {
      expectTrace: failing.trace,
    });
    expect(other.outcome.kind).toBe('nondeterminism');
  });
  it('refuses numbers that are no schedule', () => {
    expect(() => new ReplayScheduler([1])).toThrow(
      'schedule: expected pairs of choice and count, got 1 numbers',
    );
    expect(() => new ReplayScheduler([1, 0])).toThrow('schedule[1]: expected an integer from 1');
    expect(() => new ReplayScheduler([-1, 1])).toThrow('schedule[0]: expected an integer from 0');
    expect(() => new ReplayScheduler([0, Number.NaN])).toThrow('schedule[1]: expected an integer from 1');
  });
});

describe('shrinking', () => {
  it('brings a lost update down to two switches', () => {
    const scenario = lostUpdate(20, 10);
    const failing = firstFailing(scenario);
    const shrunk = shrinkSchedule(scenario, failing);
    expect(scheduleSwitches(failing.schedule)).toBeGreaterThan(10);
    expect(scheduleSwitches(shrunk.schedule)).toBe(2);
    expect(shrunk.outcome.kind).toBe('check failed');
    expect(scheduleSteps(shrunk.schedule)).toBe(shrunk.steps);
  });
});

it('a trace has a column for each CPU, and marks the switches', () => {
  const scenario = lostUpdate(1);
  const result = runSchedule(scenario, new ReplayScheduler([0, 2, 65, 3, 0, 1]));
  expect(formatTrace(result).split('\n')).toEqual([
    '    step  CPU 0                 CPU 1',
    '>      0  task 0 begins',
    '       1  task 0 read counter',
    '>      2                        task 1 begins',
    '       3                        task 1 read counter',
    '       4                        task 1 write counter',
    '>      5  task 0 write counter',
    'check failed: counter: expected 2, got 1',
  ]);
});

it('a deadlock is an outcome that names the tasks', () => {
  const scenario: Scenario = {
    cpus: 2,
    make: () => {
      const cells = new CellSpace();
      const locks = cells.claim('locks', 2);
      const both = function* (first: number, second: number): Steps<void> {
        yield lock(first);
        yield lock(second);
        yield unlock(second);
        yield unlock(first);
      };
      return {
        cells,
        tasks: [
          { name: 'alloc', ctx: new Context(0), steps: both(locks, locks + 1) },
          { name: 'free', ctx: new Context(1), steps: both(locks + 1, locks) },
        ],
      };
    },
  };
  const shrunk = shrinkSchedule(scenario, firstFailing(scenario));
  expect(shrunk.outcome).toMatchObject({
    kind: 'deadlock',
    error: {
      message: expect.stringContaining('alloc (CPU 0) waits for lock locks[1], held by free (CPU 1)'),
    },
  });
  expect(scheduleSwitches(shrunk.schedule)).toBe(1);
});
