import type { PhysAddr } from '@mm/memory';
import type { Context } from '@mm/steps';

/**
 * Where tables come from. Addresses are physical; a table is aligned to its size and lies wherever the
 * source finds memory for `gfp`: whether that is good enough, the page table decides.
 *
 * Plain functions: each call is one step to the explorer. Sources whose inside has steps of its own are a {@link SteppedTableSource}.
 */
export interface PlainTableSource {
  readonly kind: 'plain';
  /** A zeroed level 1 table of `bytes` (a power of two from 4096), or `null`. */
  allocL1(ctx: Context, bytes: number, gfp: number): PhysAddr | null;
  freeL1(ctx: Context, addr: PhysAddr, bytes: number): void;
  /** A zeroed level 2 table of 1024 bytes, or `null`. */
  allocL2(ctx: Context, gfp: number): PhysAddr | null;
  freeL2(ctx: Context, addr: PhysAddr): void;
  /** The page table has been freed: gives back what is held for more tables. */
  close?(ctx: Context): void;
}

/** Every kind of source. */
export type TableSource = PlainTableSource;
