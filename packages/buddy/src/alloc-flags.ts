/**
 * What an attempt to allocate may do.
 *
 * | bits | meaning                                                                  |
 * | ---- | ------------------------------------------------------------------------ |
 * | 0..1 | watermark to keep: 0 min, 1 low, 2 high                                   |
 * | 2    | no watermark at all                                                      |
 * | 3    | the caller is being killed for want of memory: half of the reserve        |
 * | 4    | the caller cannot wait: a further quarter of the reserve                  |
 * | 5    | __GFP_HIGH: half of the reserve                                          |
 * | 7    | CMA blocks                                                               |
 * | 8    | do not mix types in pageblocks                                           |
 * | 9    | the blocks reserved for high-order atomic allocations                     |
 * | 11   | kswapd may be woken                                                      |
 * | 16   | __GFP_ATOMIC: a boost of the watermark does not count for single pages     |
 * @see linux 6.1 mm/internal.h ALLOC_WMARK_MIN
 */
export const AllocFlag = {
  wmarkMin: 0,
  wmarkLow: 1,
  wmarkHigh: 2,
  noWatermarks: 1 << 2,
  oom: 1 << 3,
  nonBlock: 1 << 4,
  minReserve: 1 << 5,
  cma: 1 << 7,
  noFragment: 1 << 8,
  highatomic: 1 << 9,
  kswapd: 1 << 11,
  atomic: 1 << 16,
} as const;

/** The bits that choose the watermark; a value above 2 means none. */
export const ALLOC_WMARK_MASK = 3;
/** The bits that allow going below the min watermark. */
export const ALLOC_RESERVES: number =
  AllocFlag.nonBlock | AllocFlag.minReserve | AllocFlag.highatomic | AllocFlag.oom;
