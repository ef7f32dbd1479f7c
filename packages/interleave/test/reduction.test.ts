import { assert, pre, property } from 'fast-check';
import { expect, it } from 'vitest';

import { Dpor } from '../src/explore/dpor.js';
import { Execution } from '../src/explore/execution.js';
import { everyOrder } from './every-order.js';
import { type Final, type Op, type Program, programs, scenarioOf } from './random-program.js';

const NAIVE_RUNS_MAX = 1500;

interface Reached {
  readonly finals: Set<string>;
  readonly failures: Set<string>;
  readonly runs: number;
  readonly blocked: number;
}

function byForce(program: Program, moves: number, preemptions: number, runsMax = NAIVE_RUNS_MAX): Reached {
  let final: Final | undefined;
  const finals = new Set<string>();
  const failures = new Set<string>();
  const scenario = scenarioOf(program, (made) => (final = made));
  const onEnd = (failure: string | undefined): void => {
    if (failure === undefined) finals.add(JSON.stringify(final));
    else failures.add(failure);
  };
  const runs = everyOrder(scenario, { moves, preemptions, runsMax, onEnd });
  return { finals, failures, runs, blocked: 0 };
}

function reduced(program: Program, moves: number, preemptions: number): Reached {
  let final: Final | undefined;
  const finals = new Set<string>();
  const failures = new Set<string>();
  const scenario = scenarioOf(program, (made) => (final = made));
  const execution = new Execution(scenario, { moves, stepsMax: 1000, monitors: [] });
  const dpor = new Dpor(execution, preemptions);
  while (!dpor.complete && failures.size === 0) {
    const ended = dpor.next();
    if (execution.failure !== undefined) failures.add(execution.failure.kind);
    else if (ended) finals.add(JSON.stringify(final));
  }
  return { finals, failures, runs: dpor.counts.executions, blocked: dpor.counts.blocked };
}

/** A search ends with the first run that fails: that there is one must show, not which. */
const found = ({ finals, failures }: Reached): readonly string[] =>
  failures.size > 0 ? ['a failure'] : [...finals].sort();

function agree(program: Program, moves: number, preemptions: number): void {
  const all = byForce(program, moves, preemptions);
  pre(all.runs > 0);
  const some = reduced(program, moves, preemptions);
  expect(found(some)).toEqual(found(all));
  if (preemptions === Infinity && some.runs > all.runs) throw new Error('more runs than there are');
}

/** More runs and time by hand: REDUCTION_SECONDS=60 npx pnpm unit packages/interleave/test. */
const seconds = Number(process.env['REDUCTION_SECONDS'] ?? 3);
const limits = {
  numRuns: seconds * 1000,
  interruptAfterTimeLimit: seconds * 1000,
  endOnFailure: seconds < 5,
};

it.each([0, 1])(
  'partial-order reduction reaches what brute force does, with %d moves a task',
  (moves) => {
    assert(
      property(programs, (program) => agree(program, moves, Infinity)),
      limits,
    );
  },
  600_000,
);

it.each([0, 1, 2])(
  'under a bound of %d preemptions, too',
  (preemptions) => {
    assert(
      property(programs, (program) => agree(program, 0, preemptions)),
      limits,
    );
  },
  600_000,
);

// Found by the above: a task that blocks gives its CPU up for nothing, so where it began to wait matters.
const copy: Op = { do: 'copy', from: 0, at: 0 };
const look: Op = { do: 'read', at: 0 };
const locked = (which: number, ...inside: Op[]): Op => ({ do: 'lock', which, inside });
const task = (cpu: number, ...ops: Op[]): Program['tasks'][0] => ({ cpu, ops, interrupt: false });
it.each<[number, Program]>([
  [
    1,
    {
      tasks: [
        task(1, { do: 'mutex', inside: [locked(0, look)] }, locked(1, copy), look),
        task(0, copy, locked(0, copy)),
      ],
    },
  ],
  [
    2,
    {
      tasks: [
        task(1, { do: 'mutex', inside: [locked(1, look), copy] }),
        task(0, locked(0, copy, copy)),
        task(0, look, { do: 'reading', inside: [locked(1, { do: 'copy', from: 0, at: 1 })] }),
      ],
    },
  ],
])('within %d preemptions a task may run up to a lock that is held', (preemptions, program) => {
  const all = byForce(program, 0, preemptions, 100_000);
  expect(all.runs).toBeGreaterThan(0);
  expect(found(reduced(program, 0, preemptions))).toEqual(found(all));
});
