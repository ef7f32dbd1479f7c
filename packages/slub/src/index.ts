export { SLUB_BOOT_DEFAULTS, type SlubBoot, parseSlubBoot } from './boot-options.js';
export { type DebugList, type DebugOptions, NO_DEBUG, parseSlubDebug } from './debug-options.js';
export {
  endGracePeriod,
  flushAll,
  flushCpu,
  getActive,
  kmemCacheDestroy,
  slubAlloc,
  slubAllocBulk,
  flushDeadCpu,
  slubCpuDead,
  slubCpuOnline,
  slubFree,
  slubFreeBulk,
  slubKfree,
  slubKfreeBulk,
  slubKmalloc,
  slubShrink,
  slubZalloc,
  validateCache,
} from './erased/index.js';
export { BAD_POINTER, peekFreePointer } from './free-pointer.js';
export { inuseOf, objectsOf } from './slab-counters.js';
export { ksize } from './ksize.js';
export { partialSlabs } from './slab-lists.js';
export { headSlotOf } from './slab-head.js';
export { NodeWord, SlubCache } from './slub-cache.js';
export {
  type GeometryRules,
  type SlubGeometry,
  cpuPartialSlabs,
  slubGeometry,
  trackBytes,
} from './slub-geometry.js';
export { CPU_SHIFT, CpuWord, SLUB_STAT_NAMES, SlubStat, clearStat } from './slub-stats.js';
export { type SlubWalk, walkSlub } from './slub-invariants.js';
export { type SlubOptions, SlubSystem } from './slub-system.js';
export {
  type CpuCounts,
  type PartialObjects,
  type SlubCounts,
  countPartial,
  cpuCounts,
  cpuPartialLength,
  cpuSlabsOf,
  halfFull,
  readCounts,
  readStats,
  setCpuPartial,
  setMinPartial,
} from './sysfs-counts.js';
export { SysfsNames } from './sysfs-names.js';
export { type TrackedUser, trackedUsers } from './debug/tracked-users.js';
