import * as gfp from '@mm/zones';

/** The gfp bits that the allocator itself looks at. */
export const GfpBit = {
  DMA: gfp.__GFP_DMA,
  HIGHMEM: gfp.__GFP_HIGHMEM,
  HIGH: gfp.__GFP_HIGH,
  ZERO: gfp.__GFP_ZERO,
  ATOMIC: gfp.__GFP_ATOMIC,
  DIRECT_RECLAIM: gfp.__GFP_DIRECT_RECLAIM,
  KSWAPD_RECLAIM: gfp.__GFP_KSWAPD_RECLAIM,
  NOWARN: gfp.__GFP_NOWARN,
  NOFAIL: gfp.__GFP_NOFAIL,
  MEMALLOC: gfp.__GFP_MEMALLOC,
  COMP: gfp.__GFP_COMP,
  NOMEMALLOC: gfp.__GFP_NOMEMALLOC,
} as const;

/** The position of the two mobility bits, __GFP_MOVABLE and __GFP_RECLAIMABLE. */
export const GFP_MOVABLE_SHIFT = 3;
