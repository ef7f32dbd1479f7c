import { CellSpace, Context, type Steps, read, rmw, write } from '@mm/steps';
import { array, assert, constantFrom, nat, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { explore } from '../explore/explore.js';
import { Random } from '../random.js';
import { scheduleSwitches } from '../schedule.js';
import { type ProgramScenario, scenarioOfProgram, shrinkProgramRun } from './program-scenario.js';
import { shrinkOperations, simplerIntegers } from './shrink-operations.js';

describe('shrinkOperations', () => {
  it('leaves nothing that could be left out alone', () => {
    assert(
      property(array(nat(20), { minLength: 1, maxLength: 60 }), nat(40), (program, need) => {
        // What cannot be left out at first may be later: a 2, once no 1 is there that needs it.
        const fails = (tried: readonly number[]): boolean =>
          tried.reduce((sum, x) => sum + x, 0) >= need && (!tried.includes(1) || tried.includes(2));
        if (!fails(program)) return;
        const { operations } = shrinkOperations(program, fails);
        expect(fails(operations)).toBe(true);
        for (let at = 0; at < operations.length; at++) expect(fails(operations.toSpliced(at, 1))).toBe(false);
      }),
    );
  });
  it('finds the 20 allocations that a bug needs among 139 commands, made as small as can be, in a tenth of 12,912 tries', () => {
    const BIG = 4097;
    const fails = (tried: readonly number[]): boolean => {
      const live: number[] = [];
      for (const size of tried) {
        if (size >= 0) live.push(size);
        else live.splice(-size % Math.max(1, live.length), 1);
        if (live.filter((its) => its >= BIG).length >= 20) return true;
      }
      return false;
    };
    for (let seed = 1; seed < 10; seed++) {
      const random = new Random(seed);
      const draw = (): number => (random.below(2) === 0 ? 8 + random.below(8184) : -1 - random.below(1000));
      let program: number[] = [];
      while (!fails(program)) program = Array.from({ length: 139 }, draw);
      const { operations, tries } = shrinkOperations(program, fails, {
        simpler: (size, failed) => simplerIntegers(size, 8, failed),
      });
      expect(operations).toEqual(Array.from({ length: 20 }, () => BIG));
      expect(tries).toBeLessThan(1291);
    }
  });
  it('stops at its bound', () => {
    let tries = 0;
    const result = shrinkOperations(
      Array.from({ length: 100 }, (_, i) => i),
      () => ++tries < 0,
      { triesMax: 10 },
    );
    expect([result.tries, tries, result.operations.length]).toEqual([10, 10, 100]);
  });
  it('tries integers nearer and nearer', () => {
    expect([...simplerIntegers(100, 8)]).toEqual([8, 54, 77, 89, 95, 98, 99]);
    expect([...simplerIntegers(100, 8, 54)]).toEqual([77, 89, 95, 98, 99]);
    expect([...simplerIntegers(8, 8)]).toEqual([]);
  });
});

interface Op {
  readonly cpu: number;
  readonly do: 'add' | 'add badly' | 'look';
}
const cells = new CellSpace();
const counter = cells.claim('counter');

/** Adds to one counter, sometimes by reading and writing it in two steps. */
const adding: ProgramScenario<Op> = {
  cpus: 2,
  make: (operations) => {
    const state = { n: 0, wanted: 0 };
    function* task(cpu: number): Steps<void> {
      for (const operation of operations.filter((one) => one.cpu === cpu)) {
        if (operation.do === 'look') {
          yield read(counter);
          continue;
        }
        state.wanted++;
        if (operation.do === 'add') {
          yield rmw(counter);
          state.n++;
          continue;
        }
        yield read(counter);
        const seen = state.n;
        yield write(counter);
        state.n = seen + 1;
      }
    }
    return {
      cells,
      tasks: [0, 1].map((cpu) => ({ ctx: new Context(cpu), steps: task(cpu) })),
      check: () => {
        if (state.n !== state.wanted) throw new Error(`${state.n} of ${state.wanted}`);
      },
    };
  },
};

it('a program and its schedule are shrunk together, to two operations and two switches', () => {
  const random = new Random(4);
  const operations: Op[] = Array.from({ length: 40 }, () => ({
    cpu: random.below(2),
    do: (['add', 'add badly', 'look'] as const)[random.below(3)]!,
  }));
  const { found } = explore(scenarioOfProgram(adding, operations), { strategy: 'random', shrinkRunsMax: 0 });
  const shrunk = shrinkProgramRun(adding, operations, found!);
  expect(shrunk.operations.length).toBe(2);
  expect(shrunk.operations.some((one) => one.do === 'add badly')).toBe(true);
  expect(new Set(shrunk.operations.map((one) => one.cpu)).size).toBe(2);
  expect(scheduleSwitches(shrunk.result.schedule)).toBe(2);
  expect(shrunk.result.outcome.kind).toBe('check failed');
  expect(shrunk.runs).toBeLessThanOrEqual(2000);
});

it('no program that is right is ever said to fail', () => {
  const good = array(constantFrom<Op>({ cpu: 0, do: 'add' }, { cpu: 1, do: 'add' }, { cpu: 1, do: 'look' }), {
    maxLength: 5,
  });
  assert(
    property(good, (operations) => {
      expect(explore(scenarioOfProgram(adding, operations))).toMatchObject({
        outcome: 'holds',
        complete: true,
      });
    }),
    { numRuns: 50 },
  );
});
