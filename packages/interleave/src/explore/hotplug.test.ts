import {
  CellSpace,
  Context,
  type Steps,
  cpuDown,
  cpuUp,
  eachCpu,
  irqRestore,
  irqSave,
  preemptDisable,
  preemptEnable,
  rcuReadLock,
  rcuReadUnlock,
  read,
  rmw,
} from '@mm/steps/stepped';
import { describe, expect, it } from 'vitest';

import { formatTrace } from '../output/format-trace.js';
import type { Scenario, ScenarioTask } from '../run-schedule.js';
import { explore } from './explore.js';

const cells = new CellSpace();
const magazines = cells.claim('magazine', 2);
const pool = cells.claim('pool');

/** Items that CPUs keep for themselves, and those that anybody may take. */
interface Items {
  readonly kept: number[];
  pool: number;
}

/** Puts an item where this CPU keeps its own. */
function* give(ctx: Context, items: Items): Steps<void> {
  yield preemptDisable;
  yield rmw(magazines + ctx.cpu);
  items.kept[ctx.cpu]! += 1;
  yield preemptEnable;
}

/** The same, but the task may have left its CPU when it puts it there. */
function* giveUnprotected(ctx: Context, items: Items): Steps<void> {
  const mine = ctx.cpu;
  yield rmw(magazines + mine);
  items.kept[mine]! += 1;
}

/** Takes CPU 1 away, and what it kept to the pool. */
function* unplug(items: Items): Steps<void> {
  yield cpuDown(1);
  yield rmw(magazines + 1);
  const left = items.kept[1]!;
  items.kept[1] = 0;
  yield rmw(pool);
  items.pool += left;
}

const giving = (how: typeof give): Scenario => ({
  cpus: 2,
  make: () => {
    const items: Items = { kept: [0, 0], pool: 0 };
    const [hotplug, giver] = [new Context(0), new Context(1)];
    return {
      cells,
      tasks: [
        { ctx: hotplug, name: 'unplug', steps: unplug(items) },
        { ctx: giver, name: 'give', steps: how(giver, items) },
      ],
      state: () => ({ pool: items.pool, kept0: items.kept[0]!, kept1: items.kept[1]! }),
      sometimes: {
        'kept on the CPU that stays': () => items.kept[0] === 1,
        'given to the pool': () => items.pool === 1,
      },
      check: () => {
        if (items.kept[1] !== 0) throw new Error('an item is left on a CPU that is gone');
      },
    };
  },
});

describe('a CPU that goes offline', () => {
  it('waits for the section that its task is in, so that what is kept by CPU is found', () => {
    expect(explore(giving(give))).toMatchObject({ outcome: 'holds', complete: true, missing: [] });
  });
  it('moves a task in no section between two of its steps: what that keeps by CPU is lost', () => {
    const { failure } = explore(giving(giveUnprotected));
    expect(formatTrace(failure!)).toBe(
      [
        '    step  CPU 0                       CPU 1',
        '>      0                              give begins',
        '>      1  unplug begins',
        '       2  unplug hotplug CPU 1 down',
        '       3  unplug rmw magazine[1]',
        '       4  unplug rmw pool, ends',
        '>      5  give rmw magazine[1], ends               | kept1: 0 -> 1',
        'check failed: an item is left on a CPU that is gone',
      ].join('\n'),
    );
  });
});

const outcomeOf = (tasks: () => ScenarioTask[], cpus = 2): string => {
  const { failure, complete } = explore({ cpus, make: () => ({ cells, tasks: tasks() }) });
  if (failure === undefined) return complete ? 'holds' : 'bounded';
  return failure.outcome.kind === 'ended' ? 'ended' : failure.outcome.error.message;
};

function* downAndUp(cpu: number): Steps<void> {
  yield cpuDown(cpu);
  yield cpuUp(cpu);
}

function* look(ctx: Context, seen: Set<number>, times: number): Steps<void> {
  for (let i = 0; i < times; i++) {
    yield read(pool);
    seen.add(ctx.cpu);
  }
}

function* interruptsOff(ctx: Context, seen: Set<number>): Steps<void> {
  yield irqSave;
  yield* look(ctx, seen, 2);
  yield irqRestore;
}

it('a pinned task leaves its CPU when that goes, and does not come back with it', () => {
  const seen = new Set<number>();
  const tasks = (): ScenarioTask[] => {
    const ctx = new Context(2);
    return [
      { ctx: new Context(0), steps: downAndUp(2) },
      { ctx, pinned: true, steps: look(ctx, seen, 2) },
    ];
  };
  expect(outcomeOf(tasks, 3)).toBe('holds');
  expect([...seen].sort()).toEqual([0, 2]);
});

it('a handler that has not begun comes on another CPU, one that has is waited for', () => {
  const seen = new Set<number>();
  const tasks = (): ScenarioTask[] => {
    const ctx = new Context(1);
    return [
      { ctx: new Context(0), steps: downAndUp(1) },
      { ctx, interrupt: true, steps: interruptsOff(ctx, seen) },
    ];
  };
  expect(outcomeOf(tasks)).toBe('holds');
  expect([...seen].sort()).toEqual([0, 1]);
});

it('going twice is as going once', () => {
  const twice = [0, 0];
  expect(outcomeOf(() => twice.map((cpu) => ({ ctx: new Context(cpu), steps: downAndUp(1) })))).toBe('holds');
});

function* down(cpu: number): Steps<void> {
  yield cpuDown(cpu);
}

it('the last CPU stays', () => {
  expect(outcomeOf(() => [{ ctx: new Context(0), name: 'unplug', steps: down(0) }], 1)).toBe(
    'deadlock: unplug (CPU 0) waits to take down CPU 0, the last that is online',
  );
});

it('the CPU that a task is on is not taken down by it', () => {
  expect(outcomeOf(() => [{ ctx: new Context(1), name: 'hotplug', steps: down(1) }])).toBe(
    'wrong use: hotplug (CPU 1) takes down CPU 1, on which it is: pin it to another',
  );
});

it('what is no CPU of the scenario is refused', () => {
  expect(outcomeOf(() => [{ ctx: new Context(0), steps: down(2) }])).toMatch(
    /^wrong use: .* which is no access to one of the CPUs$/u,
  );
});

/** A task on each CPU, while one of them goes. */
function eachBesideDown(): ScenarioTask[] {
  const ctx = new Context(0);
  return [
    { ctx: new Context(0), name: 'unplug', steps: downAndUp(1) },
    { ctx, name: 'flush', steps: eachCpu(ctx, [0, 1], (own) => look(own, new Set(), 1)) },
  ];
}

it('a task that is started on a CPU that is offline is found', () => {
  expect(outcomeOf(eachBesideDown)).toBe(
    'offline CPU: flush (CPU 0) starts a task on CPU 1, which is offline',
  );
});

function* downInside(section: 'preemption off' | 'reading'): Steps<void> {
  yield section === 'reading' ? rcuReadLock : preemptDisable;
  yield cpuDown(1);
  yield section === 'reading' ? rcuReadUnlock : preemptEnable;
}

it.each(['preemption off', 'reading'] as const)('nobody waits for a CPU with %s', (section) => {
  expect(outcomeOf(() => [{ ctx: new Context(0), steps: downInside(section) }])).toMatch(
    /^waiting in atomic section: /u,
  );
});
