export { allocPages } from './alloc-pages.js';
export { drainAllPages, drainLocalPages, drainPagesZone } from './drain.js';
export { freePages } from './free-pages.js';
