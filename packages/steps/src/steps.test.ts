/* oxlint-disable unicorn/consistent-function-scoping -- a body beside its test reads better */
import { describe, expect, it } from 'vitest';

import {
  AccessKind,
  CELLS_MAX,
  CellSpace,
  Context,
  type Steps,
  accessCell,
  accessKind,
  gracePeriod,
  irqSave,
  lock,
  read,
  rmw,
  tryLock,
  unlock,
  write,
} from './stepped.js';
import { eachCpu } from './each-cpu-stepped.js';
import { eachCpu as eachCpuErased } from './each-cpu.js';
import { runToEnd } from './run-to-end.js';
import * as erasedFace from './index.js';
import * as steppedFace from './stepped.js';

describe('an access', () => {
  it.each([1, 2, CELLS_MAX - 1])('gives cell %d and its kind back', (cell) => {
    const makers = { read, write, rmw, lock, unlock, tryLock };
    for (const [name, make] of Object.entries(makers)) {
      expect(accessCell(make(cell))).toBe(cell);
      expect(accessKind(make(cell))).toBe(AccessKind[name as keyof typeof makers]);
    }
  });
  it('of a section has no cell', () => {
    expect(accessCell(irqSave)).toBe(0);
    expect(accessKind(gracePeriod)).toBe(AccessKind.gracePeriod);
  });
});

describe('a cell space', () => {
  it('names cells as they were claimed', () => {
    const cells = new CellSpace();
    const zone = cells.claim('zone.lock', 3);
    const one = cells.claim('tid');
    expect([zone, zone + 2, one, one + 1].map((cell) => cells.describe(cell))).toEqual([
      'zone.lock[0]',
      'zone.lock[2]',
      'tid',
      `cell ${one + 1}`,
    ]);
  });
  it('knows mutexes from other cells, however many lie between them', () => {
    const cells = new CellSpace();
    const first = cells.claimMutex('first', 3);
    const far = cells.claim('far', 100_000);
    const last = cells.claimMutex('last', 40);
    const found: number[] = [];
    for (let cell = 0; cell < cells.end + 100; cell++) if (cells.isMutex(cell)) found.push(cell);
    const range = (base: number, count: number): number[] =>
      Array.from({ length: count }, (_, i) => base + i);
    expect(found).toEqual([...range(first, 3), ...range(last, 40)]);
    expect([far, -1, 0, 1.5, first + 2 ** 32, NaN].some((cell) => cells.isMutex(cell))).toBe(false);
  });
  it('refuses a count that is none, and more than there are', () => {
    const cells = new CellSpace();
    expect(() => cells.claim('x', 0)).toThrow('count: expected a positive integer, for cells "x", got 0');
    expect(() => cells.claim('x', 1.5)).toThrow('got 1.5');
    expect(() => cells.claim('x', CELLS_MAX)).toThrow(`expected at most ${CELLS_MAX - 1} more cells`);
    expect(cells.claim('x')).toBe(1);
  });
});

describe('runToEnd', () => {
  it('answers every trylock with true and gives the result', () => {
    const body = function* (): Steps<string> {
      yield read(1);
      const taken = yield tryLock(2);
      return taken ? 'taken' : 'busy';
    };
    expect(runToEnd(new Context(), body())).toBe('taken');
  });
  it('does work on each CPU in the order that the erased form has', () => {
    const stepped: number[] = [];
    const ctx = new Context(1);
    const work = function* (own: Context): Steps<void> {
      yield rmw(1);
      stepped.push(own.cpu);
    };
    runToEnd(ctx, eachCpu(ctx, [0, 2, 3], work));
    const erased: number[] = [];
    eachCpuErased(ctx, [0, 2, 3], (own) => erased.push(own.cpu));
    expect(stepped).toEqual([0, 2, 3]);
    expect(erased).toEqual(stepped);
    expect(ctx.spawned).toEqual([]);
  });
});

it('both faces share their state classes, and have the same names', () => {
  expect(erasedFace.Context).toBe(steppedFace.Context);
  expect(erasedFace.CellSpace).toBe(steppedFace.CellSpace);
  expect(Object.keys(erasedFace).sort()).toEqual(Object.keys(steppedFace).sort());
});
