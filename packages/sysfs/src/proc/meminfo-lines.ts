import { MigrateType, pageblocksByType } from '@mm/buddy';

import type { SysfsParts } from '../sysfs-parts.js';
import {
  availablePages,
  freeHighPages,
  globalFreeCma,
  globalFreePages,
  managedPages,
  slabPages,
} from './global-counts.js';

/** A line of /proc/meminfo: its name, its number, and what stands behind it. */
export type MeminfoLine = readonly [name: string, value: number, unit: ' kB' | ''];

const kb = (name: string, pages = 0): MeminfoLine => [name, pages * 4, ' kB'];
const zeros = (...names: readonly string[]): MeminfoLine[] => names.map((name) => kb(name));

/** Half of memory may be promised (vm.overcommit_ratio 50), and there is no swap. */
const commitLimit = (total: number): number => Math.floor((total * 50) / 100);

/**
 * The lines of /proc/meminfo in the kernel's order. Those of the architecture's own page tables and the size of the vmalloc
 * area are not simulated; the latter is 0.
 */
export function meminfoLines(parts: SysfsParts): MeminfoLine[] {
  const { pages, config } = parts;
  const free = globalFreePages(pages);
  const { total, high } = managedPages(pages);
  const highFree = freeHighPages(pages);
  const { reclaimable, unreclaimable } = slabPages(parts);
  return [
    kb('MemTotal', total),
    kb('MemFree', free),
    kb('MemAvailable', availablePages(parts, reclaimable)),
    ...zeros('Buffers', 'Cached', 'SwapCached', 'Active', 'Inactive', 'Active(anon)', 'Inactive(anon)'),
    ...zeros('Active(file)', 'Inactive(file)', 'Unevictable', 'Mlocked'),
    ...(pages.zones.config.highmem
      ? [
          kb('HighTotal', high),
          kb('HighFree', highFree),
          kb('LowTotal', total - high),
          kb('LowFree', free - highFree),
        ]
      : []),
    ...zeros('SwapTotal', 'SwapFree', ...(config.zswap ? ['Zswap', 'Zswapped'] : [])),
    ...zeros('Dirty', 'Writeback', 'AnonPages', 'Mapped', 'Shmem'),
    kb('KReclaimable', reclaimable),
    kb('Slab', reclaimable + unreclaimable),
    kb('SReclaimable', reclaimable),
    kb('SUnreclaim', unreclaimable),
    ...zeros('KernelStack', 'PageTables', 'SecPageTables', 'NFS_Unstable', 'Bounce', 'WritebackTmp'),
    kb('CommitLimit', commitLimit(total)),
    ...zeros('Committed_AS', 'VmallocTotal', 'VmallocUsed', 'VmallocChunk', 'Percpu'),
    ...zeros(...(config.memoryFailure ? ['HardwareCorrupted'] : [])),
    ...zeros(...(config.transparentHugepage ? HUGE_PAGE_LINES : [])),
    ...(pages.cma ? [kb('CmaTotal', totalCma(parts)), kb('CmaFree', globalFreeCma(pages))] : []),
    ...(config.hugetlb ? hugetlbLines(parts) : []),
  ];
}

const HUGE_PAGE_LINES: readonly string[] = [
  'AnonHugePages',
  'ShmemHugePages',
  'ShmemPmdMapped',
  'FileHugePages',
  'FilePmdMapped',
];

const totalCma = ({ pages }: SysfsParts): number =>
  pages.zones.indices().reduce((sum, zone) => sum + pageblocksByType(pages, zone)[MigrateType.CMA]!, 0) <<
  pages.pageblockOrder;

/** No huge page is set apart; they have the size of a pageblock. */
const hugetlbLines = ({ pages }: SysfsParts): MeminfoLine[] => [
  ...['HugePages_Total', 'HugePages_Free', 'HugePages_Rsvd', 'HugePages_Surp'].map((name): MeminfoLine => [
    name,
    0,
    '',
  ]),
  ['Hugepagesize', 4 << pages.pageblockOrder, ' kB'],
  ['Hugetlb', 0, ' kB'],
];

/**
 * A line as it is printed, with its newline.
 * @example
 * formatMeminfo(['MemFree', 970376, ' kB']); // 'MemFree:          970376 kB\n'
 */
export function formatMeminfo([name, value, unit]: MeminfoLine): string {
  const label = `${name}:`.padEnd(16);
  // One label is longer than its column.
  const width = label.length > 16 ? 6 : 8;
  return `${label}${`${value}`.padStart(width)}${unit}\n`;
}
