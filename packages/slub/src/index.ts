export { SLUB_BOOT_DEFAULTS, type SlubBoot, parseSlubBoot } from './boot-options.js';
export {
  DEBUG_DEFAULT_FLAGS,
  type DebugList,
  type DebugOptions,
  NO_DEBUG,
  debugFlagsOf,
  parseSlubDebug,
} from './debug-options.js';
export {
  endGracePeriod,
  flushAll,
  flushCpu,
  getActive,
  kmemCacheDestroy,
  shrinkPartial,
  slubAlloc,
  slubAllocBulk,
  slubCpuDead,
  slubCpuOnline,
  slubFree,
  slubFreeBulk,
  slubKfree,
  slubKmalloc,
  slubShrink,
  validateCache,
} from './erased/index.js';
export { BAD_POINTER, getFreePointer, peekFreePointer, setFreePointer } from './free-pointer.js';
export { FROZEN, inuseOf, objectsOf } from './slab-counters.js';
export { ksize } from './ksize.js';
export { fullSlabs, partialSlabs } from './slab-lists.js';
export { headSlotOf } from './slab-head.js';
export { calculateOrder, objectsAtOrder } from './slab-order.js';
export { NodeWord, SlubCache, slabCellOf } from './slub-cache.js';
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
export { SysfsNames, uniqueId } from './sysfs-names.js';
export { type TrackedUser, trackedUsers } from './debug/tracked-users.js';
