import { PageAllocator } from '@mm/buddy';
import { OptionError, checkInstance, checkInteger } from '@mm/printk';
import { type Cell, CellSpace } from '@mm/steps';

/** Bytes of the block a cache asks for first: order 3. @see linux 6.1 include/linux/mm_types.h PAGE_FRAG_CACHE_MAX_SIZE */
export const PAGE_FRAG_CACHE_MAX_SIZE = 32_768;
/** log2 of its pages. */
export const PAGE_FRAG_CACHE_MAX_ORDER = 3;

/**
 * Cuts a block of pages into fragments, from its end down to its start. A fragment holds a reference to the
 * block; the cache holds `pagecntBias` of them in advance, so that it need not count each.
 *
 *   references of the block = pagecntBias + fragments alive
 *   0 ≤ offset ≤ size
 *
 * It has no lock: one cache belongs to one CPU, or to a caller that locks.
 * @example
 * const cache = new PageFragCache(machine.pages, machine.cells);
 * @see linux 6.1 include/linux/mm_types.h struct page_frag_cache
 */
export class PageFragCache {
  readonly pages: PageAllocator;
  /** First page of the current block, or -1. */
  pfn = -1;
  /** Bytes of the current block: 32768 or 4096. */
  size = 0;
  /** Bytes of it that are not cut off yet. */
  offset = 0;
  pagecntBias = 0;
  /** What the steps of this cache read and write. */
  readonly cell: Cell;

  /** @throws OptionError for what is no page allocator or no cells. */
  constructor(pages: PageAllocator, cells: CellSpace) {
    this.pages = checkInstance('pages', pages, PageAllocator);
    checkInstance('cells', cells, CellSpace);
    this.cell = cells.claim('page_frag_cache');
  }
}

/**
 * Violations of the equations of `cache`, one string each; empty when they hold.
 * `alive` is how many fragments of the current block are alive.
 * @throws OptionError for what is no cache or no count.
 * @example
 * checkPageFragInvariants(cache, 3); // three fragments are alive
 */
export function checkPageFragInvariants(cache: PageFragCache, alive: number): string[] {
  checkInteger('alive', alive, 0, 2 ** 31 - 1);
  if (checkInstance('cache', cache, PageFragCache).pfn < 0) return [];
  const { frames } = cache.pages;
  const found: string[] = [];
  const references = frames.refcount[frames.slotOf(cache.pfn)]!;
  if (references !== cache.pagecntBias + alive) {
    found.push(`references ${references}, but bias ${cache.pagecntBias} and ${alive} fragments alive`);
  }
  if (cache.offset < 0 || cache.offset > cache.size) {
    found.push(`offset ${cache.offset} outside 0..${cache.size}`);
  }
  return found;
}

/** @throws OptionError for what no C caller could pass. */
export function checkFragment(sizeBytes: number, gfp: number, alignMask: number): void {
  checkInteger('gfp', gfp, 0, 0x7fffffff);
  if (!Number.isInteger(sizeBytes) || sizeBytes < 0 || sizeBytes >= 2 ** 32) {
    throw new OptionError('sizeBytes', 'an integer in 0..2^32 - 1', sizeBytes);
  }
  if (!Number.isInteger(alignMask) || (alignMask | 0) !== alignMask) {
    throw new OptionError('alignMask', 'a signed integer of 32 bits', alignMask);
  }
}

/** @throws OptionError when `addr` is no address in the memory map. */
export function checkFragmentAt(pages: PageAllocator, addr: number): void {
  if (!Number.isSafeInteger(addr) || !pages.frames.map.has(Math.floor(addr / 4096)))
    throw new OptionError('addr', 'the address of a fragment, in memory', addr);
}
