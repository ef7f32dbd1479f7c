export { alignUp, calculateAlignment } from './alignment.js';
export { type AllocatorOptions, checkAllocatorOptions } from './allocator-options.js';
export {
  checkArch,
  checkBulk,
  checkCpu,
  checkGfp,
  checkName,
  checkObjectAddress,
  checkObjects,
  checkOpenRequest,
  checkSeries,
  checkSize,
  checkSlots,
} from './check-arguments.js';
export {
  CacheRegister,
  type PageRequestWatcher,
  type RegisterOptions,
  checkRequest,
} from './cache-register.js';
export {
  allocSlabPages,
  cpusReadLock,
  cpusReadUnlock,
  cpusWriteLock,
  cpusWriteUnlock,
  freeLargeKmalloc,
  kmallocLarge,
  kmemCacheCreate,
} from './erased/index.js';
export { type BootSetup, bootParams } from './boot-params.js';
export { kmemCacheSize } from './cache-size.js';
export { checkMemory } from './check-memory.js';
export { getOption } from './get-option.js';
export { hexDumpLine, virtualAddress } from './hex-dump.js';
export { orderOfBytes } from './order-of-bytes.js';
export {
  KMALLOC_CLASSES,
  KMALLOC_MAX_CACHE_SIZE,
  KMALLOC_MAX_SIZE,
  type KmallocClass,
  KmallocType,
  ZERO_SIZE_PTR,
  kmallocClasses,
  kmallocIndex,
  kmallocMinSize,
  kmallocType,
} from './kmalloc-classes.js';
export type { CacheOpener, CacheRequest, Constructor, KmemCache, OpenRequest } from './kmem-cache.js';
export { findMergeable, isUnmergeable, type MergeRules } from './merge.js';
export { createMask, permittedFlags, type SlabBuild } from './permitted-flags.js';
export { hasCacheDma32, type Series } from './series.js';
export { SLAB_ARCH_X86_64, type SlabArch, slabArchOf } from './slab-arch.js';
export { type SlabFaultAttributes, SlabFaults } from './slab-faults.js';
export * from './slab-flags.js';
export { GFP_SLAB_BUG_MASK, SLAB_GFP_KEPT, fixSlabGfp, forbiddenGfp } from './slab-gfp.js';
export { ksizeOfPages, warnOfZeroes, warnOnce } from './warn-once.js';
