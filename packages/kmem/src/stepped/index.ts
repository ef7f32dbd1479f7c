export { freeLargeKmalloc, kmallocLarge } from './kmalloc-large.js';
