/* oxlint-disable unicorn/consistent-function-scoping -- a body beside its test reads better */
import {
  CellSpace,
  Context,
  type Steps,
  gracePeriod,
  irqRestore,
  irqSave,
  lock,
  rcuReadLock,
  rcuReadUnlock,
  read,
  rmw,
  tryLock,
  unlock,
  write,
} from '@mm/steps';
import { describe, expect, it } from 'vitest';

import type { Scenario, ScenarioRun, ScenarioTask } from '../run-schedule.js';
import { explore } from './explore.js';
import type { ExploreResult, Strategy } from './options.js';

const cells = new CellSpace();
const data = cells.claim('data');
const flag = cells.claim('flag');
const listLock = cells.claim('list.lock');

interface State {
  data: number;
  flag: number;
}
type Body = (state: State) => Steps<void>;
interface Given extends Partial<Omit<ScenarioTask, 'steps' | 'ctx'>> {
  readonly cpu: number;
  readonly body: Body;
}

function scenarioOf(
  tasks: readonly Given[],
  rest: (state: State) => Partial<ScenarioRun> = () => ({}),
  cpus = 2,
): Scenario {
  return {
    cpus,
    make: () => {
      const state: State = { data: 0, flag: 0 };
      return {
        cells,
        tasks: tasks.map(({ cpu, body, ...how }) => ({ ...how, ctx: new Context(cpu), steps: body(state) })),
        ...rest(state),
      };
    },
  };
}
const told = ({ failure }: ExploreResult): string =>
  failure === undefined || failure.outcome.kind === 'ended' ? 'holds' : failure.outcome.error.message;

describe('data races on unsynchronised cells', () => {
  const plain = (): Partial<ScenarioRun> => ({ unsynchronised: [data] });
  const producer: Body = function* (state) {
    yield write(data);
    state.data = 7;
    yield write(flag);
    state.flag = 1;
  };
  const consumer = (waits: boolean): Body =>
    function* (state) {
      yield read(flag);
      if (waits && state.flag === 0) return;
      yield read(data);
    };
  it('are found in whichever order the two come', () => {
    const result = explore(
      scenarioOf(
        [
          { cpu: 0, body: producer, name: 'producer' },
          { cpu: 1, body: consumer(false), name: 'consumer' },
        ],
        plain,
      ),
    );
    expect(told(result)).toBe(
      'data race: producer touches data, which consumer read, and nothing orders the two',
    );
  });
  it('are none where a flag or a lock orders the two', () => {
    const flagged = scenarioOf(
      [
        { cpu: 0, body: producer },
        { cpu: 1, body: consumer(true) },
      ],
      plain,
    );
    expect(explore(flagged)).toMatchObject({ outcome: 'holds', complete: true });
    const locked: Body = function* (state) {
      yield lock(listLock);
      yield write(data);
      state.data++;
      yield unlock(listLock);
    };
    expect(
      told(
        explore(
          scenarioOf(
            [
              { cpu: 0, body: locked },
              { cpu: 1, body: locked },
            ],
            plain,
          ),
        ),
      ),
    ).toBe('holds');
  });
  it('are none between two that read', () => {
    const reader: Body = function* () {
      yield read(data);
    };
    expect(
      told(
        explore(
          scenarioOf(
            [
              { cpu: 0, body: reader },
              { cpu: 1, body: reader },
            ],
            plain,
          ),
        ),
      ),
    ).toBe('holds');
  });
});

describe('an interrupt handler', () => {
  const handler: Body = function* (state) {
    yield lock(listLock);
    state.data++;
    yield unlock(listLock);
  };
  const task = (masks: boolean): Body =>
    function* () {
      if (masks) yield irqSave;
      yield lock(listLock);
      yield read(flag);
      yield unlock(listLock);
      if (masks) yield irqRestore;
    };
  const both = (masks: boolean): Scenario =>
    scenarioOf(
      [
        { cpu: 0, body: task(masks) },
        { cpu: 0, body: handler, interrupt: true, name: 'handler' },
      ],
      undefined,
      1,
    );
  it('deadlocks with the holder of its lock that it interrupts', () => {
    expect(told(explore(both(false)))).toMatch(
      /^deadlock: handler \(CPU 0\) waits for lock list\.lock, held by task 0/u,
    );
  });
  it('does not where interrupts are off', () => {
    expect(explore(both(true))).toMatchObject({ outcome: 'holds', complete: true, executions: 2 });
  });
  it('runs before the task that it interrupts goes on', () => {
    const states = new Set<string>();
    const twice: Body = function* (state) {
      yield write(data);
      state.data = 10;
      yield write(data);
      states.add(`${state.data}`);
    };
    const two: Body = function* (state) {
      yield rmw(data);
      state.data++;
      yield rmw(data);
      state.data++;
    };
    explore(
      scenarioOf(
        [
          { cpu: 0, body: twice },
          { cpu: 0, body: two, interrupt: true },
        ],
        undefined,
        1,
      ),
    );
    // Never 11: half of the handler is not seen on its own CPU.
    expect([...states].sort()).toEqual(['10', '12']);
  });
});

it('a grace period is waited for by what readers have seen', () => {
  const reader: Body = function* (state) {
    yield rcuReadLock;
    yield read(flag);
    const seen = state.flag;
    yield read(data);
    if (seen === 0 && state.data === -1) throw new Error('freed under a reader');
    yield rcuReadUnlock;
  };
  const updater = (waits: boolean): Body =>
    function* (state) {
      yield write(flag);
      state.flag = 1;
      if (waits) yield gracePeriod;
      yield write(data);
      state.data = -1;
    };
  const explored = (waits: boolean): ExploreResult =>
    explore(
      scenarioOf([
        { cpu: 0, body: reader },
        { cpu: 1, body: updater(waits) },
      ]),
    );
  expect(explored(true)).toMatchObject({ outcome: 'holds', complete: true });
  expect(told(explored(false))).toBe('freed under a reader');
});

it('a task that is moved goes on on the other CPU, and only where it may', () => {
  const seen = new Set<string>();
  const make = (pinned: boolean): Scenario => ({
    cpus: 2,
    make: () => {
      const ctx = new Context(0);
      function* body(): Steps<void> {
        const before = ctx.cpu;
        yield lock(listLock);
        const inside = ctx.cpu;
        yield read(data);
        const still = ctx.cpu;
        yield unlock(listLock);
        seen.add(`${before}${inside}${still}`);
      }
      return { cells, tasks: [{ ctx, steps: body(), pinned }] };
    },
  });
  explore(make(false));
  expect([...seen]).toEqual(['000']);
  explore(make(false), { moves: 1 });
  // It begins on either CPU, and may take the lock on the other; with the lock held it stays.
  expect([...seen].sort()).toEqual(['000', '011', '111']);
  seen.clear();
  explore(make(true), { moves: 1 });
  expect([...seen]).toEqual(['000']);
});

it('a livelock is told from a long run', () => {
  const spins: Body = function* (state) {
    do yield read(flag);
    while (state.flag === 0);
  };
  expect(told(explore(scenarioOf([{ cpu: 0, body: spins }]), { stepsMax: 50 }))).toBe(
    'livelock: 1 tasks have not ended in 50 steps',
  );
});

it('a trylock is explored both taken and not', () => {
  const results = new Set<string>();
  const tries: Body = function* (state) {
    const taken = yield tryLock(listLock);
    if (!taken) {
      state.flag++;
      return;
    }
    yield unlock(listLock);
  };
  const counted = (state: State): Partial<ScenarioRun> => ({
    check: () => void results.add(`${state.flag} busy`),
  });
  const { complete } = explore(
    scenarioOf(
      [
        { cpu: 0, body: tries },
        { cpu: 1, body: tries },
      ],
      counted,
    ),
  );
  expect(complete).toBe(true);
  expect([...results].sort()).toEqual(['0 busy', '1 busy']);
});

describe('pct', () => {
  const racy: Body = function* (state) {
    yield read(data);
    const seen = state.data;
    yield write(data);
    state.data = seen + 1;
  };
  const counting = (failed: (n: number) => void): Scenario =>
    scenarioOf(
      [
        { cpu: 0, body: racy },
        { cpu: 1, body: racy },
      ],
      (state) => ({ check: () => failed(2 - state.data) }),
    );
  it('shows a bug of its depth as often as it guarantees', () => {
    let lost = 0;
    const runs = 2000;
    const result = explore(
      counting((n) => (lost += n)),
      { strategy: 'pct', depth: 2, runsMax: runs + 1 },
    );
    expect(result.guarantee).toEqual({
      depth: 2,
      tasks: 2,
      steps: 6,
      perRun: 1 / 12,
      overall: expect.closeTo(1) as number,
    });
    // 2000 / 12 = 167 at least; a chance below 10^-9 that a sampler at the bound gives less than 100.
    expect(lost).toBeGreaterThan(100);
  });
  it.each<Strategy>(['pct', 'random'])(
    '%s is the same for the same seed, also when taken up again',
    (strategy) => {
      const run = (seed: number, slices: readonly number[]): string => {
        let results = '';
        const scenario = counting((n) => (results += String(n)));
        let resume: ExploreResult['state'] | undefined;
        for (const runsMax of slices)
          resume = explore(scenario, {
            strategy,
            seed,
            runsMax,
            ...(resume === undefined ? {} : { resume }),
          }).state;
        return results;
      };
      expect(run(5, [60])).toBe(run(5, [60]));
      expect(run(5, [20, 1, 39])).toBe(run(5, [60]));
      expect(run(6, [60])).not.toBe(run(5, [60]));
      expect(run(5, [60])).toContain('1');
    },
  );
});

it('a bounded search is taken up again to the same end', () => {
  const body: Body = function* (state) {
    for (let i = 0; i < 3; i++) {
      yield rmw(data);
      state.data++;
    }
  };
  const scenario = scenarioOf([
    { cpu: 0, body },
    { cpu: 1, body },
  ]);
  const whole = explore(scenario, { preemptions: 2 });
  expect(whole).toMatchObject({ outcome: 'holds', exhausted: true, complete: false });
  expect(whole.bounds).toContain('at most 2 preemptions');
  let result = explore(scenario, { preemptions: 2, runsMax: 3 });
  while (!result.exhausted) result = explore(scenario, { preemptions: 2, runsMax: 3, resume: result.state });
  expect(result.executions).toBe(whole.executions);
  expect(explore(scenario, { preemptions: 0 }).executions).toBeLessThan(whole.executions);
});
