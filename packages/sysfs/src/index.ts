export {
  type Creating,
  type OpenFor,
  openFile,
  readFile,
  showAttribute,
  showBuddyinfo,
  showMeminfo,
  showPagetypeinfo,
  showSlabinfo,
  showTraces,
  showVmstat,
  showZoneinfo,
  storeAttribute,
  writeFile,
  writeSlabinfo,
} from './erased/index.js';
export type { Bytes, UrlLike } from './fs/bytes.js';
export { FsError } from './fs/fs-error.js';
export {
  KernelFs,
  type PathLike,
  type ReadOptions,
  type ReaddirOptions,
  type StatOptions,
} from './fs/kernel-fs.js';
export type { Dirent, Stats } from './fs/stats.js';
export { DEBIAN_CONFIG, KERNEL_CONFIG, type KernelConfig } from './kernel-config.js';
export {
  type AttributeRules,
  type CountedName,
  type Needs,
  SLAB_ATTRIBUTES,
  type Show,
  type SlabAttribute,
  slabAttributes,
} from './slab/slab-attributes.js';
export { TRACE_NAMES, type TraceName } from './slab/alloc-traces.js';
export { SLABINFO_HEADER, type SlabinfoLine, formatSlabinfo, parseSlabinfo } from './slab/slabinfo-text.js';
export type { SysfsParts } from './sysfs-parts.js';
export type { DirectoryNode, FileNode, FileSource, FsNode, ProcName } from './tree/fs-node.js';
