export { pageFragAlloc, pageFragAllocAlign, pageFragCacheDrain, pageFragFree } from './page-frag.js';
