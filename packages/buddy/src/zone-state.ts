/**
 * Words of a zone in `PageAllocator.zoneState`, at `zone * ZONE_WORDS + word`.
 *
 * | word | meaning                                                                       |
 * | ---- | ----------------------------------------------------------------------------- |
 * | 0    | free pages, the global counter (NR_FREE_PAGES without the per-cpu parts)       |
 * | 1    | free pages in CMA blocks, the global counter                                   |
 * | 2    | pages of pageblocks reserved for high-order atomic allocations                 |
 * | 3    | ZoneFlag bits                                                                  |
 * | 4    | isolated pageblocks                                                            |
 * | 5    | times that kswapd would have been woken                                        |
 */
export const ZONE_WORDS = 8;
/** The words of a zone, by name. */
export const ZoneWord = {
  free: 0,
  freeCma: 1,
  reservedHighatomic: 2,
  flags: 3,
  isolatedBlocks: 4,
  kswapdWakeups: 5,
} as const;

/** Bits of a zone's flags. @see linux 6.1 include/linux/mmzone.h enum zone_flags */
export const ZoneFlag = {
  /** The watermark was boosted lately; the next allocation wakes kswapd. */
  boostedWatermark: 1 << 0,
  /** Reclaim runs: per-cpu lists are kept short. */
  reclaimActive: 1 << 1,
} as const;

/**
 * Words of one CPU's part of one zone in `PageAllocator.pcpState`, at
 * `pcpAt(cpu, zone) + word`.
 *
 * | word | meaning                                                                       |
 * | ---- | ----------------------------------------------------------------------------- |
 * | 0    | count: pages on the lists                                                      |
 * | 1    | high: pages at which a free gives some back                                    |
 * | 2    | batch: pages moved at a time                                                   |
 * | 3    | free factor: how often in a row pages were given back without an allocation     |
 * | 4    | stat threshold: the largest part of a counter that is kept on the CPU           |
 * | 5    | this CPU's part of the free counter, not yet in the global one                 |
 * | 6    | this CPU's part of the free CMA counter                                        |
 */
export const PCP_WORDS = 8;
/** Room for zones; the last number means several zones. */
export const ZONES_MAX = 8;
/** Where the floors start in `state`: one for each plan, see `updateFloors`. */
export const STATE_FLOORS = 32;
/** Where `zoneState` starts in `state`. */
export const STATE_ZONES = 64;
/** Where `pcpState` starts in `state`. */
export const STATE_PCP = 128;

/** The number of the per-cpu lists of (cpu, zone): shifts, because multiplications check more. */
export const pcpSet = (cpu: number, zone: number): number => (cpu << 3) | zone;

/**
 * Where the words of (cpu, zone) start in `pcpState`.
 * @param cpu 0..255.
 * @param zone index, 0..6.
 * @example
 * pages.pcpState[pcpAt(1, 0) | PcpWord.count]; // pages on the lists of CPU 1 for the lowest zone
 */
export const pcpAt = (cpu: number, zone: number): number => ((cpu << 3) | zone) << 3;
/** The words of one CPU's part of a zone, by name. */
export const PcpWord = {
  count: 0,
  high: 1,
  batch: 2,
  freeFactor: 3,
  statThreshold: 4,
  freeDiff: 5,
  freeCmaDiff: 6,
} as const;
