export { pageFragAlloc, pageFragAllocAlign, pageFragCacheDrain, pageFragFree } from './erased/index.js';
export {
  PAGE_FRAG_CACHE_MAX_ORDER,
  PAGE_FRAG_CACHE_MAX_SIZE,
  PageFragCache,
  checkPageFragInvariants,
} from './page-frag-cache.js';
