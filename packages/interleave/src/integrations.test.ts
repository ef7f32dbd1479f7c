/* oxlint-disable unicorn/consistent-function-scoping -- a body beside its test reads better */
import { CellSpace, Context, type Steps, read, rmw, write } from '@mm/steps';
import { assert, check, constantFrom, record } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toySlub } from '../test/toy-slub.js';
import { programsHold } from './fast-check.js';
import type { ProgramScenario } from './program/program-scenario.js';
import { scenarioOfProgram } from './program/program-scenario.js';
import { explore } from './vitest.js';

const cells = new CellSpace();
const counter = cells.claim('counter');
interface Add {
  readonly cpu: number;
  readonly how: 'at once' | 'in two steps';
}
const adding: ProgramScenario<Add> = {
  cpus: 2,
  make: (operations) => {
    const state = { n: 0 };
    function* task(cpu: number): Steps<void> {
      for (const { how } of operations.filter((one) => one.cpu === cpu)) {
        if (how === 'at once') {
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
      state: () => ({ n: state.n }),
      sometimes: { counted: () => state.n > 0 },
      check: () => {
        if (state.n !== operations.length) throw new Error(`counted ${state.n} of ${operations.length}`);
      },
    };
  },
};
const two = (how: Add['how']): Add[] => [0, 1].map((cpu) => ({ cpu, how }));
const failed = async (what: Promise<unknown>): Promise<string> => {
  try {
    await what;
    return 'held';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('explore of @mm/interleave/vitest', () => {
  it('passes a test, and gives the result', async () => {
    const result = await explore(scenarioOfProgram(adding, two('at once')), { complete: true });
    expect(result).toMatchObject({ outcome: 'holds', complete: true, executions: 2 });
  });
  it('fails a test with the schedule first, then a readable trace', async () => {
    const message = await failed(explore(scenarioOfProgram(adding, two('in two steps'))));
    expect(message).toMatch(/^run \d+ failed; to see it again: explore\(scenario, \{ strategy: \[\d/u);
    expect(message).toContain('step  CPU 0                       CPU 1');
    expect(message).toContain('check failed: counted 1 of 2');
  });
  it('fails a vacuous test, and one that is not complete where it must be', async () => {
    const idle = scenarioOfProgram({ ...adding, make: () => ({ ...adding.make([]), check: () => {} }) }, []);
    expect(await failed(explore(idle))).toBe('vacuous: 1 runs have never reached: counted');
    const message = await failed(explore(toySlub(2, 1), { runsMax: 100, complete: true }));
    expect(message).toMatch(
      /^not complete after 100 runs: tasks stay on their CPUs, stopped after \d+ runs$/u,
    );
  });
  it('makes all runs in slices, and no more than it is told', async () => {
    expect((await explore(toySlub(2, 1), { complete: true })).executions).toBe(518);
    const sampled = await explore(toySlub(2, 1), { strategy: 'random', runsMax: 70 });
    expect(sampled.executions).toBe(70);
  });
});

describe('programsHold of @mm/interleave/fast-check', () => {
  const adds = (...how: Array<Add['how']>): Parameters<typeof programsHold<Add>>[1] =>
    record({ cpu: constantFrom(0, 1), how: constantFrom(...how) });
  it('passes programs that hold under every schedule', () => {
    assert(programsHold(adding, adds('at once')), { numRuns: 50 });
  });
  it('shrinks program and schedule of one that does not', () => {
    const result = check(programsHold(adding, adds('at once', 'in two steps')), { numRuns: 200 });
    expect(result.failed).toBe(true);
    expect(result.counterexample![0]).toHaveLength(2);
    const { message } = result.errorInstance as Error;
    expect(message).toContain('"how":"in two steps"');
    expect(message).toContain('fails under the schedule [');
    expect(message).toContain('check failed: counted 1 of 2');
  });
});
