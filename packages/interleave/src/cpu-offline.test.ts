import { CellSpace, type Context, type Steps, read } from '@mm/steps';
import { irqRestore, irqSave } from '@mm/steps/stepped';
import { expect, it } from 'vitest';

import { Interleaver } from './interleaver.js';
import { SeededScheduler } from './seeded-scheduler.js';

const cell = new CellSpace().claim('word');

/** Notes on which CPU each of 50 steps is made. */
function* wander(ctx: Context, seen: number[]): Steps<void> {
  for (let i = 0; i < 50; i++) {
    yield read(cell);
    seen.push(ctx.cpu);
  }
}

function* inSection(): Steps<void> {
  yield irqSave;
  yield read(cell);
  yield read(cell);
  yield irqRestore;
}

const roaming = (seed: number): Interleaver =>
  new Interleaver({ cpus: 3, scheduler: new SeededScheduler(seed, { moveChance: 0.3 }) });

it('tasks of a CPU that goes offline go on elsewhere, and none comes back before it does', () => {
  for (let seed = 0; seed < 20; seed++) {
    const tasks = roaming(seed);
    const seen: number[] = [];
    for (const cpu of [0, 1, 2]) {
      const ctx = tasks.takeContext(cpu);
      tasks.start(ctx, wander(ctx, seen));
    }
    expect(tasks.takeOffline(1)).toBe(true);
    tasks.run();
    expect(seen).toHaveLength(150);
    expect(seen).not.toContain(1);
    tasks.bringOnline(1);
    for (const cpu of [0, 2]) {
      const ctx = tasks.takeContext(cpu);
      tasks.start(ctx, wander(ctx, seen));
    }
    tasks.run();
    expect(seen.slice(150)).toContain(1);
  }
});

it('a CPU whose task is in a section or pinned stays, and so does the last one', () => {
  const tasks = roaming(1);
  tasks.start(tasks.takeContext(1), inSection());
  tasks.step(tasks.firstEnabled());
  expect(tasks.takeOffline(1)).toBe(false);
  tasks.run();
  expect([tasks.takeOffline(1), tasks.takeOffline(0), tasks.takeOffline(2)]).toEqual([true, true, false]);
  tasks.reset();
  tasks.start(tasks.takeContext(0), inSection(), 0, true);
  expect(tasks.takeOffline(0)).toBe(false);
});

it('what is no CPU is refused', () => {
  expect(() => roaming(1).takeOffline(3)).toThrow('expected a CPU 0..2, got 3');
  expect(() => roaming(1).bringOnline(-1)).toThrow('expected a CPU 0..2, got -1');
});
