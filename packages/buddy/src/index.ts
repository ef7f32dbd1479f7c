export { AllocFlag } from './alloc-flags.js';
export {
  allocPages,
  allocPagesBulk,
  allocPagesExact,
  buildAllZonelists,
  drainAllPages,
  drainLocalPages,
  drainPagesZone,
  freePages,
  freePagesAt,
  freePagesExact,
  getFreePages,
  getZeroedPage,
  isolatePageblock,
  pageAllocCpuDead,
  pageAllocCpuOnline,
  unisolatePageblock,
  unreserveHighatomic,
  zonePcpDisable,
  zonePcpEnable,
} from './erased/index.js';
export { splitPage } from './split-page.js';
export {
  FALLBACKS,
  MAX_ORDER,
  MIGRATE_PCPTYPES,
  MIGRATE_TYPES,
  MIGRATE_TYPE_NAMES,
  MigrateType,
  NR_PCP_LISTS,
  PAGE_ALLOC_COSTLY_ORDER,
  TOP_ORDER,
} from './migrate-types.js';
export { MisuseError } from './misuse.js';
export { PageAllocator, type PageAllocatorOptions } from './page-allocator.js';
export { PcpWord, ZONE_WORDS, ZoneFlag, ZoneWord, pcpAt } from './zone-state.js';
export { foldZoneCounters, freePagesOf } from './zone-counters.js';
export { FaultAttr, type FaultImage, type FaultRate, parseFaultRate } from './fault-attr.js';
export { releaseRange } from './release-range.js';
export { tookReserve } from './reserve-takers.js';
export { applySizes } from './apply-sizes.js';
export { updateFloors } from './floors.js';
export { type FaultAttributes, PageFaults } from './faults.js';
export { insertFreeTail, insertPcpTail, resetFreeLists } from './set-up-lists.js';
export { pcpListPfns, freeListPfns } from './read-lists.js';
export { blockTypeOf, setBlockType } from './pageblock-types.js';
export { pcpTypeOf } from './pcp-lists.js';
export { type AllocatorImage, restoreAllocator, snapshotAllocator } from './allocator-image.js';
export { checkBuddyInvariants } from './buddy-invariants.js';
export { checkAllocatedBlock, checkZoneCounters } from './check-block.js';
export { PAGETYPEINFO_BLOCKS_MAX, buddyInfo, countFreeBlocks, pageblocksByType } from './proc-counts.js';
