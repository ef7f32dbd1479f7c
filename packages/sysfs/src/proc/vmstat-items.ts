import type { PageAllocator } from '@mm/buddy';

import type { KernelConfig } from '../kernel-config.js';

/** What decides which lines there are beside {@link KernelConfig}. */
export interface ItemRules {
  readonly config: KernelConfig;
  /** CONFIG_CMA. */
  readonly cma: boolean;
}

export const itemRules = (pages: PageAllocator, config: KernelConfig): ItemRules => ({
  config,
  cma: pages.cma,
});

type Item = string | readonly [condition: keyof KernelConfig | 'cma', ...names: readonly string[]];

/** Counters of a zone, in the kernel's order. @see linux 6.1 mm/vmstat.c vmstat_text */
const ZONE_ITEMS: readonly Item[] = [
  'nr_free_pages',
  'nr_zone_inactive_anon',
  'nr_zone_active_anon',
  'nr_zone_inactive_file',
  'nr_zone_active_file',
  'nr_zone_unevictable',
  'nr_zone_write_pending',
  'nr_mlock',
  'nr_bounce',
  ['zsmalloc', 'nr_zspages'],
  'nr_free_cma',
];

/** Counters of a node. */
const NODE_ITEMS: readonly Item[] = [
  'nr_inactive_anon',
  'nr_active_anon',
  'nr_inactive_file',
  'nr_active_file',
  'nr_unevictable',
  'nr_slab_reclaimable',
  'nr_slab_unreclaimable',
  'nr_isolated_anon',
  'nr_isolated_file',
  'workingset_nodes',
  'workingset_refault_anon',
  'workingset_refault_file',
  'workingset_activate_anon',
  'workingset_activate_file',
  'workingset_restore_anon',
  'workingset_restore_file',
  'workingset_nodereclaim',
  'nr_anon_pages',
  'nr_mapped',
  'nr_file_pages',
  'nr_dirty',
  'nr_writeback',
  'nr_writeback_temp',
  'nr_shmem',
  'nr_shmem_hugepages',
  'nr_shmem_pmdmapped',
  'nr_file_hugepages',
  'nr_file_pmdmapped',
  'nr_anon_transparent_hugepages',
  'nr_vmscan_write',
  'nr_vmscan_immediate_reclaim',
  'nr_dirtied',
  'nr_written',
  'nr_throttled_written',
  'nr_kernel_misc_reclaimable',
  'nr_foll_pin_acquired',
  'nr_foll_pin_released',
  'nr_kernel_stack',
  'nr_page_table_pages',
  'nr_sec_page_table_pages',
  ['swap', 'nr_swapcached'],
];

/** Events by zone; `pgalloc` is not counted here, and its lines are left out. */
const EVENTS_BY_ZONE = ['allocstall', 'pgskip'] as const;

/** Events that are not by zone; `pgfree` is not counted here, and its line is left out. */
const EVENT_ITEMS: readonly Item[] = [
  'pgactivate',
  'pgdeactivate',
  'pglazyfree',
  'pgfault',
  'pgmajfault',
  'pglazyfreed',
  'pgrefill',
  'pgreuse',
  'pgsteal_kswapd',
  'pgsteal_direct',
  'pgdemote_kswapd',
  'pgdemote_direct',
  'pgscan_kswapd',
  'pgscan_direct',
  'pgscan_direct_throttle',
  'pgscan_anon',
  'pgscan_file',
  'pgsteal_anon',
  'pgsteal_file',
  'pginodesteal',
  'slabs_scanned',
  'kswapd_inodesteal',
  'kswapd_low_wmark_hit_quickly',
  'kswapd_high_wmark_hit_quickly',
  'pageoutrun',
  'pgrotated',
  'drop_pagecache',
  'drop_slab',
  'oom_kill',
  [
    'compaction',
    'pgmigrate_success',
    'pgmigrate_fail',
    'thp_migration_success',
    'thp_migration_fail',
    'thp_migration_split',
    'compact_migrate_scanned',
    'compact_free_scanned',
    'compact_isolated',
    'compact_stall',
    'compact_fail',
    'compact_success',
    'compact_daemon_wake',
    'compact_daemon_migrate_scanned',
    'compact_daemon_free_scanned',
  ],
  ['hugetlb', 'htlb_buddy_alloc_success', 'htlb_buddy_alloc_fail'],
  ['cma', 'cma_alloc_success', 'cma_alloc_fail'],
  'unevictable_pgs_culled',
  'unevictable_pgs_scanned',
  'unevictable_pgs_rescued',
  'unevictable_pgs_mlocked',
  'unevictable_pgs_munlocked',
  'unevictable_pgs_cleared',
  'unevictable_pgs_stranded',
  [
    'transparentHugepage',
    'thp_fault_alloc',
    'thp_fault_fallback',
    'thp_fault_fallback_charge',
    'thp_collapse_alloc',
    'thp_collapse_alloc_failed',
    'thp_file_alloc',
    'thp_file_fallback',
    'thp_file_fallback_charge',
    'thp_file_mapped',
    'thp_split_page',
    'thp_split_page_failed',
    'thp_deferred_split_page',
    'thp_split_pmd',
    'thp_scan_exceed_none_pte',
    'thp_scan_exceed_swap_pte',
    'thp_scan_exceed_share_pte',
    'thp_zero_page_alloc',
    'thp_zero_page_alloc_failed',
    'thp_swpout',
    'thp_swpout_fallback',
  ],
  ['swap', 'swap_ra', 'swap_ra_hit'],
  ['zswap', 'zswpin', 'zswpout'],
];

const namesOf = (items: readonly Item[], { config, cma }: ItemRules): string[] =>
  items.flatMap((item) => {
    if (typeof item === 'string') return [item];
    const [condition, ...names] = item;
    return (condition === 'cma' ? cma : config[condition]) ? names : [];
  });

/** Names of a zone's counters, as /proc/zoneinfo and /proc/vmstat have them. */
export const zoneItems = (rules: ItemRules): string[] => namesOf(ZONE_ITEMS, rules);

/** Names of the node's counters. */
export const nodeItems = (rules: ItemRules): string[] => namesOf(NODE_ITEMS, rules);

/** Names of the events in /proc/vmstat, for zones of these names. */
export const eventItems = (rules: ItemRules, zones: readonly string[]): string[] => [
  'pgpgin',
  'pgpgout',
  'pswpin',
  'pswpout',
  ...EVENTS_BY_ZONE.flatMap((event) => zones.map((zone) => `${event}_${zone.toLowerCase()}`)),
  ...namesOf(EVENT_ITEMS, rules),
];
