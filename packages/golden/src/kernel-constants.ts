import * as buddy from '@mm/buddy';
import * as kmem from '@mm/kmem';
import * as zones from '@mm/zones';

type Numbers = Record<string, number>;

const numbersOf = (exported: object): Numbers =>
  Object.fromEntries(
    Object.entries(exported).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );

/** GFP flags and masks, by the kernel's names. Masks are unsigned. */
const GFP_FLAGS: Numbers = { ...numbersOf(zones), GFP_SLAB_BUG_MASK: kmem.GFP_SLAB_BUG_MASK >>> 0 };

const CREATE_MASK = kmem.createMask('merged', 'slub');
/** What both allocators take, but for what says how the cache's pages count. */
const CORE_FLAGS =
  CREATE_MASK &
  kmem.createMask('merged', 'slab') &
  ~(kmem.SLAB_NOLEAKTRACE | kmem.SLAB_RECLAIM_ACCOUNT | kmem.SLAB_NO_USER_FLAGS);

/** Flags of caches and their masks in a kernel with SLUB, by the kernel's names. */
const SLAB_FLAGS: Numbers = {
  ...numbersOf(kmem),
  SLAB_TEMPORARY: kmem.SLAB_RECLAIM_ACCOUNT,
  SLAB_CORE_FLAGS: CORE_FLAGS,
  SLAB_CACHE_FLAGS: CREATE_MASK & ~(CORE_FLAGS | kmem.SLAB_DEBUG_FLAGS),
  SLAB_FLAGS_PERMITTED: kmem.permittedFlags('merged'),
  CACHE_CREATE_MASK: CREATE_MASK,
};

/** Migrate types and orders, by the kernel's names. */
const PAGE_BLOCKS: Numbers = {
  ...numbersOf(buddy),
  ...Object.fromEntries(
    Object.entries(buddy.MigrateType).map(([name, type]): [string, number] => [`MIGRATE_${name}`, type]),
  ),
};

const ORDERS = ['MAX_ORDER', 'NR_PCP_LISTS', 'PAGE_ALLOC_COSTLY_ORDER'] as const;

/** What our packages have under the names of a record; a name that they lack is undefined, and so a difference. */
const named = (recorded: Numbers, ours: Numbers): Record<string, number | undefined> =>
  Object.fromEntries(Object.keys(recorded).map((name) => [name, ours[name]]));

/** The kernel's named numbers as a `values` case of `gfp` has them. */
export interface KernelConstants {
  readonly gfp_flags: Numbers;
  readonly slab_flags?: Numbers | undefined;
  readonly migratetypes?: Numbers | undefined;
  readonly MAX_ORDER?: number | undefined;
  readonly NR_PCP_LISTS?: number | undefined;
  readonly PAGE_ALLOC_COSTLY_ORDER?: number | undefined;
}

/**
 * The recorded numbers that are compared, and ours under the same names. A flag of caches that is 0 is one that the kernel was
 * built without: we have it nevertheless, and it is left out.
 */
export function kernelConstants(recorded: KernelConstants): { expected: object; actual: object } {
  const { gfp_flags, slab_flags = {}, migratetypes = {} } = recorded;
  const orders = Object.fromEntries(
    ORDERS.flatMap((name) => (recorded[name] === undefined ? [] : [[name, recorded[name]]])),
  ) as Numbers;
  const built = Object.fromEntries(Object.entries(slab_flags).filter(([, value]) => value !== 0));
  return {
    expected: { gfp_flags, slab_flags: built, migratetypes, ...orders },
    actual: {
      gfp_flags: named(gfp_flags, GFP_FLAGS),
      slab_flags: named(built, SLAB_FLAGS),
      migratetypes: named(migratetypes, PAGE_BLOCKS),
      ...named(orders, PAGE_BLOCKS),
    },
  };
}
