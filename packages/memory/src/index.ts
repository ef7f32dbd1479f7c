export {
  BUDDY_MASK,
  BLOCK_ORDER_SHIFT,
  BUDDY_ZONE_SHIFT,
  PageFlag,
  buddyKey,
  compoundOrder,
  orderOfFlags,
} from './frame-flags.js';
export { copyBytes, fillBytes, findOther, readBytes, writeBytes } from './memory-bytes.js';
export { type MemoryChange, diffMemory, hashMemory } from './memory-compare.js';
export { CHUNK_PAGES, CHUNK_WORDS, type MemoryImage } from './memory-image.js';
export { HoleError, MemoryMap, checkMemoryMap } from './memory-map.js';
export { FRAME_BYTES, type FramesImage, PageFrames, SECTION_FRAMES } from './page-frames.js';
export { PhysicalMemory } from './physical-memory.js';
export {
  PAGE_SHIFT,
  PAGE_SIZE,
  PAGE_WORDS,
  PFN_MAX,
  type Pfn,
  type PfnRange,
  type PhysAddr,
  addrToPfn,
  pfnToAddr,
} from './units.js';
