import { PageAllocator } from '@mm/buddy';
import { GenPool } from '@mm/genalloc';
import type { PhysAddr } from '@mm/memory';
import { PageFragCache } from '@mm/page-frag';
import { OptionError, checkFlags, checkInstance } from '@mm/printk';
import type { SlabCache, SlabSystem } from '@mm/slab';
import type { SlubCache, SlubSystem } from '@mm/slub';
import type { Cell, CellSpace, Context } from '@mm/steps';

/**
 * Where tables come from, as plain functions: each call is one step to the explorer. Addresses are physical; a table is
 * aligned to its size and lies wherever the source finds memory for `gfp`: whether that is good enough, the page table
 * decides.
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

/** Tables of a pool that {@link GenPoolTableSource} takes at the start: 4 MiB. */
export const POOL_TABLES = 4096;

/**
 * A whole page for each level 2 table. `zoneGfp` chooses the zone: GFP_DMA32, GFP_DMA, or 0.
 * @example
 * new PageTableSource(machine.pages, GFP_DMA32);
 */
export class PageTableSource {
  readonly kind = 'page';
  readonly pages: PageAllocator;
  readonly zoneGfp: number;

  /** @throws OptionError for what is no page allocator, or no zone. */
  constructor(pages: PageAllocator, zoneGfp: number) {
    checkInstance('pages', pages, PageAllocator);
    checkZoneGfp(zoneGfp);
    this.pages = pages;
    this.zoneGfp = zoneGfp;
  }
}

/**
 * Fragments of 1 KiB, as series v3 had it; but every table is zeroed, a lock keeps CPUs that map at once from cutting the same
 * fragment, and the cache is drained at the end.
 * @example
 * new PageFragTableSource(machine.pages, machine.cells, GFP_DMA32);
 */
export class PageFragTableSource {
  readonly kind = 'page-frag';
  readonly pages: PageAllocator;
  readonly zoneGfp: number;
  readonly cache: PageFragCache;
  /** Held while a table is cut off: a cache has no lock of its own. */
  readonly lock: Cell;

  /** @throws OptionError for what is no page allocator, no cells, or no zone. */
  constructor(pages: PageAllocator, cells: CellSpace, zoneGfp: number) {
    checkZoneGfp(zoneGfp);
    this.pages = pages;
    this.cache = new PageFragCache(pages, cells);
    this.lock = cells.claim('v7s.page_frag_lock');
    this.zoneGfp = zoneGfp;
  }
}

/**
 * A pool of 4096 tables, taken with the first table and given back with the page table.
 * @example
 * new GenPoolTableSource(machine.pages, new GenPool(10), GFP_DMA32);
 */
export class GenPoolTableSource {
  readonly kind = 'genalloc';
  readonly pages: PageAllocator;
  readonly zoneGfp: number;
  readonly pool: GenPool;
  /** First pages of the blocks that the pool hands out from. */
  readonly blocks: number[] = [];

  /**
   * `pool` is empty and has granules of 1 KiB.
   * @throws OptionError for what is no page allocator, no such pool, or no zone.
   */
  constructor(pages: PageAllocator, pool: GenPool, zoneGfp: number) {
    checkInstance('pages', pages, PageAllocator);
    checkInstance('pool', pool, GenPool);
    checkZoneGfp(zoneGfp);
    if (pool.minAllocOrder !== 10) throw new OptionError('pool.minAllocOrder', '10', pool.minAllocOrder);
    this.pages = pages;
    this.pool = pool;
    this.zoneGfp = zoneGfp;
  }
}

/** The name that the driver gives its cache. @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_alloc_pgtable */
const CACHE_NAME = 'io-pgtable_armv7s_l2';

/**
 * Objects of a slab cache of 1 KiB, of SLUB or SLAB, as the series does it. The cache is the page table's own, or shared by merging.
 * @example
 * new SlabTableSource(machine.kmem, SLAB_CACHE_DMA32);
 */
export class SlabTableSource {
  readonly kind = 'slab';
  readonly pages: PageAllocator;
  readonly cache: SlubCache | SlabCache;

  /**
   * @param slabFlags what {@link tableGfp} says: SLAB_CACHE_DMA32, SLAB_CACHE_DMA or 0.
   * @throws OptionError for what is no slab allocator, and when the cache cannot be made; the machine's log says why.
   */
  constructor(kmem: SlubSystem | SlabSystem, slabFlags: number) {
    if (typeof (kmem as Partial<SlubSystem> | null | undefined)?.register?.create !== 'function')
      throw new OptionError('kmem', 'a slab allocator, as machine.kmem is', kmem);
    checkFlags('slabFlags', slabFlags);
    const cache = kmem.register.create({ name: CACHE_NAME, size: 1024, align: 1024, flags: slabFlags });
    if (cache === null) throw new OptionError('slabFlags', 'flags that a cache can be made with', slabFlags);
    this.pages = kmem.pages;
    this.cache = cache;
  }
}

function checkZoneGfp(zoneGfp: number): void {
  if (![0, 1, 4].includes(zoneGfp)) throw new OptionError('zoneGfp', '0, GFP_DMA or GFP_DMA32', zoneGfp);
}

/** Every kind of source. */
export type TableSource =
  | PlainTableSource
  | PageTableSource
  | PageFragTableSource
  | GenPoolTableSource
  | SlabTableSource;
