import {
  type Cell,
  CellSpace,
  Context,
  type Steps,
  eachCpu,
  preemptDisable,
  preemptEnable,
  write,
} from '@mm/steps/stepped';
import { expect, it } from 'vitest';

import type { ScenarioTask } from '../run-schedule.js';
import { Dpor } from './dpor.js';
import { Execution } from './execution.js';

/** Writes twice where no other task of the CPU can run. */
function* atomicWriter(cell: Cell): Steps<void> {
  yield preemptDisable;
  yield write(cell);
  yield write(cell);
  yield preemptEnable;
}

function* writer(cell: Cell): Steps<void> {
  yield write(cell);
}

/** Has CPU 0 write, and writes when that is done. */
function* waiter(ctx: Context, cell: Cell): Steps<void> {
  yield* eachCpu(ctx, [0], () => writer(cell));
  yield write(cell);
}

function executionsOf(tasks: (cell: Cell) => readonly ScenarioTask[]): number {
  const cells = new CellSpace();
  const cell = cells.claim('cell');
  const scenario = { cpus: 2, make: () => ({ cells, tasks: tasks(cell) }) };
  const execution = new Execution(scenario, { moves: 0, stepsMax: 100, monitors: [] });
  const dpor = new Dpor(execution);
  while (!dpor.complete) {
    dpor.next();
    if (execution.failure !== undefined && 'error' in execution.failure) throw execution.failure.error;
  }
  return dpor.counts.executions;
}

// A race with a step inside a section is to be reversed where the section begins: inside it the other cannot run.
it('explores both orders of a section and a step of another task of its CPU', () => {
  const executions = executionsOf((cell) => [
    { ctx: new Context(0), steps: atomicWriter(cell) },
    { ctx: new Context(0), steps: writer(cell) },
  ]);
  // Before it, behind it, and begun before it to go on behind it.
  expect(executions).toBe(3);
});

// A task that waits for others it has started cannot be run before them.
it('explores a task that waits for one it has started', () => {
  const executions = executionsOf((cell) => {
    const ctx = new Context(1);
    return [
      { ctx: new Context(0), steps: writer(cell) },
      { ctx, steps: waiter(ctx, cell) },
    ];
  });
  expect(executions).toBe(3);
});
