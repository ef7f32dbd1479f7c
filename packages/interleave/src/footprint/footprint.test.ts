/* oxlint-disable unicorn/consistent-function-scoping -- a body beside its test reads better */
import { CellSpace, Context, type Steps, lock, read, rmw, unlock, write } from '@mm/steps';
import { describe, expect, it } from 'vitest';

import { explore } from '../explore/explore.js';
import type { ExploreResult } from '../explore/options.js';
import type { Footprint } from '../run-schedule.js';
import { WatchedObjects } from './watched-objects.js';

const cells = new CellSpace();
const a = cells.claim('a');
const b = cells.claim('b');
const listLock = cells.claim('list.lock');

class Inner {
  words = new Int32Array(8);
  count = 0;
}
class State {
  readonly bytes = new Uint8Array(8);
  readonly list: number[] = [];
  readonly map = new Map<string, number>();
  readonly set = new Set<number>();
  inner = new Inner();
  readonly many: Inner[] = [new Inner()];
}
type Body = (state: State) => Steps<void>;

function check(bodies: readonly Body[], exempt?: Footprint['exempt'], cpus = bodies.length): ExploreResult {
  return explore(
    {
      cpus,
      make: () => {
        const state = new State();
        return {
          cells,
          tasks: bodies.map((body, cpu) => ({ ctx: new Context(cpu % cpus), steps: body(state) })),
          footprint: { roots: { state }, ...(exempt === undefined ? {} : { exempt }) },
        };
      },
    },
    { footprints: true },
  );
}
const told = (result: ExploreResult): string => {
  const { outcome } = result.failure ?? { outcome: { kind: 'ended' as const } };
  return outcome.kind === 'ended' ? 'ended' : outcome.error.message;
};

describe('the footprint check', () => {
  it('names both steps, the array and the index of an access that was not announced', () => {
    const body = (cell: number): Body =>
      function* (state) {
        yield write(cell);
        state.bytes[3]! += 1;
      };
    expect(told(check([body(a), body(a)]))).toBe('ended');
    expect(told(check([body(a), body(b)]))).toBe(
      'unannounced access: state.bytes[3] is read by step 3, task 1 write b, and was written by step 1, task 0 write a, and nothing that was announced orders the two',
    );
  });
  it.each<[string, string, (state: State) => unknown]>([
    ['a field', 'state.inner.count', (s) => s.inner.count++],
    ['a field that holds an object', 'state.inner', (s) => (s.inner = new Inner())],
    ['a typed array filled', 'state.inner.words[2]', (s) => s.inner.words.fill(1, 2, 4)],
    ['a part of a typed array', 'state.bytes.subarray[5]', (s) => (s.bytes.subarray(4, 6)[1] = 1)],
    ['an array pushed to', 'state.list.length', (s) => s.list.push(1)],
    ['a map', 'state.map.k', (s) => s.map.set('k', 1)],
    ['a set', 'state.set[7]', (s) => s.set.add(7)],
    ['what an array holds', 'state.many[0].words[0]', (s) => (s.many[0]!.words[0] = 1)],
  ])('sees %s', (_name, path, does) => {
    const body = (cell: number): Body =>
      function* (state) {
        yield rmw(cell);
        does(state);
      };
    expect(told(check([body(a), body(a)]))).toBe('ended');
    expect(told(check([body(a), body(b)]))).toContain(`unannounced access: ${path}`);
  });
  it('sees what a run makes and puts there', () => {
    const maker: Body = function* (state) {
      yield write(a);
      state.many.push(new Inner());
      yield write(a);
      state.many[1]!.words[4] = 1;
    };
    const user: Body = function* (state) {
      yield read(a);
      const made = state.many[1];
      yield read(b);
      if (made !== undefined) made.words[4] = 2;
    };
    expect(told(check([maker, user]))).toContain('state.many[1].words[4] is written by');
  });
  it('takes locks, and a CPU that is kept, as order', () => {
    const locked: Body = function* (state) {
      yield lock(listLock);
      state.list.push(1);
      yield read(a);
      state.list.pop();
      yield unlock(listLock);
    };
    expect(told(check([locked, locked]))).toBe('ended');
    expect(told(check([locked, locked], undefined, 1))).toBe('ended');
  });
  it('two that only read need no order', () => {
    const body: Body = function* (state) {
      yield read(a);
      if (state.inner.words[1] !== 0) throw new Error('written');
    };
    expect(told(check([body, body]))).toBe('ended');
  });
  it('leaves out what is exempt', () => {
    const body = (cell: number): Body =>
      function* (state) {
        yield rmw(cell);
        state.inner.words[5]!++;
      };
    const exempt = (path: string, key: string | number): boolean => path === 'state.inner.words' && key === 5;
    expect(told(check([body(a), body(b)], exempt))).toBe('ended');
    expect(told(check([body(a), body(b)], () => false))).toContain('state.inner.words[5]');
  });
  it('is refused where no footprint is named', () => {
    const scenario = { cpus: 1, make: () => ({ tasks: [] }) };
    expect(() => explore(scenario, { footprints: true })).toThrow(
      'footprints: expected a scenario that names',
    );
  });
});

it('watched objects behave as they did, and are put back', () => {
  const state = new State();
  const { bytes, inner } = state;
  const touched: string[] = [];
  const watched = new WatchedObjects((_container, path, key, writes) =>
    touched.push(`${path} ${String(key)} ${writes ? 'w' : 'r'}`),
  );
  watched.watch(state, 's');
  state.bytes.set([1, 2], 1);
  expect([...state.bytes]).toEqual([0, 1, 2, 0, 0, 0, 0, 0]);
  expect(state.bytes.length).toBe(8);
  expect(state.bytes instanceof Uint8Array).toBe(true);
  state.list.push(4, 5);
  expect(state.list.map((x) => x + 1)).toEqual([5, 6]);
  expect(Array.isArray(state.list)).toBe(true);
  state.map.set('x', 3);
  expect([...state.map]).toEqual([['x', 3]]);
  state.set.add(1).delete(1);
  expect(state.set.size).toBe(0);
  const shown = state.many;
  state.inner = shown[0]!;
  expect(state.inner).toBe(state.many[0]);
  expect(touched).toContain('s.bytes 1 w');
  watched.dispose();
  expect(state.bytes).toBe(bytes);
  expect(state.inner).not.toBe(inner);
  const before = touched.length;
  state.inner.count++;
  expect(touched.length).toBe(before);
});
