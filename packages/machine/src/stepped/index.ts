export {
  cacheAlloc,
  cacheAllocBulk,
  cacheDestroy,
  cacheFlush,
  cacheFree,
  cacheFreeBulk,
  cacheShrink,
  cpuDead,
  cpuOnline,
  gracePeriodEnds,
  kfree,
  kmalloc,
} from './caches.js';
