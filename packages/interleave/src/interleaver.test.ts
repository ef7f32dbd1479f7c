/* oxlint-disable unicorn/consistent-function-scoping -- a body beside its test reads better */
import { CellSpace, type Context, type Steps, lock, read, rmw, tryLock, unlock, write } from '@mm/steps';
import { gracePeriod, irqRestore, irqSave, rcuReadLock, rcuReadUnlock } from '@mm/steps';
import { eachCpu } from '@mm/steps/stepped';
import { describe, expect, it } from 'vitest';

import { Interleaver } from './interleaver.js';
import { SeededScheduler } from './seeded-scheduler.js';

const cells = new CellSpace();
const counterCell = cells.claim('counter');
const a = cells.claim('a.lock');
const b = cells.claim('b.lock');
const make = (cpus: number, seed = 1): Interleaver =>
  new Interleaver({ cpus, cells, scheduler: new SeededScheduler(seed, { switchChance: 0.5 }) });

function* increment(counter: { value: number }): Steps<void> {
  yield read(counterCell);
  const seen = counter.value;
  yield write(counterCell);
  counter.value = seen + 1;
}
function* ordered(first: number, second: number): Steps<void> {
  yield lock(first);
  yield lock(second);
  yield unlock(second);
  yield unlock(first);
}
function runBodies(tasks: Interleaver, bodies: readonly Steps<unknown>[]): void {
  bodies.forEach((body, i) => tasks.start(tasks.takeContext(i % tasks.cpus), body, i));
  tasks.run(100_000);
}
/** The error of the first of 100 seeds that has one. */
function firstError(bodies: () => Steps<unknown>[], cpus = 2): string {
  for (let seed = 0; seed < 100; seed++) {
    try {
      runBodies(make(cpus, seed), bodies());
    } catch (error) {
      return (error as Error).message;
    }
  }
  return 'no error';
}

describe('interleaving', () => {
  it('finds the lost update of an unlocked counter, and also runs without it', () => {
    const values = new Set<number>();
    for (let seed = 0; seed < 50; seed++) {
      const counter = { value: 0 };
      runBodies(make(2, seed), [increment(counter), increment(counter)]);
      values.add(counter.value);
    }
    expect(values).toEqual(new Set([1, 2]));
  });

  it('gives the same order for the same seed', () => {
    const order = (seed: number): string => {
      const tasks = make(3, seed);
      const seen: number[] = [];
      tasks.hooks.onStep = (choice, access) => seen.push(choice, access);
      const counter = { value: 0 };
      runBodies(tasks, [increment(counter), increment(counter), increment(counter)]);
      return seen.join();
    };
    expect(order(5)).toBe(order(5));
    expect(new Set([1, 2, 3, 4, 5].map(order)).size).toBeGreaterThan(1);
  });

  it('lets no other task run on a CPU in a section, nor moves the task that is in it', () => {
    for (let seed = 0; seed < 50; seed++) {
      let inside = 0;
      const work = function* (): Steps<void> {
        yield irqSave;
        inside++;
        expect(inside).toBe(1);
        yield rmw(counterCell);
        yield rmw(counterCell);
        inside--;
        yield irqRestore;
      };
      runBodies(make(1, seed), [work(), work(), work()]);
      expect(inside).toBe(0);
    }
  });

  it('moves a task between CPUs only outside sections', () => {
    const tasks = new Interleaver({ cpus: 4, scheduler: new SeededScheduler(3, { moveChance: 1 }) });
    const seen = new Set<number>();
    const ctx = tasks.takeContext(0);
    const roam = function* (own: Context): Steps<void> {
      for (let i = 0; i < 50; i++) {
        yield irqSave;
        const cpu = own.cpu;
        seen.add(cpu);
        yield rmw(counterCell);
        expect(own.cpu).toBe(cpu);
        yield irqRestore;
        yield read(counterCell);
      }
    };
    tasks.start(ctx, roam(ctx));
    tasks.run();
    expect(seen.size).toBe(4);
  });

  it('answers a trylock with whether it took the lock', () => {
    const answers = new Set<string>();
    for (let seed = 0; seed < 50; seed++) {
      const got: boolean[] = [];
      const attempt = function* (): Steps<void> {
        const ok = yield tryLock(a);
        got.push(ok);
        if (ok) yield unlock(a);
      };
      runBodies(make(2, seed), [attempt(), attempt()]);
      answers.add(got.join());
    }
    expect([...answers].sort()).toEqual(['true,false', 'true,true']);
  });

  it('waits in a grace period for the read sections that were open, not for later ones', () => {
    for (let seed = 0; seed < 100; seed++) {
      let freed = false;
      let live = true;
      const reader = function* (): Steps<void> {
        yield rcuReadLock;
        const sees = live;
        yield read(counterCell);
        expect(sees && freed).toBe(false);
        yield rcuReadUnlock;
      };
      const reclaim = function* (): Steps<void> {
        yield write(counterCell);
        live = false;
        yield gracePeriod;
        freed = true;
      };
      runBodies(make(3, seed), [reader(), reclaim(), reader()]);
      expect(freed).toBe(true);
    }
  });

  it('runs spawned tasks on their CPUs at the same time, and the parent after them', () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 50; seed++) {
      const tasks = make(2, seed);
      const order: string[] = [];
      const parent = tasks.takeContext(0);
      const work = function* (ctx: Context): Steps<void> {
        yield read(counterCell);
        order.push(`cpu${ctx.cpu}`);
      };
      const body = function* (): Steps<void> {
        yield* eachCpu(parent, [0, 1], work);
        order.push('end');
      };
      tasks.start(parent, body());
      tasks.run();
      orders.add(order.join());
    }
    expect([...orders].sort()).toEqual(['cpu0,cpu1,end', 'cpu1,cpu0,end']);
  });

  it('reuses slots and contexts when tasks are started as others end', () => {
    const tasks = make(2);
    const counter = { value: 0 };
    const contexts = new Set<Context>();
    let left = 1000;
    tasks.hooks.onEnd = (tag, _value, ctx) => {
      contexts.add(ctx);
      if (left-- > 0) tasks.start(tasks.takeContext(ctx.cpu), increment(counter), tag);
    };
    runBodies(tasks, [increment(counter), increment(counter)]);
    expect(contexts.size).toBeLessThanOrEqual(4);
    expect(counter.value).toBeGreaterThan(500);
  });
});

describe('faults', () => {
  it('names the locks, their holders and who waits in a deadlock', () => {
    expect(firstError(() => [ordered(a, b), ordered(b, a)])).toBe(
      'deadlock: task 0 (CPU 0) waits for lock b.lock, held by task 1 (CPU 1); ' +
        'task 1 (CPU 1) waits for lock a.lock, held by task 0 (CPU 0)',
    );
  });
  it('reports a lock that is taken twice by one task', () => {
    expect(firstError(() => [ordered(a, a)])).toBe(
      'lock recursion: task 0 (CPU 0) takes a.lock, which it holds',
    );
  });
  it('reports a lock that is given back but not held', () => {
    const body = function* (): Steps<void> {
      yield unlock(a);
    };
    expect(firstError(() => [body()])).toMatch(/^lock not held: task 0 \(CPU \d\) gives back a.lock$/u);
  });
  it('reports a lock that is still held at the end', () => {
    const body = function* (): Steps<void> {
      yield lock(a);
    };
    expect(firstError(() => [body()])).toBe('section left open: task 0 (CPU 0) ends with a.lock held');
  });
  it('reports a section that is left but not open', () => {
    const body = function* (): Steps<void> {
      yield irqRestore;
    };
    expect(firstError(() => [body()])).toMatch(/^section not open: /u);
  });
  it('reports a wait where the CPU must be kept', () => {
    const body = function* (): Steps<void> {
      yield lock(a);
      yield gracePeriod;
      yield unlock(a);
    };
    expect(firstError(() => [body()])).toMatch(/^waiting in atomic section: /u);
  });
  it('stops at the livelock bound', () => {
    const body = function* (): Steps<void> {
      for (;;) yield read(counterCell);
    };
    expect(firstError(() => [body()])).toBe('livelock: 1 tasks have not ended in 100000 steps');
  });
  it('hands what a task threw to onThrow, with its locks free again', () => {
    const tasks = make(2);
    const errors: unknown[] = [];
    tasks.hooks.onThrow = (tag, error) => errors.push([tag, (error as Error).message]);
    const body = function* (): Steps<void> {
      yield lock(a);
      throw new Error('oops');
    };
    runBodies(tasks, [body(), body()]);
    expect(errors.sort()).toEqual([
      [0, 'oops'],
      [1, 'oops'],
    ]);
  });
  it('hands what a spawned task threw to its parent', () => {
    const tasks = make(2);
    const ctx = tasks.takeContext(0);
    const work = function* (): Steps<void> {
      throw new Error('on each');
    };
    tasks.start(ctx, eachCpu(ctx, [0, 1], work));
    expect(() => tasks.run()).toThrow('on each');
  });
});
