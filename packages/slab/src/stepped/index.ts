export { slabAlloc } from './alloc.js';
export { slabAllocBulk, slabFreeBulk } from './bulk.js';
export { slabDestroy } from './destroy.js';
export { drainAll, drainCpu, slabReap, slabShrink } from './drain.js';
export { emptyDeadCpu, slabCpuDead, slabCpuOnline } from './hotplug.js';
export { slabFree } from './free.js';
export { slabEndGracePeriod } from './grow.js';
export { slabKfree, slabKmalloc } from './kmalloc.js';
export { tuneCache, tuneCacheNamed } from './tune.js';
