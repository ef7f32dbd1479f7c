export { kmemCacheCreate } from './cache-create.js';
export { cpusReadLock, cpusReadUnlock, cpusWriteLock, cpusWriteUnlock } from './cpu-hotplug.js';
export { allocSlabPages } from './slab-pages.js';
export { freeLargeKmalloc, kmallocLarge } from './kmalloc-large.js';
