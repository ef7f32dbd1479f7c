/* oxlint-disable unicorn/consistent-function-scoping -- a body beside its test reads better */
import {
  type Cell,
  CellSpace,
  Context,
  type Steps,
  lock,
  preemptDisable,
  preemptEnable,
  read,
  rmw,
  unlock,
  write,
} from '@mm/steps';
import { describe, expect, it } from 'vitest';

import { ReplayScheduler } from '../replay-scheduler.js';
import { type Scenario, type ScenarioRun, runSchedule } from '../run-schedule.js';
import { scheduleSwitches } from '../schedule.js';
import type { ExploreState } from './state.js';
import { explore } from './explore.js';
import { toySlub } from '../../test/toy-slub.js';

const cells = new CellSpace();
const counterCell = cells.claim('counter');
const a = cells.claim('a');
const b = cells.claim('b');
const mutex = cells.claimMutex('mutex');

/** A scenario of `bodies`, one on each CPU, over one counter. */
function scenario(
  bodies: ReadonlyArray<(state: { counter: number }, ctx: Context) => Steps<void>>,
  rest: (state: { counter: number }) => Partial<ScenarioRun> = () => ({}),
): Scenario {
  return {
    cpus: bodies.length,
    make: () => {
      const state = { counter: 0 };
      return {
        cells,
        tasks: bodies.map((body, cpu) => {
          const ctx = new Context(cpu);
          return { ctx, steps: body(state, ctx) };
        }),
        state: () => ({ ...state }),
        ...rest(state),
      };
    },
  };
}

function* racyAdd(state: { counter: number }): Steps<void> {
  yield read(counterCell);
  const seen = state.counter;
  yield write(counterCell);
  state.counter = seen + 1;
}
function* add(state: { counter: number }): Steps<void> {
  yield rmw(counterCell);
  state.counter++;
}
const checked = (state: { counter: number }): Partial<ScenarioRun> => ({
  check: () => expect(state.counter).toBe(2),
});
const both = (first: Cell, second: Cell) =>
  function* (): Steps<void> {
    yield lock(first);
    yield lock(second);
    yield unlock(second);
    yield unlock(first);
  };

describe('explore', () => {
  it.each(['dpor', 'pct', 'random'] as const)('%s finds the lost update, and makes it small', (strategy) => {
    const result = explore(scenario([racyAdd, racyAdd], checked), { strategy });
    expect(result.outcome).toBe('counterexample');
    expect(result.failure?.outcome.kind).toBe('check failed');
    expect(scheduleSwitches(result.failure!.schedule)).toBe(2);
    expect(result.failure!.changes.flat()).toEqual(['counter: 0 -> 1']);
    expect(result.complete).toBe(false);
  });
  it('of a correct counter sees every order, once', () => {
    const result = explore(scenario([add, add], checked));
    expect(result).toMatchObject({ outcome: 'holds', complete: true, executions: 2, blocked: 0 });
  });
  it('a given schedule is that one run, and where it was left is told', () => {
    const racy = scenario([racyAdd, racyAdd], checked);
    const { failure } = explore(racy);
    const again = explore(racy, { strategy: failure!.schedule });
    expect(again).toMatchObject({ outcome: 'counterexample', executions: 1, leftAt: -1, exhausted: true });
    const fixed = explore(scenario([add, add], checked), { strategy: failure!.schedule });
    expect(fixed).toMatchObject({ outcome: 'holds', complete: false });
    expect(fixed.leftAt).toBeGreaterThan(0);
  });
  it('what is never reached makes a result vacuous', () => {
    const sometimes = (state: { counter: number }): Partial<ScenarioRun> => ({
      sometimes: { two: () => state.counter === 2, three: () => state.counter === 3 },
    });
    const result = explore(scenario([racyAdd, racyAdd], sometimes));
    expect(result).toMatchObject({ outcome: 'vacuous', missing: ['three'] });
    expect(result.sometimes['two']).toBeGreaterThan(0);
  });
  it('always sees the states in between, in every order', () => {
    function* up(state: { counter: number }): Steps<void> {
      yield write(a);
      state.counter += 2;
      yield write(a);
      state.counter -= 2;
    }
    function* down(state: { counter: number }): Steps<void> {
      yield write(b);
      state.counter -= 1;
      yield write(b);
      state.counter += 1;
    }
    const always = (state: { counter: number }): Partial<ScenarioRun> => ({
      always: () => {
        if (state.counter === 1) throw new Error('one');
      },
    });
    expect(explore(scenario([up, down], always)).failure?.outcome.kind).toBe('always failed');
  });
  it('finds a deadlock, and locks taken in both orders though none came of it', () => {
    const [first, second] = [cells.claim('first'), cells.claim('second')];
    const result = explore(scenario([both(first, second), both(second, first)]));
    expect(result.failure?.outcome.kind).toBe('lock order');
    const inOrder = explore(scenario([both(first, second), both(first, second)]));
    expect(inOrder).toMatchObject({ outcome: 'holds', complete: true, executions: 2, blocked: 0 });
  });
  it('watches the order of locks when only a later task takes any', () => {
    const takes = both(a, b);
    expect(explore(scenario([add, takes, takes]))).toMatchObject({ outcome: 'holds', complete: true });
  });
  it('remembers the order of locks when it goes on', () => {
    const [first, second] = [cells.claim('first'), cells.claim('second')];
    const orders: Array<() => Steps<void>> = [both(first, second), both(second, first)];
    let run = 0;
    // One order in each run: only both runs together show the cycle.
    const make = (): ScenarioRun => ({
      cells,
      tasks: [{ ctx: new Context(0), steps: orders[run++ % 2]!() }],
    });
    const once = { strategy: 'random', runsMax: 1 } as const;
    const before = explore({ cpus: 1, make }, once);
    expect(before.outcome).toBe('holds');
    run = before.state.lockOrder[0]![0] === first ? 0 : 1;
    const after = explore(
      { cpus: 1, make },
      { ...once, resume: JSON.parse(JSON.stringify(before.state)) as ExploreState },
    );
    expect(after.failure?.outcome.kind).toBe('lock order');
  });
  it('goes on from a saved state to the same result', () => {
    const whole = explore(toySlub(2, 1));
    expect(whole).toMatchObject({ executions: 518, blocked: 0, complete: true });
    let resume: ExploreState | undefined;
    for (let part = 0; part < 6; part++) {
      const result = explore(toySlub(2, 1), { runsMax: 100, ...(resume === undefined ? {} : { resume }) });
      resume = JSON.parse(JSON.stringify(result.state)) as ExploreState;
      expect(result.executions).toBe(Math.min(518, (part + 1) * 100));
      expect(result.exhausted).toBe(part === 5);
    }
  });
  it('refuses to go on with something else', () => {
    const { state } = explore(toySlub(2, 1), { runsMax: 10 });
    const go =
      (options: object, changed: object = {}) =>
      () =>
        explore(toySlub(2, 1), { resume: { ...state, ...changed }, ...options });
    expect(go({ moves: 1 })).toThrow('resume.asked.moves: expected 1 as asked for, got 0');
    expect(go({}, { version: 9 })).toThrow('resume.version: expected 1, got 9');
    expect(go({}, { dpor: { ...state.dpor, stack: { ...state.dpor!.stack, task: [1] } } })).toThrow(
      'dpor.stack.task',
    );
  });
  it('refuses a state that has been damaged, by name', () => {
    const { state } = explore(toySlub(2, 1), { runsMax: 10 });
    const text = JSON.stringify(state);
    const damaged = (breaks: (broken: Record<string, any>) => unknown) => () => {
      const broken = JSON.parse(text) as Record<string, any>;
      breaks(broken);
      explore(toySlub(2, 1), { resume: broken as unknown as ExploreState });
    };
    expect(() => explore(toySlub(2, 1), { resume: null as unknown as ExploreState })).toThrow(
      'resume.format: expected',
    );
    expect(damaged((s) => delete s['asked'])).toThrow(
      'resume.asked.strategy: expected dpor as asked for, got undefined',
    );
    expect(damaged((s) => (s['steps'] = 'x'))).toThrow('resume.steps: expected an integer from 0, got x');
    expect(damaged((s) => (s['sometimes'] = null))).toThrow('resume.sometimes');
    expect(damaged((s) => (s['lockOrder'] = [1]))).toThrow('resume.lockOrder: expected pairs of cells');
    expect(damaged((s) => (s['dpor'] = null))).toThrow('resume.dpor: expected a saved search, got none');
    expect(damaged((s) => delete s['dpor'].counts)).toThrow('resume.dpor.counts.executions');
    expect(damaged((s) => delete s['dpor'].stack)).toThrow('resume.dpor.stack.process: expected integers');
    for (const column of Object.keys(state.dpor!.stack))
      expect(damaged((s) => delete s['dpor'].stack[column])).toThrow(
        `resume.dpor.stack.${column}: expected integers`,
      );
    expect(damaged((s) => (s['dpor'].stack.process[0] = 40))).toThrow(
      'resume.dpor.stack.process: expected 0..31, got 40',
    );
    expect(damaged((s) => (s['dpor'].stack.access[3] = 1234))).toThrow(
      'nondeterminism: step 3 was access 1234',
    );
  });
  it('refuses options that would do nothing', () => {
    expect(() => explore(toySlub(2, 1), { strategy: 'pct', preemptions: 2 })).toThrow(
      'preemptions: expected with dpor only, got with pct',
    );
    expect(() => explore(toySlub(2, 1), { runsMax: -1 })).toThrow(
      'runsMax: expected an integer from 0, got -1',
    );
    expect(() => explore(toySlub(2, 1), { strategy: 'all' as never })).toThrow(
      'strategy: expected dpor, pct',
    );
  });
  it('stops when its caller says so, and at the bounds on runs', () => {
    const result = explore(toySlub(2, 2), { runsMax: 50 });
    expect(result).toMatchObject({ outcome: 'holds', complete: false, exhausted: false, executions: 50 });
    expect(result.bounds).toContain('stopped after 50 runs');
    const stopped = explore(toySlub(2, 2), { onProgress: () => false });
    expect(stopped.bounds).toContain('stopped by its caller');
  });
});

describe('a mutex', () => {
  const holding = function* (state: { counter: number }): Steps<void> {
    yield lock(mutex);
    yield* racyAdd(state);
    yield unlock(mutex);
  };
  const onOneCpu = (bodies: Array<() => Steps<void>>): Scenario => ({
    cpus: 1,
    make: () => ({ cells, tasks: bodies.map((body) => ({ ctx: new Context(0), steps: body() })) }),
  });
  it('excludes, and is explored with none blocked', () => {
    const result = explore(scenario([holding, holding], checked));
    expect(result).toMatchObject({ outcome: 'holds', complete: true, executions: 2, blocked: 0 });
  });
  it('lets other tasks run on the CPU of the one that holds it', () => {
    let overlapped = false;
    let held = false;
    function* holder(): Steps<void> {
      yield lock(mutex);
      held = true;
      yield unlock(mutex);
      held = false;
    }
    function* looker(): Steps<void> {
      yield read(a);
      overlapped ||= held;
    }
    explore({
      ...onOneCpu([holder, looker]),
      make: () => ({
        ...onOneCpu([holder, looker]).make(),
        sometimes: { overlapped: () => overlapped },
        alwaysCells: [mutex, a],
      }),
    });
    runSchedule(onOneCpu([holder, looker]), new ReplayScheduler([0, 2, 64, 2]));
    expect(overlapped).toBe(true);
  });
  it('is not waited for where the CPU must be kept, free or not', () => {
    function* atomic(): Steps<void> {
      yield preemptDisable;
      yield lock(mutex);
      yield unlock(mutex);
      yield preemptEnable;
    }
    const { failure } = explore(scenario([atomic]));
    expect(failure?.outcome.kind).toBe('waiting in atomic section');
    expect((failure!.outcome as { error: Error }).error.message).toContain(
      'takes mutex, a mutex, where it must not sleep',
    );
  });
  it('deadlocks and is taken out of order as a spin lock is', () => {
    const other = cells.claimMutex('other');
    const order = explore(scenario([both(mutex, other), both(other, mutex)]));
    expect(order.failure?.outcome.kind).toBe('lock order');
    const result = runSchedule(
      scenario([both(mutex, other), both(other, mutex)]),
      new ReplayScheduler([0, 2, 65, 2]),
    );
    expect(result.outcome.kind).toBe('deadlock');
  });
  it('left held is told', () => {
    function* forgets(): Steps<void> {
      yield lock(mutex);
    }
    expect(explore(scenario([forgets])).failure?.outcome).toMatchObject({
      kind: 'section left open',
      error: { message: 'section left open: task 0 (CPU 0) ends with mutex held' },
    });
  });
});
