import type { SlabCache, SlabSystem } from '@mm/slab';
import type { SlubCache, SlubSystem } from '@mm/slub';

/** The caches of a machine, of whichever allocator it runs. */
export type KmemSystem = SlubSystem | SlabSystem;
/** A cache of whichever allocator. */
export type AnyCache = SlubCache | SlabCache;
