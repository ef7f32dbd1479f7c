/** Fields of a text that a machine's state here does not determine, and why. */
export interface Undetermined {
  readonly fields: readonly string[];
  readonly why: string;
  /** The line is not printed at all; else it is, with another number. */
  readonly absent?: true;
}

const NO_USERS = 'no process and no file system runs: there is no user memory and no page cache, so it is 0';
const NO_RECLAIM = 'nothing is reclaimed, migrated or written back, so it is 0';
const OWN_MEMORY =
  'what the kernel takes for itself, such as stacks and its own page tables, is not simulated';
const NO_NUMA = 'the machine has one node, as without CONFIG_NUMA';

/** Of /proc/zoneinfo. */
export const ZONEINFO_UNDETERMINED: readonly Undetermined[] = [
  {
    fields: [
      'nr_inactive_anon',
      'nr_active_anon',
      'nr_inactive_file',
      'nr_active_file',
      'nr_unevictable',
      'nr_isolated_anon',
      'nr_isolated_file',
      'nr_anon_pages',
      'nr_mapped',
      'nr_file_pages',
      'nr_dirty',
      'nr_shmem',
      'nr_shmem_hugepages',
      'nr_shmem_pmdmapped',
      'nr_file_hugepages',
      'nr_file_pmdmapped',
      'nr_anon_transparent_hugepages',
      'nr_foll_pin_acquired',
      'nr_foll_pin_released',
      'nr_zone_inactive_anon',
      'nr_zone_active_anon',
      'nr_zone_inactive_file',
      'nr_zone_active_file',
      'nr_zone_unevictable',
      'nr_zone_write_pending',
      'nr_mlock',
      'nr_zspages',
    ],
    why: NO_USERS,
  },
  {
    fields: [
      'workingset_nodes',
      'workingset_refault_anon',
      'workingset_refault_file',
      'workingset_activate_anon',
      'workingset_activate_file',
      'workingset_restore_anon',
      'workingset_restore_file',
      'workingset_nodereclaim',
      'nr_writeback',
      'nr_writeback_temp',
      'nr_vmscan_write',
      'nr_vmscan_immediate_reclaim',
      'nr_dirtied',
      'nr_written',
      'nr_throttled_written',
      'nr_swapcached',
      'nr_bounce',
    ],
    why: NO_RECLAIM,
  },
  {
    fields: [
      'nr_kernel_misc_reclaimable',
      'nr_kernel_stack',
      'nr_page_table_pages',
      'nr_sec_page_table_pages',
    ],
    why: OWN_MEMORY,
  },
  {
    fields: [
      'numa_hit',
      'numa_miss',
      'numa_foreign',
      'numa_interleave',
      'numa_local',
      'numa_other',
      'pgpromote_success',
      'pgpromote_candidate',
    ],
    why: NO_NUMA,
    absent: true,
  },
];

/** Of /proc/meminfo. */
export const MEMINFO_UNDETERMINED: readonly Undetermined[] = [
  {
    fields: [
      'Buffers',
      'Cached',
      'SwapCached',
      'Active',
      'Inactive',
      'Active(anon)',
      'Inactive(anon)',
      'Active(file)',
      'Inactive(file)',
      'Unevictable',
      'Mlocked',
      'Dirty',
      'AnonPages',
      'Mapped',
      'Shmem',
      'Committed_AS',
      'AnonHugePages',
      'ShmemHugePages',
      'ShmemPmdMapped',
      'FileHugePages',
      'FilePmdMapped',
    ],
    why: NO_USERS,
  },
  {
    fields: ['SwapTotal', 'SwapFree', 'Zswap', 'Zswapped', 'Writeback', 'WritebackTmp', 'Bounce'],
    why: NO_RECLAIM,
  },
  {
    fields: ['KernelStack', 'PageTables', 'SecPageTables', 'VmallocUsed', 'Percpu'],
    why: OWN_MEMORY,
  },
  {
    fields: ['VmallocTotal'],
    why: 'it follows from the layout of virtual memory, which is not simulated: 0 is printed',
  },
  {
    fields: [
      'HardwareCorrupted',
      'HugePages_Total',
      'HugePages_Free',
      'HugePages_Rsvd',
      'HugePages_Surp',
      'Hugetlb',
    ],
    why: 'no page breaks and no huge page is set apart, so it is 0',
  },
  {
    fields: ['Hugepagesize'],
    why: 'the architecture says it: here it is the size of a pageblock, which is not so on every kernel',
  },
  {
    fields: ['DirectMap4k', 'DirectMap2M', 'DirectMap4M', 'DirectMap1G'],
    why: "x86's own page tables are not simulated",
    absent: true,
  },
];

/** Of /proc/vmstat, of which there is no recording. */
export const VMSTAT_UNDETERMINED: readonly Undetermined[] = [
  {
    fields: ['pgalloc_*', 'pgfree'],
    why: 'pages are allocated and freed, but these events are not counted: a false 0 would be worse than no line',
    absent: true,
  },
  {
    fields: [
      'pgfault',
      'pgmajfault',
      'pgpgin',
      'pgpgout',
      'pswpin',
      'pswpout',
      'all other counters of user memory',
    ],
    why: NO_USERS,
  },
  {
    fields: ['pgscan_*', 'pgsteal_*', 'allocstall_*', 'compact_*', 'pgmigrate_*', 'oom_kill', 'pageoutrun'],
    why: NO_RECLAIM,
  },
  { fields: ['numa_*'], why: NO_NUMA, absent: true },
  {
    fields: ['direct_map_level2_splits', 'direct_map_level3_splits', 'balloon_*', 'ksm_*', 'cow_ksm'],
    why: 'what they count is not simulated',
    absent: true,
  },
];

const USAGE = 'it counts what a running system happened to use when the sample was taken';

/** Of the files of a cache in /sys/kernel/slab, in recordings of a boot. */
export const SYSFS_UNDETERMINED: readonly Undetermined[] = [
  {
    fields: [
      'objects',
      'objects_partial',
      'partial',
      'cpu_slabs',
      'slabs',
      'total_objects',
      'slabs_cpu_partial',
    ],
    why: USAGE,
  },
  {
    fields: ['alloc_fastpath', 'and the other event counters'],
    why: `${USAGE}; each CPU's part is taken from the recording, and the text that follows is compared`,
  },
  { fields: ['ctor'], why: 'it prints an address of the kernel; here it is the name of a function' },
];

/** Of a line of /proc/slabinfo, in recordings of a boot. */
export const SLABINFO_UNDETERMINED: readonly Undetermined[] = [
  { fields: ['active_objs', 'num_objs', 'active_slabs', 'num_slabs', 'sharedavail'], why: USAGE },
];
