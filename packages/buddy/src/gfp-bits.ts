/** The gfp bits that the allocator itself looks at. @see linux 6.1 include/linux/gfp_types.h */
export const GfpBit = {
  HIGHMEM: 0x2,
  RECLAIMABLE: 0x10,
  HIGH: 0x20,
  ZERO: 0x100,
  ATOMIC: 0x200,
  DIRECT_RECLAIM: 0x400,
  KSWAPD_RECLAIM: 0x800,
  NOWARN: 0x2000,
  NOFAIL: 0x8000,
  MEMALLOC: 0x20000,
  COMP: 0x40000,
  NOMEMALLOC: 0x80000,
} as const;

/** The position of the two mobility bits, __GFP_MOVABLE and __GFP_RECLAIMABLE. */
export const GFP_MOVABLE_SHIFT = 3;
