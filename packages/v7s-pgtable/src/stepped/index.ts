export { allocPgtable, freePgtable } from './lifetime.js';
export { iovaToPhys, mapPages, unmapPages } from './operations.js';
