import type { PhysAddr } from '@mm/memory';
import type { Context, Steps } from '@mm/steps/stepped';

import type { TableSource } from '../table-source.js';

/** A zeroed level 1 table from `source`. */
export function* sourceAllocL1(
  ctx: Context,
  source: TableSource,
  bytes: number,
  gfp: number,
): Steps<PhysAddr | null> {
  return source.allocL1(ctx, bytes, gfp);
}

/** Gives a level 1 table back. */
export function* sourceFreeL1(ctx: Context, source: TableSource, addr: number, bytes: number): Steps<void> {
  source.freeL1(ctx, addr as PhysAddr, bytes);
}

/** A zeroed level 2 table from `source`. */
export function* sourceAllocL2(ctx: Context, source: TableSource, gfp: number): Steps<PhysAddr | null> {
  return source.allocL2(ctx, gfp);
}

/** Gives a level 2 table back. */
export function* sourceFreeL2(ctx: Context, source: TableSource, addr: number): Steps<void> {
  source.freeL2(ctx, addr as PhysAddr);
}

/** The page table is gone: the source gives back what it holds for more tables. */
export function* sourceClose(ctx: Context, source: TableSource): Steps<void> {
  source.close?.(ctx);
}
