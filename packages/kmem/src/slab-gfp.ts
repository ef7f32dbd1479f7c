import { KernelLog, LogLevel, checkBoolean, checkFlags, checkInstance } from '@mm/printk';
import {
  GFP_CONSTRAINT_MASK,
  GFP_RECLAIM_MASK,
  __GFP_BITS_MASK,
  __GFP_DMA32,
  __GFP_HIGHMEM,
  formatGfp,
} from '@mm/zones';

import { checkGfp, checkSeries } from './check-arguments.js';
import type { Series } from './series.js';
import { SLAB_CACHE_DMA32 } from './slab-flags.js';

/** Flags that no slab may be asked for. @see linux 6.1 mm/internal.h GFP_SLAB_BUG_MASK */
export const GFP_SLAB_BUG_MASK = ~__GFP_BITS_MASK | __GFP_DMA32 | __GFP_HIGHMEM;
/** Of a caller's flags only these reach the page allocator when a slab is grown. */
export const SLAB_GFP_KEPT = GFP_RECLAIM_MASK | GFP_CONSTRAINT_MASK;

/**
 * The forbidden flags of an allocation from a cache with `slabFlags`. Under `v4` DMA32 is allowed where the zone is
 * configured and the cache was made for it; under every other state of the series it never is.
 *
 * @throws OptionError for what is no state of the series, neither true nor false, or no flags.
 * @example
 * forbiddenGfp('v4', true, SLAB_CACHE_DMA32) & __GFP_DMA32; // 0
 */
export function forbiddenGfp(series: Series, hasZoneDma32: boolean, slabFlags: number): number {
  checkSeries(series);
  checkBoolean('hasZoneDma32', hasZoneDma32);
  checkFlags('slabFlags', slabFlags);
  if (series !== 'v4' || !hasZoneDma32 || (slabFlags & SLAB_CACHE_DMA32) === 0) return GFP_SLAB_BUG_MASK;
  return GFP_SLAB_BUG_MASK & ~__GFP_DMA32;
}

/**
 * Takes the forbidden flags off, with a warning when there are some. To be called where a slab is grown, not on the
 * fast path, as the kernel does.
 *
 * @returns the flags as far as they may be used.
 * @throws OptionError for what is no log or no flags.
 * @example
 * fixSlabGfp(machine.log, GFP_KERNEL | GFP_DMA32, GFP_DMA32); // GFP_KERNEL, with a warning in the log
 * @see linux 6.1 mm/slab_common.c kmalloc_fix_flags
 */
export function fixSlabGfp(log: KernelLog, gfp: number, forbidden: number): number {
  if (!(log instanceof KernelLog)) checkInstance('log', log, KernelLog);
  checkGfp(gfp);
  checkFlags('forbidden', forbidden);
  const invalid = gfp & forbidden;
  if (invalid === 0) return gfp;
  const left = gfp & ~forbidden;
  log.write(
    LogLevel.warning,
    `Unexpected gfp: ${hex(invalid)} (${formatGfp(invalid >>> 0)}). Fixing up to gfp: ${hex(left)} (${formatGfp(left >>> 0)}). Fix your code!`,
  );
  return left;
}

const hex = (flags: number): string => `0x${(flags >>> 0).toString(16)}`;
