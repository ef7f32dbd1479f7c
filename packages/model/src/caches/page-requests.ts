import { SLAB_CACHE_DMA, SLAB_CACHE_DMA32, SLAB_RECLAIM_ACCOUNT, type KmemCache } from '@mm/kmem';
import type { AnyCache, Machine } from '@mm/machine';
import { SlubCache } from '@mm/slub';
import type { LogLine } from '@mm/printk';
import * as zones from '@mm/zones';

import { type Damages, reportsIn } from './damage.js';
import { ModelViolation } from '../model-violation.js';

/** Of a caller's flags these reach the page allocator: how to reclaim, and where not to look. */
const KEPT =
  zones.__GFP_DIRECT_RECLAIM |
  zones.__GFP_KSWAPD_RECLAIM |
  zones.__GFP_HIGH |
  zones.__GFP_IO |
  zones.__GFP_FS |
  zones.__GFP_NOWARN |
  zones.__GFP_RETRY_MAYFAIL |
  zones.__GFP_NOFAIL |
  zones.__GFP_NORETRY |
  zones.__GFP_MEMALLOC |
  zones.__GFP_NOMEMALLOC |
  zones.__GFP_ATOMIC |
  zones.__GFP_HARDWALL |
  zones.__GFP_THISNODE;

/** Flags that a cache adds to every request; the zone comes from it alone. */
function ownFlags(cache: AnyCache): number {
  const { flags } = cache;
  let own = 0;
  if ((flags & SLAB_CACHE_DMA) !== 0) own |= zones.__GFP_DMA;
  if ((flags & SLAB_CACHE_DMA32) !== 0) own |= zones.__GFP_DMA32;
  if ((flags & SLAB_RECLAIM_ACCOUNT) !== 0) own |= zones.__GFP_RECLAIMABLE;
  if (!(cache instanceof SlubCache) || cache.order > 0) own |= zones.__GFP_COMP;
  return own;
}

/** The tries that are due for a caller's flags, as [gfp, order]. */
function triesDue(cache: AnyCache, callerGfp: number): ReadonlyArray<readonly [gfp: number, order: number]> {
  const flags = (callerGfp & KEPT) | ownFlags(cache);
  if (!(cache instanceof SlubCache)) return [[flags, cache.order]];
  let first = (flags | zones.__GFP_NOWARN | zones.__GFP_NORETRY) & ~zones.__GFP_NOFAIL;
  const waits = (first & zones.__GFP_DIRECT_RECLAIM) !== 0;
  if (waits && cache.order > cache.minOrder)
    first = (first | zones.__GFP_NOMEMALLOC) & ~(zones.__GFP_DIRECT_RECLAIM | zones.__GFP_KSWAPD_RECLAIM);
  return [
    [first, cache.order],
    [flags, cache.minOrder],
  ];
}

/**
 * What reaches the page allocator, and what the log says of flags that no slab may be asked for.
 *
 *   gfp of the first try = (caller & kept) | own, without waiting where a smaller order is left;   of the second = (caller & kept) | own
 *   warnings in the log = slabs grown, and large blocks taken, with forbidden flags
 */
export class PageRequests {
  readonly #machine: Machine;
  readonly #damages: Damages;
  /** Forbidden flags and those left of each warning that is due, as the log prints them. */
  #due: string[] = [];
  /** The last line that was looked at. */
  #last: LogLine | null = null;
  /** The last line that was looked at for reports of writes into free objects. */
  #lastReport: LogLine | null = null;

  constructor(machine: Machine, damages: Damages) {
    this.#machine = machine;
    this.#damages = damages;
    machine.kmem.register.onPageRequest = (cache, callerGfp, gfp, order, attempt) =>
      this.#requested(cache as AnyCache, callerGfp, gfp, order, attempt);
  }

  #requested(cache: AnyCache, callerGfp: number, gfp: number, order: number, attempt: number): void {
    const due = triesDue(cache, callerGfp)[attempt];
    if (due === undefined || due[0] !== gfp || due[1] !== order)
      throw new ModelViolation(
        'the flags that reach the page allocator are those of the formula',
        `${cache.name}, try ${attempt}: 0x${gfp.toString(16)} of order ${order} for 0x${callerGfp.toString(16)}, ` +
          `due is ${due === undefined ? 'none' : `0x${due[0].toString(16)} of order ${due[1]}`}`,
      );
    if (attempt === 0) this.#warned(callerGfp, cache);
  }

  /** A large block of kmalloc is asked for. */
  large(callerGfp: number): void {
    this.#warned(callerGfp, null);
  }

  #warned(callerGfp: number, cache: KmemCache | null): void {
    const { series, preset } = this.#machine;
    // Under v4 a cache made for DMA32 may be asked for it where the zone is configured.
    const allowed =
      series === 'v4' && preset.config.dma32 && cache !== null && (cache.flags & SLAB_CACHE_DMA32) !== 0;
    const forbidden = zones.__GFP_HIGHMEM | (allowed ? 0 : zones.__GFP_DMA32);
    const wrong = callerGfp & forbidden;
    if (wrong === 0) return;
    this.#due.push(`0x${wrong.toString(16)} 0x${(callerGfp & ~forbidden).toString(16)}`);
  }

  /** Lines after one, or all. */
  #linesAfter(last: LogLine | null): readonly LogLine[] {
    const { lines } = this.#machine.log;
    return lines.slice(last === null ? 0 : lines.lastIndexOf(last) + 1);
  }

  /** Whether the log holds a line with these words since it was last looked through. */
  hasSaid(words: string): boolean {
    return this.#linesAfter(this.#last).some(({ text }) => text.includes(words));
  }

  /** Looks for reports of writes into free objects. A report that was there before the write is of another. */
  noteReports(): void {
    const { pending } = this.#damages;
    const lines = this.#linesAfter(this.#lastReport);
    this.#lastReport = lines.at(-1) ?? this.#lastReport;
    if (pending.size === 0) return;
    const texts = lines.map(({ text }) => text);
    for (const cache of reportsIn(texts, this.#damages)) pending.delete(cache);
  }

  /** Nothing is under way: the log must hold the warnings that were due. @throws ModelViolation */
  checkLog(): void {
    // Nearly every command: nothing is due, and nothing new was said.
    const { lines: all } = this.#machine.log;
    if (this.#due.length === 0 && (all.length === 0 || all[all.length - 1] === this.#last)) return;
    this.noteReports();
    const said: string[] = [];
    const lines = this.#linesAfter(this.#last);
    for (const { text } of lines) {
      const found = /^Unexpected gfp: (0x[0-9a-f]+) .*Fixing up to gfp: (0x[0-9a-f]+) /u.exec(text);
      if (found !== null) said.push(`${found[1]} ${found[2]}`);
    }
    this.#last = lines.at(-1) ?? this.#last;
    const due = this.#due.sort().join(', ');
    this.#due = [];
    if (said.sort().join(', ') !== due)
      throw new ModelViolation(
        'forbidden flags are warned of where a slab is grown, and nowhere else',
        `the log has [${said.join(', ')}], due are [${due}]`,
      );
  }
}
