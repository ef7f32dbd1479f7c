/**
 * Migrate types: what the pages of a pageblock have in common. The first three have per-cpu lists and
 * fall back to one another.
 * @see linux 6.1 include/linux/mmzone.h enum migratetype
 */
export const MigrateType = {
  UNMOVABLE: 0,
  MOVABLE: 1,
  RECLAIMABLE: 2,
  HIGHATOMIC: 3,
  CMA: 4,
  ISOLATE: 5,
} as const;
export type MigrateType = (typeof MigrateType)[keyof typeof MigrateType];

/** Types 0..MIGRATE_PCPTYPES-1 have per-cpu lists, and free blocks of them may merge. */
export const MIGRATE_PCPTYPES = 3;
/** The number of migrate types. */
export const MIGRATE_TYPES = 6;
/** Orders are 0..MAX_ORDER-1. */
export const MAX_ORDER = 11;
/** The largest order: a block of 1024 pages, one section of frames. */
export const TOP_ORDER = 10;
/** The largest order that has per-cpu lists. */
export const PAGE_ALLOC_COSTLY_ORDER = 3;
/** Per-cpu lists of a zone: index = 3 × order + migrate type. */
export const NR_PCP_LISTS = MIGRATE_PCPTYPES * (PAGE_ALLOC_COSTLY_ORDER + 1);

/** Slots kept for the heads of the per-cpu lists of one (cpu, zone): a power of two. */
export const PCP_HEADS = 16;

/**
 * Which types an allocation turns to when the lists of its own are empty: FALLBACKS[2 × type + i].
 * @see linux 6.1 mm/page_alloc.c fallbacks
 */
export const FALLBACKS: Uint8Array = Uint8Array.of(
  MigrateType.RECLAIMABLE,
  MigrateType.MOVABLE,
  MigrateType.RECLAIMABLE,
  MigrateType.UNMOVABLE,
  MigrateType.UNMOVABLE,
  MigrateType.MOVABLE,
);

/** Names as /proc/pagetypeinfo prints them. */
export const MIGRATE_TYPE_NAMES: readonly string[] = [
  'Unmovable',
  'Movable',
  'Reclaimable',
  'HighAtomic',
  'CMA',
  'Isolate',
];
