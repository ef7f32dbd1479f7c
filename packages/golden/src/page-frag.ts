import { PageAllocator, releaseRange } from '@mm/buddy';
import { PageFrames, PhysicalMemory } from '@mm/memory';
import { PageFragCache, pageFragAllocAlign, pageFragCacheDrain, pageFragFree } from '@mm/page-frag';
import { KernelLog } from '@mm/printk';
import { CellSpace, Context } from '@mm/steps';
import { GFP_KERNEL, Zones } from '@mm/zones';

import type { Mismatch } from './mismatch.js';

interface AllocAnswer {
  readonly r: readonly [number, number] | null;
  readonly new?: number;
  readonly order?: number;
  readonly refs?: number;
  readonly bias?: number;
  readonly offset?: number;
}
interface FreeAnswer {
  readonly page: number;
  readonly refs: number;
  readonly released: 0 | 1;
}
interface DrainAnswer {
  readonly drain: number;
  readonly released: 0 | 1;
}

/** An operation of a `page-frag` case; the last element is what Linux answered. */
export type PageFragOp =
  | readonly ['a', number, number, AllocAnswer]
  | readonly ['f', number, FreeAnswer | { readonly skip: 1 }]
  | readonly ['d', DrainAnswer];

/** A case of a `page-frag` recording. */
export interface PageFragCase {
  readonly ops: readonly PageFragOp[];
}

const PAGES = 2 ** 17;

/** 512 MiB in one zone, as the recording machine had; which block comes is not compared. */
function bootPages(cells: CellSpace): PageAllocator {
  const ranges = [{ startPfn: 0, endPfn: PAGES }];
  const zones = new Zones([
    { name: 'Normal', startPfn: 0, spannedPages: PAGES, presentPages: PAGES, managedPages: PAGES },
    { name: 'Movable', startPfn: 0, spannedPages: 0, presentPages: 0, managedPages: 0 },
  ]);
  zones.pcpHigh.fill(125);
  zones.pcpBatch.fill(3);
  const pages = new PageAllocator({
    memory: new PhysicalMemory(ranges),
    frames: new PageFrames(ranges),
    zones,
    cells,
    log: new KernelLog(),
  });
  releaseRange(pages, 0, PAGES);
  return pages;
}

class Playing {
  readonly ctx = new Context();
  readonly pages: PageAllocator;
  readonly cache: PageFragCache;
  /** Fragments by handle: address or null, and the number of their block. */
  readonly held: { addr: number | null; block: number }[] = [];
  /** The block numbers, by the first page of each. Blocks freed are forgotten: their pages may come again. */
  readonly #blocks = new Map<number, number>();
  readonly #firstPfns: number[] = [];

  constructor() {
    const cells = new CellSpace();
    this.pages = bootPages(cells);
    this.cache = new PageFragCache(this.pages, cells);
  }

  #refs(pfn: number): number {
    return this.pages.frames.refcount[this.pages.frames.slotOf(pfn)]!;
  }

  alloc(size: number, align: number): AllocAnswer {
    const { cache, ctx } = this;
    const addr = pageFragAllocAlign(ctx, cache, size, GFP_KERNEL, align === 0 ? -1 : -align);
    // A failed request may have taken a block too: it is numbered, but not told.
    const known = this.#blocks.get(cache.pfn);
    const block = known ?? (cache.pfn < 0 ? -1 : this.#firstPfns.push(cache.pfn) - 1);
    if (block >= 0) this.#blocks.set(cache.pfn, block);
    this.held.push({ addr, block });
    if (addr === null) return { r: null, offset: cache.offset };
    const news = known === undefined ? { new: block, order: Math.log2(cache.size / 4096) } : {};
    const refs = this.#refs(cache.pfn);
    return { r: [block, addr - cache.pfn * 4096], refs, bias: cache.pagecntBias, ...news };
  }

  free(handle: number): FreeAnswer | { skip: 1 } {
    const { addr, block } = this.held[handle]!;
    if (addr === null) return { skip: 1 };
    pageFragFree(this.ctx, this.pages, addr);
    return { page: block, ...this.#after(block) };
  }

  /** A cache that is empty already names the block it had last. */
  drain(): DrainAnswer {
    const block = this.#blocks.get(this.cache.pfn);
    pageFragCacheDrain(this.ctx, this.cache);
    if (block === undefined) return { drain: this.#drained, released: 0 };
    this.#drained = block;
    return { drain: block, released: this.#after(block).released };
  }

  #drained = 0;

  #after(block: number): { refs: number; released: 0 | 1 } {
    const pfn = this.#firstPfns[block]!;
    const refs = this.#refs(pfn);
    if (refs === 0) this.#blocks.delete(pfn);
    return { refs, released: refs === 0 ? 1 : 0 };
  }
}

/**
 * Plays one case. Input: the operations, sizes, alignments, handles. Expectation: the last element of each: blocks,
 * offsets, references, bias, blocks made and released.
 */
export function playPageFragCase(recorded: PageFragCase): Mismatch | null {
  const playing = new Playing();
  for (const [i, op] of recorded.ops.entries()) {
    const expected = op.at(-1);
    const actual = playOp(playing, op);
    if (sorted(actual) !== sorted(expected)) return { path: `ops[${i}] ${op[0]}`, expected, actual };
  }
  return null;
}

function playOp(playing: Playing, op: PageFragOp): unknown {
  switch (op[0]) {
    case 'a':
      return playing.alloc(op[1], op[2]);
    case 'f':
      return playing.free(op[1]);
    case 'd':
      return playing.drain();
  }
}

const sorted = (value: unknown): string =>
  JSON.stringify(Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1)));
