export { validateCache } from './validate.js';
export { slubAlloc } from './alloc.js';
export { slubAllocBulk, slubFreeBulk } from './bulk.js';
export { kmemCacheDestroy } from './destroy.js';
export { flushAll, flushCpu, slubCpuDead, slubCpuOnline } from './flush.js';
export { slubFree } from './free.js';
export { endGracePeriod } from './new-slab.js';
export { shrinkPartial, slubShrink } from './shrink.js';
export { slubKfree, slubKmalloc } from './kmalloc.js';
