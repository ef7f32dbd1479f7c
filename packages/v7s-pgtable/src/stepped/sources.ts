import { freePagesAt, getFreePages } from '@mm/buddy/stepped';
import type { PhysAddr, PhysicalMemory } from '@mm/memory';
import { pageFragAllocAlign, pageFragCacheDrain, pageFragFree } from '@mm/page-frag/stepped';
import { SlabCache } from '@mm/slab';
import { slabAlloc, slabDestroy, slabFree } from '@mm/slab/stepped';
import { kmemCacheDestroy, slubAlloc, slubFree } from '@mm/slub/stepped';
import { type Context, type Steps, lock, unlock } from '@mm/steps/stepped';

import { L2_BYTES } from '../descriptors.js';
import { GFP_ZERO } from '../table-gfp.js';
import {
  type GenPoolTableSource,
  type PageFragTableSource,
  POOL_TABLES,
  type SlabTableSource,
  type TableSource,
} from '../table-source.js';
import { zeroTable } from '../zero-table.js';

/** log2 of the pages of a pool block: 4 MiB. */
const POOL_ORDER = 10;

const orderOf = (bytes: number): number => Math.max(0, Math.ceil(Math.log2(bytes / 4096)));

/** A zeroed level 1 table from `source`. @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c __arm_v7s_alloc_table */
export function* sourceAllocL1(
  ctx: Context,
  source: TableSource,
  bytes: number,
  gfp: number,
): Steps<PhysAddr | null> {
  if (source.kind === 'plain') return source.allocL1(ctx, bytes, gfp);
  const addr = yield* getFreePages(ctx, source.pages, gfp | GFP_ZERO, orderOf(bytes));
  return addr;
}

/** Gives a level 1 table back. */
export function* sourceFreeL1(ctx: Context, source: TableSource, addr: number, bytes: number): Steps<void> {
  if (source.kind === 'plain') source.freeL1(ctx, addr as PhysAddr, bytes);
  else yield* freePagesAt(ctx, source.pages, addr as PhysAddr, orderOf(bytes));
}

/** A zeroed level 2 table from `source`. */
export function* sourceAllocL2(ctx: Context, source: TableSource, gfp: number): Steps<PhysAddr | null> {
  if (source.kind === 'plain') return source.allocL2(ctx, gfp);
  let addr: PhysAddr | null;
  if (source.kind === 'slab') {
    addr = (yield* fromCache(ctx, source, gfp | GFP_ZERO)) as PhysAddr | null;
  } else if (source.kind === 'page') {
    addr = yield* getFreePages(ctx, source.pages, gfp | source.zoneGfp | GFP_ZERO, 0);
  } else if (source.kind === 'page-frag') {
    addr = yield* fromFragments(ctx, source, gfp | source.zoneGfp);
    zero(source.pages.memory, addr);
  } else {
    addr = yield* fromPool(ctx, source, gfp);
    zero(source.pages.memory, addr);
  }
  return addr;
}

function zero(memory: PhysicalMemory, addr: number | null): void {
  if (addr !== null) zeroTable(memory, addr);
}

function* fromCache(ctx: Context, { cache }: SlabTableSource, gfp: number): Steps<number | null> {
  if (cache instanceof SlabCache) return yield* slabAlloc(ctx, cache, gfp);
  return yield* slubAlloc(ctx, cache, gfp);
}

function* toCache(ctx: Context, { cache }: SlabTableSource, addr: number): Steps<void> {
  if (cache instanceof SlabCache) yield* slabFree(ctx, cache, addr);
  else yield* slubFree(ctx, cache, addr);
}

function* closeCache(ctx: Context, { cache }: SlabTableSource): Steps<void> {
  if (cache instanceof SlabCache) yield* slabDestroy(ctx, cache);
  else yield* kmemCacheDestroy(ctx, cache);
}

function* fromFragments(ctx: Context, source: PageFragTableSource, gfp: number): Steps<PhysAddr | null> {
  yield lock(source.lock);
  const addr = yield* pageFragAllocAlign(ctx, source.cache, L2_BYTES, gfp, -L2_BYTES);
  yield unlock(source.lock);
  return addr;
}

/** The pool takes its block with the first table. */
function* fromPool(ctx: Context, source: GenPoolTableSource, gfp: number): Steps<PhysAddr | null> {
  if (source.blocks.length === 0) {
    const block = yield* getFreePages(ctx, source.pages, gfp | source.zoneGfp, POOL_ORDER);
    if (block === null) return null;
    source.blocks.push(block);
    source.pool.addVirt(block, block, POOL_TABLES * L2_BYTES);
  }
  return source.pool.alloc(L2_BYTES) as PhysAddr | null;
}

/** Gives a level 2 table back. */
export function* sourceFreeL2(ctx: Context, source: TableSource, addr: number): Steps<void> {
  if (source.kind === 'plain') source.freeL2(ctx, addr as PhysAddr);
  else if (source.kind === 'slab') yield* toCache(ctx, source, addr);
  else if (source.kind === 'page') yield* freePagesAt(ctx, source.pages, addr as PhysAddr, 0);
  else if (source.kind === 'page-frag') yield* pageFragFree(ctx, source.pages, addr);
  else source.pool.free(addr, L2_BYTES);
}

/** The page table is gone: the source gives back what it holds for more tables. */
export function* sourceClose(ctx: Context, source: TableSource): Steps<void> {
  if (source.kind === 'plain') source.close?.(ctx);
  else if (source.kind === 'page-frag') yield* pageFragCacheDrain(ctx, source.cache);
  else if (source.kind === 'slab') yield* closeCache(ctx, source);
  else if (source.kind === 'genalloc') {
    source.pool.destroy();
    for (const block of source.blocks.splice(0)) {
      yield* freePagesAt(ctx, source.pages, block as PhysAddr, POOL_ORDER);
    }
  }
}
