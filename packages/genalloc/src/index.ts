export {
  type GenPoolAlgorithm,
  type PoolAddress,
  bestFit,
  firstFit,
  firstFitAlign,
  firstFitOrderAlign,
  fixedAlloc,
} from './algorithms.js';
export { type BitmapWords } from './bitmap.js';
export { GenPool, type GenPoolChunk, checkGenPoolInvariants } from './gen-pool.js';
