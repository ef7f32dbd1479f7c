/* oxlint-disable unicorn/consistent-function-scoping -- a body beside its test reads better */
import { CellSpace, Context, type Steps, read, rmw, write } from '@mm/steps';
import { array, assert, constantFrom, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { explore } from '../explore/explore.js';
import type { Scenario } from '../run-schedule.js';
import { type SequentialModel, checkLinearizable, expectLinearizable } from './check-linearizable.js';
import { type Call, History, claimHistory } from './history.js';

type Input = { readonly put: number } | 'get';
const register: SequentialModel<number, Input, number> = {
  initial: () => 0,
  apply: (state, input, output) => (input === 'get' ? (output === state ? state : undefined) : input.put),
  applyUnanswered: (state, input) => (input === 'get' ? state : input.put),
};
const call = (
  client: number,
  input: Input,
  output: number,
  [calledAt, answeredAt]: readonly [number, number | undefined],
): Call<Input, number> => ({ client, input, output, calledAt, answeredAt });

describe('checkLinearizable of a register', () => {
  it('a get during a put may see the value before or after', () => {
    for (const seen of [0, 7])
      expect(
        checkLinearizable([call(0, { put: 7 }, 0, [0, 3]), call(1, 'get', seen, [1, 2])], register)
          .linearizable,
      ).toBe(true);
  });
  it('a get after a put sees it', () => {
    const stale = [call(0, { put: 7 }, 0, [0, 1]), call(1, 'get', 0, [2, 3])];
    const result = checkLinearizable(stale, register);
    expect(result).toMatchObject({ linearizable: false, order: [stale[0]], stuck: [stale[1]] });
    expect(() => expectLinearizable(stale, register)).toThrow(
      'not linearizable: after\n  client 0: {"put":7} -> 0\nnone of these can be:\n  client 1: get -> 0',
    );
  });
  it('two gets during a put cannot see it and then not', () => {
    const calls = (first: number, second: number): Array<Call<Input, number>> => [
      call(0, { put: 7 }, 0, [0, 5]),
      call(1, 'get', first, [1, 2]),
      call(1, 'get', second, [3, 4]),
    ];
    expect(checkLinearizable(calls(0, 7), register).linearizable).toBe(true);
    expect(checkLinearizable(calls(7, 0), register).linearizable).toBe(false);
  });
  it('a put that was not answered may have happened, or not', () => {
    for (const seen of [0, 7])
      expect(
        checkLinearizable([call(0, { put: 7 }, 0, [0, undefined]), call(1, 'get', seen, [1, 2])], register)
          .linearizable,
      ).toBe(true);
  });
  it('parts are checked alone', () => {
    const parts: SequentialModel<number, readonly [string, Input], number> = {
      initial: register.initial,
      apply: (state, [, input], output) => register.apply(state, input, output),
      partOf: ([name]) => name,
    };
    const one = (
      part: string,
      input: Input,
      output: number,
      at: number,
    ): Call<readonly [string, Input], number> => ({
      client: 0,
      input: [part, input],
      output,
      calledAt: at,
      answeredAt: at + 1,
    });
    expect(checkLinearizable([one('a', { put: 1 }, 0, 0), one('b', 'get', 0, 2)], parts).linearizable).toBe(
      true,
    );
    expect(checkLinearizable([one('a', { put: 1 }, 0, 0), one('a', 'get', 0, 2)], parts).linearizable).toBe(
      false,
    );
  });
  it('agrees with trying every order', () => {
    const inputs = record({
      input: constantFrom<Input>('get', { put: 1 }, { put: 2 }),
      output: constantFrom(0, 1, 2),
      from: constantFrom(0, 2, 4, 6),
      lasts: constantFrom(1, 3, 5),
    });
    assert(
      property(array(inputs, { maxLength: 5 }), (made) => {
        const calls = made
          .map(({ input, output, from, lasts }, i) =>
            call(i, input, output, [from + i / 100, from + lasts + i / 100]),
          )
          .sort((a, b) => a.calledAt - b.calledAt);
        expect(checkLinearizable(calls, register).linearizable).toBe(byTrying(calls, 0));
      }),
      { numRuns: 500 },
    );
  });
});

/** Whether some order of the calls that are left is right from `state` on. */
function byTrying(left: ReadonlyArray<Call<Input, number>>, state: number): boolean {
  if (left.length === 0) return true;
  return left.some((one) => {
    if (left.some((other) => other.answeredAt! < one.calledAt)) return false;
    const next = register.apply(state, one.input, one.output!);
    return (
      next !== undefined &&
      byTrying(
        left.filter((other) => other !== one),
        next,
      )
    );
  });
}

describe('a history under exploration', () => {
  const cells = new CellSpace();
  const counter = cells.claim('counter');
  const historyCells = claimHistory(cells, 2);
  const fetchAdd: SequentialModel<number, 'add', number> = {
    initial: () => 0,
    apply: (state, _input, output) => (output === state ? state + 1 : undefined),
  };
  function* racy(state: { n: number }): Steps<number> {
    yield read(counter);
    const seen = state.n;
    yield write(counter);
    state.n = seen + 1;
    return seen;
  }
  function* atomic(state: { n: number }): Steps<number> {
    yield rmw(counter);
    return state.n++;
  }
  const counting = (add: typeof racy): Scenario => ({
    cpus: 2,
    make: () => {
      const state = { n: 0 };
      const history = new History<'add', number>(historyCells);
      function* client(own: number): Steps<void> {
        yield* history.record(own, 'add', add(state));
      }
      return {
        cells,
        tasks: [0, 1].map((cpu) => ({ ctx: new Context(cpu), steps: client(cpu) })),
        check: () => expectLinearizable(history.calls, fetchAdd),
      };
    },
  });
  it('finds the addition that is lost, and passes the one that is not', () => {
    expect(explore(counting(atomic))).toMatchObject({ outcome: 'holds', complete: true });
    const { failure } = explore(counting(racy));
    expect(failure?.outcome).toMatchObject({ kind: 'check failed', error: { name: 'LinearizabilityError' } });
  });
  it('keeps both orders of an answer and a later call', () => {
    const orders = new Set<boolean>();
    explore({
      cpus: 2,
      make: () => {
        const history = new History<string, void>(historyCells);
        function* idle(): Steps<void> {}
        function* client(own: number): Steps<void> {
          yield* history.record(own, 'nothing', idle());
        }
        return {
          cells,
          tasks: [0, 1].map((cpu) => ({ ctx: new Context(cpu), steps: client(cpu) })),
          check: () => void orders.add(history.calls[0]!.answeredAt! < history.calls[1]!.calledAt),
        };
      },
    });
    expect([...orders].sort()).toEqual([false, true]);
  });
  it('refuses a client that was not claimed, and a second answer', () => {
    const history = new History<string, number>(historyCells);
    expect(() =>
      history
        .record(
          2,
          'x',
          (function* (): Steps<number> {
            return 1;
          })(),
        )
        .next(),
    ).toThrow('client: expected 0..1, got 2');
    const number = history.call(0, 'x');
    history.answer(number, 1);
    expect(() => history.answer(number, 1)).toThrow('call: expected the number of a call');
  });
});
