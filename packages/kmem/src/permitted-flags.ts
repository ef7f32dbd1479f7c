import { checkBuild, checkSeries } from './check-arguments.js';
import { hasCacheDma32, type Series } from './series.js';
import {
  SLAB_CACHE_DMA,
  SLAB_CACHE_DMA32,
  SLAB_CONSISTENCY_CHECKS,
  SLAB_HWCACHE_ALIGN,
  SLAB_MEM_SPREAD,
  SLAB_NOLEAKTRACE,
  SLAB_NO_USER_FLAGS,
  SLAB_PANIC,
  SLAB_POISON,
  SLAB_RECLAIM_ACCOUNT,
  SLAB_RED_ZONE,
  SLAB_STORE_USER,
  SLAB_TRACE,
  SLAB_TYPESAFE_BY_RCU,
} from './slab-flags.js';

/** Which allocator, and for SLAB whether it was built with its debugging. */
export type SlabBuild = 'slub' | 'slab' | 'slab-debug';

const CORE = SLAB_HWCACHE_ALIGN | SLAB_CACHE_DMA | SLAB_PANIC | SLAB_TYPESAFE_BY_RCU;

const DEBUG: Readonly<Record<SlabBuild, number>> = {
  slub: SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | SLAB_TRACE | SLAB_CONSISTENCY_CHECKS,
  slab: 0,
  'slab-debug': SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER,
};

const SHARED = SLAB_NOLEAKTRACE | SLAB_RECLAIM_ACCOUNT;

const coreFlags = (series: Series): number => (hasCacheDma32(series) ? CORE | SLAB_CACHE_DMA32 : CORE);

/**
 * Flags that a caller of `kmem_cache_create` may pass; others make it fail with -EINVAL. The same for both allocators.
 *
 * @throws OptionError for what is no state of the series.
 * @example
 * permittedFlags('none') & SLAB_CACHE_DMA32; // 0: not yet
 * @see linux 6.1 mm/slab.h SLAB_FLAGS_PERMITTED
 */
export const permittedFlags = (series: Series): number =>
  coreFlags(checkSeries(series)) | DEBUG.slub | SHARED | SLAB_MEM_SPREAD | SLAB_NO_USER_FLAGS;

/**
 * Flags that reach the allocator; the other permitted ones are dropped without a word.
 *
 * @throws OptionError for what is no state of the series or no allocator.
 * @example
 * createMask('merged', 'slab') & SLAB_TRACE; // 0: SLAB has no tracing
 * @see linux 6.1 mm/slab.h CACHE_CREATE_MASK
 */
export const createMask = (series: Series, build: SlabBuild): number =>
  coreFlags(checkSeries(series)) |
  DEBUG[checkBuild(build)] |
  SHARED |
  (build === 'slub' ? SLAB_NO_USER_FLAGS : SLAB_MEM_SPREAD);
