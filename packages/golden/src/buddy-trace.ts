import { type PageAllocator, allocPages, drainLocalPages, freePages } from '@mm/buddy';
import { Context } from '@mm/steps';

import { compareState, countersOf } from './buddy-trace-compare.js';
import { type BuddyState, expandPfns, type PfnItems } from './load-state-schema.js';
import { machineFromState } from './load-state-machine.js';
import type { Mismatch } from './mismatch.js';

/** An operation of a `buddy-trace` case: its letter, its arguments, and last what Linux answered. */
export type BuddyOp = readonly [string, ...unknown[]];

/** A case of a `buddy-trace` recording. */
export interface BuddyTraceCase {
  readonly zonelist: readonly string[];
  readonly before: BuddyState;
  readonly ops: readonly BuddyOp[];
  readonly after: BuddyState;
}

/** What a trace holds on to: pfn by handle, and its order; -1 when nothing is held. */
export class HeldPages {
  readonly pfns: number[] = [];
  readonly orders: number[] = [];

  push(pfn: number | null, order: number): void {
    this.pfns.push(pfn ?? -1);
    this.orders.push(order);
  }
}

/**
 * Plays one case. Input: `before`, `zonelist`, and the operations' letters and arguments. Expectation:
 * the last element of each operation (page frames, counts, counters) and `after`.
 */
export function playBuddyCase(recorded: BuddyTraceCase): Mismatch | null {
  const { pages } = machineFromState(recorded.before, { zonelist: recorded.zonelist, name: 'before' });
  const ctx = new Context();
  const held = new HeldPages();
  for (const [i, op] of recorded.ops.entries()) {
    const actual = playPageOp(ctx, pages, held, op);
    const mismatch = compareResult(`ops[${i}]`, op, actual);
    if (mismatch !== null) return mismatch;
  }
  return compareState(pages, recorded.after, 'after');
}

/** Does one operation on pages and returns what Linux's answer is to be compared with. */
export function playPageOp(ctx: Context, pages: PageAllocator, held: HeldPages, op: BuddyOp): unknown {
  const [letter] = op;
  switch (letter) {
    case 'p': {
      const [, gfp, order] = op as [string, number, number];
      const pfn = allocPages(ctx, pages, gfp, order);
      held.push(pfn, order);
      return pfn;
    }
    case 'q':
      return freeHandle(ctx, pages, held, op[1] as number) ? 1 : 0;
    case 'x': {
      const [, gfp, order, max] = op as [string, number, number, number];
      const pfns: number[] = [];
      while (pfns.length < max) {
        const pfn = allocPages(ctx, pages, gfp, order);
        if (pfn === null) break;
        held.push(pfn, order);
        pfns.push(pfn);
      }
      return pfns;
    }
    case 'X': {
      let freed = 0;
      for (let handle = op[1] as number; handle < held.pfns.length; handle++)
        if (freeHandle(ctx, pages, held, handle)) freed++;
      return freed;
    }
    case 'd':
      drainLocalPages(ctx, pages);
      return 1;
    case 'c':
      return countersOf(pages, Object.keys(op[1] as object));
    default:
      throw new Error(`unknown operation ${JSON.stringify(letter)}`);
  }
}

function freeHandle(ctx: Context, pages: PageAllocator, held: HeldPages, handle: number): boolean {
  const pfn = held.pfns[handle] ?? -1;
  if (pfn < 0) return false;
  freePages(ctx, pages, pfn, held.orders[handle]!);
  held.pfns[handle] = -1;
  return true;
}

/** Compares an operation's answer with the recorded one, its last element. */
export function compareResult(path: string, op: BuddyOp, actual: unknown): Mismatch | null {
  const last = op.at(-1);
  const expected = op[0] === 'x' ? expandPfns(last as PfnItems) : last;
  if (JSON.stringify(expected) === JSON.stringify(actual)) return null;
  if (op[0] !== 'x') return { path: `${path} ${op[0]}`, expected, actual };
  const [want, got] = [expected as number[], actual as number[]];
  const at = want.findIndex((pfn, i) => got[i] !== pfn);
  const index = at < 0 ? want.length : at;
  return {
    path: `${path} x[${index}]`,
    expected: want[index] ?? `${want.length} blocks`,
    actual: got[index] ?? `${got.length} blocks`,
  };
}
