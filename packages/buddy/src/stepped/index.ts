export { allocPagesBulk } from './alloc-bulk.js';
export { allocPagesExact, freePagesExact } from './alloc-exact.js';
export { allocPages } from './alloc-pages.js';
export { drainAllPages, drainLocalPages, drainPagesZone, pageAllocCpuDead } from './drain.js';
export { freePages } from './free-pages.js';
export { freePagesAt, getFreePages, getZeroedPage } from './get-free-pages.js';
export { isolatePageblock, unisolatePageblock, unreserveHighatomic } from './pageblock-type.js';
export { zonePcpDisable, zonePcpEnable } from './pcp-sizes.js';
export { buildAllZonelists } from './zonelists.js';
