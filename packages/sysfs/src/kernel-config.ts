/**
 * Options that the kernel is built with, as far as they decide which files there are and which lines they have. Zones,
 * CMA and the allocator are not among them: the machine has them or not. CONFIG_NUMA is off: there is one node.
 */
export interface KernelConfig {
  /** CONFIG_SLUB_DEBUG: the files of debugging, of slabs and of total objects; with SLUB also /proc/slabinfo. */
  readonly slubDebug: boolean;
  /** CONFIG_SLUB_STATS: the files of event counters. */
  readonly slubStats: boolean;
  /** CONFIG_FAILSLAB: the file `failslab`. */
  readonly failslab: boolean;
  /** CONFIG_KFENCE: the file `skip_kfence`. */
  readonly kfence: boolean;
  /** CONFIG_SWAP: lines of /proc/vmstat and /proc/zoneinfo. */
  readonly swap: boolean;
  /** CONFIG_ZSWAP: lines of /proc/vmstat and /proc/meminfo. */
  readonly zswap: boolean;
  /** CONFIG_ZSMALLOC: `nr_zspages` in /proc/vmstat and /proc/zoneinfo. */
  readonly zsmalloc: boolean;
  /** CONFIG_TRANSPARENT_HUGEPAGE: lines of /proc/vmstat and /proc/meminfo. */
  readonly transparentHugepage: boolean;
  /** CONFIG_HUGETLB_PAGE: lines of /proc/vmstat and /proc/meminfo. */
  readonly hugetlb: boolean;
  /** CONFIG_MEMORY_FAILURE: `HardwareCorrupted` in /proc/meminfo. */
  readonly memoryFailure: boolean;
  /** CONFIG_COMPACTION and CONFIG_MIGRATION: lines of /proc/vmstat. */
  readonly compaction: boolean;
  /** CONFIG_SPARSEMEM: pageblocks in holes of a zone are counted by sections of 128 MiB; else all of them are. */
  readonly sparsemem: boolean;
}

/** How the recorded kernel is built. */
export const KERNEL_CONFIG: KernelConfig = {
  slubDebug: true,
  slubStats: true,
  failslab: false,
  kfence: false,
  swap: false,
  zswap: false,
  zsmalloc: false,
  transparentHugepage: false,
  hugetlb: false,
  memoryFailure: false,
  compaction: true,
  sparsemem: true,
};

/** The options of Debian's kernels, as far as one node can have them. */
export const DEBIAN_CONFIG: KernelConfig = {
  ...KERNEL_CONFIG,
  slubStats: false,
  swap: true,
  zswap: true,
  zsmalloc: true,
  transparentHugepage: true,
  hugetlb: true,
};
