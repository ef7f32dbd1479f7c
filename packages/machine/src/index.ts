export { type MachineChange, diffMachines } from './image/diff-machines.js';
export { hashMachine } from './image/hash-machine.js';
export type { MachineImage } from './image/machine-image.js';
export { createMachine } from './create-machine.js';
export { type CpuView, Machine, type MachineParts } from './machine.js';
export { type MachineOptions, SERIES } from './options.js';
export { parseSize } from './parse-size.js';
export type { Series } from '@mm/kmem';
export {
  cacheAlloc,
  cacheAllocBulk,
  cacheCreate,
  cacheDestroy,
  cacheFlush,
  cacheFree,
  cacheFreeBulk,
  cacheShrink,
  cacheZalloc,
  cpuDead,
  cpuOnline,
  gracePeriodEnds,
  kfree,
  kfreeBulk,
  kmalloc,
} from './erased/index.js';
export type { AnyCache, KmemSystem } from './kmem-system.js';
