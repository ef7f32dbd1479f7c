export {
  drainAll,
  drainCpu,
  slabAlloc,
  slabAllocBulk,
  emptyDeadCpu,
  slabCpuDead,
  slabCpuOnline,
  slabDestroy,
  slabEndGracePeriod,
  slabFree,
  slabFreeBulk,
  slabKfree,
  slabKfreeBulk,
  slabKmalloc,
  slabReap,
  slabShrink,
  slabZalloc,
  tuneCache,
  tuneCacheNamed,
} from './erased/index.js';
export { freelistAddress } from './free-index.js';
export { SLAB_BOOT_DEFAULTS, type SlabBoot, parseSlabBoot } from './slab-boot.js';
export { type ArrayCache, ArrayWord, NodeWord, SlabCache } from './slab-cache.js';
export { type SlabCounts, readSlabCounts, slabKsize } from './slab-counts.js';
export { type GeometryRules, type SlabGeometry, slabGeometry } from './slab-geometry.js';
export { type SlabWalk, walkSlab } from './slab-invariants.js';
export { slabsOn } from './slab-lists.js';
export { headSlotOf } from './slab-head.js';
export { type SlabOptions, SlabSystem } from './slab-system.js';
export { activeOf, smemOf } from './slab-word.js';
