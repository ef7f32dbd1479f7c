import {
  SLAB_CACHE_DMA,
  SLAB_CACHE_DMA32,
  SLAB_CONSISTENCY_CHECKS,
  SLAB_HWCACHE_ALIGN,
  SLAB_POISON,
  SLAB_RECLAIM_ACCOUNT,
  SLAB_RED_ZONE,
  SLAB_STORE_USER,
  SLAB_TRACE,
  SLAB_TYPESAFE_BY_RCU,
} from '@mm/kmem';

import type { SlubCache } from './slub-cache.js';
import { CPU_SHIFT, SLUB_STAT_NAMES, SlubStat } from './slub-stats.js';
import { type SlubCounts, readCounts } from './sysfs-counts.js';

/** A file in a cache's sysfs directory. What writing does: `writeAttribute`. */
export interface CacheAttribute {
  readonly name: string;
  /** Permission bits. */
  readonly mode: number;
  /** What the file holds, for the documentation. */
  readonly meaning: string;
  /** The text with its newline; empty for files that say nothing. */
  readonly read: (cache: SlubCache) => string;
  /** The text that a write must be, for the documentation; null: cannot be written. */
  readonly takes: string | null;
}

const number = (name: string, meaning: string, of: (cache: SlubCache) => number): CacheAttribute => ({
  name,
  mode: 0o400,
  meaning,
  read: (cache) => `${of(cache)}\n`,
  takes: null,
});

const flag = (name: string, bit: number, meaning: string): CacheAttribute =>
  number(name, meaning, (cache) => ((cache.flags & bit) === 0 ? 0 : 1));

const counted = (name: keyof SlubCounts, meaning: string): CacheAttribute => ({
  name,
  mode: 0o400,
  meaning,
  read: (cache) => `${readCounts(cache)[name]}\n`,
  takes: null,
});

/** The sum over all CPUs, then each CPU's part if it is not 0. @see linux 6.1 mm/slub.c show_stat */
function statText(cache: SlubCache, stat: number): string {
  let sum = 0;
  let parts = '';
  for (let cpu = 0; cpu < cache.system.cpus; cpu++) {
    const events = cache.cpu[(cpu << CPU_SHIFT) + stat]! >>> 0;
    sum += events;
    if (events !== 0 && cache.system.online[cpu] === 1) parts += ` C${cpu}=${events}`;
  }
  return `${sum}${parts}\n`;
}

const statistics: readonly CacheAttribute[] = SLUB_STAT_NAMES.map((name, i) => ({
  name,
  mode: 0o600,
  meaning: `Events ${name}: the sum, then each CPU's part that is not 0.`,
  read: (cache) => statText(cache, SlubStat.allocFastpath + i),
  takes: '0: all CPUs start again from 0',
}));

const TABLE: readonly CacheAttribute[] = [
  number('slab_size', 'Bytes from one object to the next, metadata included.', (c) => c.size),
  number('object_size', 'Bytes of an object.', (c) => c.objectSize),
  number('objs_per_slab', 'Objects in a slab of the normal order.', (c) => c.objects),
  number('order', 'log2 of the pages of a normal slab.', (c) => c.order),
  {
    ...number('min_partial', 'Slabs kept on the partial list although empty.', (c) => c.minPartial),
    mode: 0o600,
    takes: 'a number from 0',
  },
  {
    ...number('cpu_partial', 'Free objects wanted on the partial list of each CPU.', (c) => c.cpuPartial),
    mode: 0o600,
    takes: 'a number from 0; of a debugged cache only 0',
  },
  counted('objects', 'Objects in use; those on free lists of CPUs count.'),
  counted('objects_partial', 'Objects in use in slabs on the partial list.'),
  counted('partial', 'Slabs on the partial list.'),
  counted('cpu_slabs', 'Slabs that CPUs hold.'),
  {
    name: 'ctor',
    mode: 0o400,
    meaning: 'The constructor; empty without one.',
    read: (cache) => (cache.ctor === null ? '' : `${cache.ctor.name || 'ctor'}+0x0/0x0\n`),
    takes: null,
  },
  number('aliases', 'Other users that were merged into the cache.', (c) => Math.max(0, c.refcount - 1)),
  number('align', 'Alignment of objects, bytes.', (c) => c.align),
  flag('hwcache_align', SLAB_HWCACHE_ALIGN, 'Objects are aligned to cache lines.'),
  flag('reclaim_account', SLAB_RECLAIM_ACCOUNT, 'Pages count as reclaimable.'),
  flag('destroy_by_rcu', SLAB_TYPESAFE_BY_RCU, 'Slabs are given back after a grace period.'),
  {
    name: 'shrink',
    mode: 0o600,
    meaning: 'Says nothing when read.',
    read: () => '',
    takes: '1: empty slabs are given back, the partial list is sorted',
  },
  counted('slabs_cpu_partial', 'Objects and slabs on the partial lists of CPUs: the sum, then each CPU.'),
  counted('total_objects', 'Objects that all slabs hold.'),
  counted('slabs', 'Slabs.'),
  flag('sanity_checks', SLAB_CONSISTENCY_CHECKS, 'Objects are checked at every allocation and free.'),
  flag('trace', SLAB_TRACE, 'Every allocation and free is reported.'),
  flag('red_zone', SLAB_RED_ZONE, 'Guard bytes surround objects.'),
  flag('poison', SLAB_POISON, 'Free objects are filled with a pattern.'),
  flag('store_user', SLAB_STORE_USER, 'Who allocated and who freed is kept.'),
  {
    name: 'validate',
    mode: 0o600,
    meaning: 'Says nothing when read.',
    read: () => '',
    takes: '1: every object of a debugged cache is checked',
  },
];

const CACHE_DMA = flag(
  'cache_dma',
  SLAB_CACHE_DMA,
  'Objects lie in ZONE_DMA. Only where that zone is configured.',
);
const CACHE_DMA32 = flag(
  'cache_dma32',
  SLAB_CACHE_DMA32,
  'Objects lie in ZONE_DMA32 or below. Only under series v4, and where that zone is configured.',
);
const USERSIZE = number(
  'usersize',
  'Bytes of an object that may be copied to user space.',
  (c) => c.usersize,
);

/** Which files a cache has. */
export interface AttributeRules {
  readonly hasZoneDma: boolean;
  readonly hasZoneDma32: boolean;
  readonly series: string;
}

const tables = new Map<string, ReadonlyMap<string, CacheAttribute>>();

/**
 * The files of a cache's directory by name, in the kernel's order.
 *
 * @param rules default: those of the recorded kernel.
 * @example
 * cacheAttributes().get('order')?.read(cache); // '1\n'
 * @see linux 6.1 mm/slub.c slab_attrs
 */
export function cacheAttributes(
  rules: AttributeRules = { hasZoneDma: true, hasZoneDma32: true, series: 'merged' },
): ReadonlyMap<string, CacheAttribute> {
  const dma = rules.hasZoneDma ? [CACHE_DMA] : [];
  const dma32 = rules.series === 'v4' && rules.hasZoneDma32 ? [CACHE_DMA32] : [];
  const key = `${dma.length}${dma32.length}`;
  const known = tables.get(key);
  if (known !== undefined) return known;
  const all = [...TABLE, ...dma, ...dma32, ...statistics, USERSIZE];
  const table = new Map(all.map((attribute) => [attribute.name, attribute]));
  tables.set(key, table);
  return table;
}
