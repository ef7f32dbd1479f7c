import { CellSpace, Context, type Steps, read, rmw, write } from '@mm/steps';
import { describe, expect, it } from 'vitest';

import { explore } from '../explore/explore.js';
import type { Scenario } from '../run-schedule.js';
import {
  type Counterexample,
  parseCounterexample,
  replayCounterexample,
  saveCounterexample,
} from './counterexample.js';

const cells = new CellSpace();
const unrelated = cells.claim('unrelated');
const counter = cells.claim('counter');

function counting(body: (state: { n: number }) => Steps<void>): Scenario {
  return {
    cpus: 2,
    make: () => {
      const state = { n: 0 };
      return {
        cells,
        tasks: [0, 1].map((cpu) => ({ ctx: new Context(cpu), steps: body(state) })),
        check: () => {
          if (state.n !== 2) throw new Error(`counted ${state.n}`);
        },
      };
    },
  };
}
function* racy(state: { n: number }): Steps<void> {
  yield read(counter);
  const seen = state.n;
  yield write(counter);
  state.n = seen + 1;
}
function* fixed(state: { n: number }): Steps<void> {
  yield rmw(counter);
  state.n++;
}

const saved = saveCounterexample(explore(counting(racy)).failure!, { scenario: 'counter' });
const text = JSON.stringify(saved);

describe('a saved counterexample', () => {
  it('is read back as it was, and fails as it did, exactly', () => {
    const again = parseCounterexample(text);
    expect(again).toEqual(saved);
    expect(replayCounterexample(counting(racy), again)).toMatchObject({
      verdict: 'same',
      leftAt: -1,
      result: { outcome: { kind: 'check failed' }, schedule: saved.schedule },
    });
  });
  it('holds on code that was put right, and says where it left the path', () => {
    const { verdict, leftAt } = replayCounterexample(counting(fixed), saved);
    expect(verdict).toBe('holds');
    expect(saved.accesses[leftAt]).toBe('read counter');
  });
  it('still fails on code that has changed elsewhere', () => {
    const changed = counting(function* (state) {
      yield* racy(state);
      yield read(unrelated);
    });
    const { verdict, leftAt } = replayCounterexample(changed, saved);
    expect(verdict).toBe('same');
    expect(leftAt).toBeGreaterThan(0);
  });
  it('tells another failure from the same', () => {
    const { verdict } = replayCounterexample(
      counting(function* () {
        yield read(counter);
        throw new Error('broken');
      }),
      saved,
    );
    expect(verdict).toBe('differs');
  });
  it('tells a scenario that is not the same each time', () => {
    let runs = 0;
    const unsteady = counting(function* (state) {
      yield* runs++ % 4 < 2 ? racy(state) : fixed(state);
    });
    expect(replayCounterexample(unsteady, saved).verdict).toBe('nondeterminism');
  });
  it('keeps a program that is plain data, and no other', () => {
    const { failure } = explore(counting(racy));
    const operations = [{ do: 'add', cpu: 0 }];
    expect(saveCounterexample(failure!, { scenario: 'x', operations }).operations).toEqual(operations);
    expect(() => saveCounterexample(failure!, { scenario: 'x', operations: [1n] })).toThrow(
      'operations: expected plain data, got an array of 1',
    );
    const ended = explore(counting(fixed), { strategy: [0, 2] });
    expect(ended.failure).toBeUndefined();
  });
  it.each<[string, (broken: Record<string, unknown>) => unknown, string]>([
    ['no JSON', () => undefined, 'counterexample: expected JSON'],
    ['another format', (s) => (s['format'] = 'x'), 'format: expected interleave-counterexample, got "x"'],
    ['another version', (s) => (s['version'] = 2), 'version: expected 1, got 2'],
    [
      'half a schedule',
      (s) => (s['schedule'] = [1]),
      'schedule: expected pairs of choice and count, got 1 numbers',
    ],
    ['a schedule of text', (s) => (s['schedule'] = ['a', 1]), 'schedule[0]: expected an integer from 0'],
    ['no schedule', (s) => delete s['schedule'], 'schedule: expected an array, got undefined'],
    ['an outcome without a kind', (s) => (s['outcome'] = {}), 'outcome.kind: expected a text, got undefined'],
    ['accesses that are none', (s) => (s['accesses'] = [3]), 'accesses[0]: expected a text, got 3'],
    ['no bound', (s) => (s['stepsMax'] = 0), 'stepsMax: expected an integer from 1, got 0'],
  ])('with %s is refused by name', (name, breaks, message) => {
    const broken = JSON.parse(text) as Record<string, unknown>;
    breaks(broken);
    expect(() =>
      parseCounterexample(name === 'no JSON' ? text.slice(0, 40) : JSON.stringify(broken)),
    ).toThrow(message);
  });
  it('of another type of JSON is refused', () => {
    for (const wrong of ['null', '[]', '3'])
      expect(() => parseCounterexample(wrong)).toThrow('counterexample: expected an object');
    expect((JSON.parse(text) as Counterexample).scenario).toBe('counter');
  });
});
