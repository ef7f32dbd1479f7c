export { type Address } from './addresses.js';
export { ArenaTableSource, type ArenaRegion } from './arena-source.js';
export {
  type IotlbGather,
  PAGE_SIZES,
  Prot,
  Quirk,
  type TlbCallbacks,
  type V7sBehaviour,
  type V7sConfig,
  type V7sRegisters,
  type V7sSeries,
} from './config.js';
export { allocPgtable, freePgtable, iovaToPhys, mapPages, unmapPages } from './erased/index.js';
export type { MappedBytes } from './mapped-bytes.js';
export { V7sPgtable, type V7sParts } from './pgtable.js';
export { type TableGfp, tableGfp } from './table-gfp.js';
export {
  GenPoolTableSource,
  POOL_TABLES,
  PageFragTableSource,
  PageTableSource,
  SlabTableSource,
  type PlainTableSource,
  type TableSource,
} from './table-source.js';
