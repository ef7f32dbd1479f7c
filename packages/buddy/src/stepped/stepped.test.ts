import { type Access, AccessKind, Context, type Steps, accessKind, runToEnd } from '@mm/steps/stepped';
import { expect, test } from 'vitest';

import { smallMachine } from '../../test/small-machine.js';
import * as plain from '../index.js';
import * as stepped from './index.js';

/** Runs alone and notes every access; a trylock succeeds or not as `free` says. */
function trace<T>(steps: Steps<T>, free = true): { value: T; accesses: Access[] } {
  const accesses: Access[] = [];
  for (let step = steps.next(true); ; step = steps.next(free)) {
    if (step.done === true) return { value: step.value, accesses };
    accesses.push(step.value);
  }
}

test('stepped code run alone does what the plain code does', () => {
  const one = smallMachine();
  const two = smallMachine();
  const ctx = new Context();
  const held: number[] = [];
  for (let i = 0; i < 500; i++) {
    const order = (i * 7) % 6;
    const pfn = plain.allocPages(ctx, one, 0xcc0, order);
    expect(runToEnd(ctx, stepped.allocPages(ctx, two, 0xcc0, order))).toBe(pfn);
    if (pfn === null) break;
    held.push(pfn);
    if (i % 3 !== 0) continue;
    plain.freePages(ctx, one, held.pop()!, order);
    runToEnd(ctx, stepped.freePages(ctx, two, pfn, order));
  }
  plain.drainAllPages(ctx, one);
  runToEnd(ctx, stepped.drainAllPages(ctx, two));
  expect(plain.snapshotAllocator(two)).toEqual(plain.snapshotAllocator(one));
});

test('every lock is given back, and every section is closed', () => {
  const pages = smallMachine();
  const ctx = new Context();
  const depth = new Map<number, number>();
  const count = (access: Access): void => {
    const kind = accessKind(access);
    const cell = access >>> 4;
    if (kind === AccessKind.lock || kind === AccessKind.tryLock) depth.set(cell, (depth.get(cell) ?? 0) + 1);
    if (kind === AccessKind.unlock) depth.set(cell, depth.get(cell)! - 1);
    if (kind === AccessKind.irqSave) depth.set(-1, (depth.get(-1) ?? 0) + 1);
    if (kind === AccessKind.irqRestore) depth.set(-1, depth.get(-1)! - 1);
  };
  for (const order of [0, 3, 4, 10]) {
    const { value, accesses } = trace(stepped.allocPages(ctx, pages, 0xcc0, order));
    accesses.push(...trace(stepped.freePages(ctx, pages, value!, order)).accesses);
    accesses.forEach(count);
    expect([...depth.values()].every((open) => open === 0)).toBe(true);
  }
});

test('with its lists in use by what it interrupted, a CPU takes from and gives to the free lists', () => {
  const pages = smallMachine();
  const ctx = new Context();
  const before = pages.pcpState.slice();
  const { value } = trace(stepped.allocPages(ctx, pages, 0xcc0, 0), false);
  expect(value).not.toBeNull();
  trace(stepped.freePages(ctx, pages, value!, 0), false);
  expect(pages.pcpState[plain.PcpWord.count]).toBe(before[plain.PcpWord.count]);
  plain.foldZoneCounters(pages);
  expect(plain.freePagesOf(pages, 0)).toBe(16_384);
  expect(plain.checkBuddyInvariants(pages)).toEqual([]);
});
