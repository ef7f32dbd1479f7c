import {
  SLAB_CACHE_DMA,
  SLAB_CACHE_DMA32,
  SLAB_CONSISTENCY_CHECKS,
  SLAB_FAILSLAB,
  SLAB_HWCACHE_ALIGN,
  SLAB_POISON,
  SLAB_RECLAIM_ACCOUNT,
  SLAB_RED_ZONE,
  SLAB_STORE_USER,
  SLAB_TRACE,
  SLAB_TYPESAFE_BY_RCU,
  type Series,
} from '@mm/kmem';
import { SLUB_STAT_NAMES, type SlubCache, SlubStat } from '@mm/slub';

import { checkRules } from '../check-arguments.js';
import type { KernelConfig } from '../kernel-config.js';
import { printUlong } from './kernel-number.js';
import { STATISTIC_MEANINGS } from './statistic-meanings.js';

/** Files that are counted when they are read, which takes steps: see `showAttribute`. */
export type CountedName =
  | 'objects'
  | 'objects_partial'
  | 'partial'
  | 'cpu_slabs'
  | 'slabs_cpu_partial'
  | 'total_objects'
  | 'slabs';

/** Where the text of a file comes from. */
export type Show =
  | { readonly from: 'cache'; readonly text: (cache: SlubCache) => string }
  | { readonly from: 'count'; readonly count: CountedName }
  | { readonly from: 'cpus'; readonly stat: number };

/** When a file is there: always, or under an option of the kernel or a state of the patch series. */
export type Needs =
  | 'SLUB_DEBUG'
  | 'SLUB_STATS'
  | 'ZONE_DMA'
  | 'ZONE_DMA32 and series v4'
  | 'FAILSLAB'
  | 'KFENCE';

/** A file in a cache's directory below /sys/kernel/slab. What writing does: `storeAttribute`. */
export interface SlabAttribute {
  readonly name: string;
  /** Permission bits. */
  readonly mode: number;
  /** What its text is made of. */
  readonly type: string;
  /** What the file holds. */
  readonly meaning: string;
  /** The kernel that first had it. */
  readonly since: string;
  /** When it is there; null: always. */
  readonly needs: Needs | null;
  readonly show: Show;
  /** The text that a write must be; null: cannot be written. */
  readonly takes: string | null;
}

const READ_ONLY = 0o400;
const WRITABLE = 0o600;

type Given = Pick<SlabAttribute, 'name' | 'meaning' | 'since'> & Partial<SlabAttribute>;

const attribute = (given: Given, show: Show): SlabAttribute => ({
  mode: READ_ONLY,
  type: 'number',
  needs: null,
  takes: null,
  show,
  ...given,
});

const number = (of: (cache: SlubCache) => number, given: Given): SlabAttribute =>
  attribute(given, { from: 'cache', text: (cache) => `${printUlong(of(cache))}\n` });

const flag = (bit: number, given: Given): SlabAttribute =>
  attribute(
    { type: '0 or 1', ...given },
    { from: 'cache', text: (cache) => ((cache.flags & bit) === 0 ? '0\n' : '1\n') },
  );

const counted = (count: CountedName, given: Omit<Given, 'name'>): SlabAttribute =>
  attribute({ name: count, ...given }, { from: 'count', count });

const silent = (given: Given): SlabAttribute =>
  attribute({ type: 'empty when read', mode: WRITABLE, ...given }, { from: 'cache', text: () => '' });

const ALWAYS: readonly SlabAttribute[] = [
  number((c) => c.size, {
    name: 'slab_size',
    since: '2.6.22',
    type: 'bytes',
    meaning: 'From one object to the next, metadata and padding included.',
  }),
  number((c) => c.objectSize, {
    name: 'object_size',
    since: '2.6.22',
    type: 'bytes',
    meaning: 'An object, the largest of all users of the cache.',
  }),
  number((c) => c.objects, {
    name: 'objs_per_slab',
    since: '2.6.22',
    type: 'objects',
    meaning: 'Objects in a slab of the normal order.',
  }),
  number((c) => c.order, {
    name: 'order',
    since: '2.6.22',
    type: 'log2 of pages',
    meaning:
      'A slab of the normal order. Could be written up to 5.8; changing it under allocations was not safe.',
  }),
  number((c) => c.minPartial, {
    name: 'min_partial',
    since: '2.6.30',
    type: 'slabs',
    mode: WRITABLE,
    meaning: 'Slabs that the partial list keeps although they are empty.',
    takes: 'a decimal number that fits an unsigned long; else EINVAL or ERANGE',
  }),
  number((c) => c.cpuPartial, {
    name: 'cpu_partial',
    since: '3.2',
    type: 'objects',
    mode: WRITABLE,
    meaning: 'Free objects wanted on the partial list of each CPU.',
    takes:
      'a decimal number that fits an unsigned int, of a cache with debug flags only 0; else EINVAL or ERANGE. Every CPU then gives up its slabs',
  }),
  counted('objects', {
    since: '2.6.22',
    type: 'objects',
    meaning: 'Objects in use. Free ones that a CPU holds count as in use. 0 without SLUB_DEBUG.',
  }),
  counted('objects_partial', {
    since: '2.6.26',
    type: 'objects',
    meaning: 'Objects in use in the slabs of the partial list.',
  }),
  counted('partial', { since: '2.6.22', type: 'slabs', meaning: 'Slabs on the partial list.' }),
  counted('cpu_slabs', {
    since: '2.6.22',
    type: 'slabs',
    meaning: 'Slabs that CPUs hold. The partial list of a CPU without a slab of its own is left out.',
  }),
  attribute(
    {
      name: 'ctor',
      since: '2.6.22',
      type: 'symbol+offset/size',
      meaning:
        'The constructor; empty without one. A function of TypeScript has no address: offset and size are 0.',
    },
    { from: 'cache', text: ({ ctor }) => (ctor === null ? '' : `${ctor.name || 'ctor'}+0x0/0x0\n`) },
  ),
  attribute(
    {
      name: 'aliases',
      since: '2.6.22',
      type: 'users',
      meaning:
        'Other users that were merged into the cache; -1 of one that everybody has given up, with objects that are still live.',
    },
    { from: 'cache', text: ({ refcount }) => `${refcount < 0 ? 0 : refcount - 1}\n` },
  ),
  number((c) => c.align, {
    name: 'align',
    since: '2.6.22',
    type: 'bytes',
    meaning: 'Alignment of objects.',
  }),
  flag(SLAB_HWCACHE_ALIGN, {
    name: 'hwcache_align',
    since: '2.6.22',
    meaning: 'Objects are aligned to cache lines.',
  }),
  flag(SLAB_RECLAIM_ACCOUNT, {
    name: 'reclaim_account',
    since: '2.6.22',
    meaning: 'Pages count as reclaimable.',
  }),
  flag(SLAB_TYPESAFE_BY_RCU, {
    name: 'destroy_by_rcu',
    since: '2.6.22',
    meaning: 'Slabs are given back after a grace period.',
  }),
  silent({
    name: 'shrink',
    since: '2.6.22',
    meaning: 'Gives memory back.',
    takes:
      'a text that begins with 1; else EINVAL. CPUs give up their slabs, empty slabs go back, the partial list is sorted',
  }),
  counted('slabs_cpu_partial', {
    since: '3.2',
    type: 'objects(slabs), then ` Cn=objects(slabs)`',
    meaning:
      'Partial lists of the CPUs that are online: all, then each that has one. Objects are an estimate: half of what the slabs hold.',
  }),
];

const DEBUG: readonly SlabAttribute[] = [
  counted('total_objects', { since: '2.6.26', type: 'objects', meaning: 'Objects that all slabs hold.' }),
  counted('slabs', { since: '2.6.22', type: 'slabs', meaning: 'All slabs of the cache.' }),
  flag(SLAB_CONSISTENCY_CHECKS, {
    name: 'sanity_checks',
    since: '2.6.22',
    meaning: 'Objects are checked at every allocation and free (slub_debug=F).',
  }),
  flag(SLAB_TRACE, {
    name: 'trace',
    since: '2.6.22',
    meaning: 'Every allocation and free is reported (slub_debug=T).',
  }),
  flag(SLAB_RED_ZONE, {
    name: 'red_zone',
    since: '2.6.22',
    meaning: 'Guard bytes surround objects (slub_debug=Z).',
  }),
  flag(SLAB_POISON, {
    name: 'poison',
    since: '2.6.22',
    meaning: 'Free objects are filled with a pattern (slub_debug=P).',
  }),
  flag(SLAB_STORE_USER, {
    name: 'store_user',
    since: '2.6.22',
    meaning: 'Who allocated and who freed each object is kept (slub_debug=U).',
  }),
  silent({
    name: 'validate',
    since: '2.6.22',
    meaning: 'Checks objects.',
    takes:
      'a text that begins with 1, of a cache with debug flags; else EINVAL. Every object of every slab on a list is checked, faults go to the log',
  }),
].map((debug) => ({ ...debug, needs: 'SLUB_DEBUG' }));

const DMA: SlabAttribute = flag(SLAB_CACHE_DMA, {
  name: 'cache_dma',
  since: '2.6.22',
  needs: 'ZONE_DMA',
  meaning: 'Objects lie in ZONE_DMA.',
});

const DMA32: SlabAttribute = flag(SLAB_CACHE_DMA32, {
  name: 'cache_dma32',
  since: 'never',
  needs: 'ZONE_DMA32 and series v4',
  meaning: 'Objects lie in ZONE_DMA32 or below.',
});

const SINCE: Readonly<Record<string, string>> = {
  cpuslab_flush: '2.6.31',
  order_fallback: '2.6.26',
  alloc_node_mismatch: '3.1',
  deactivate_bypass: '3.1',
  cmpxchg_double_cpu_fail: '2.6.39',
  cmpxchg_double_fail: '3.1',
  cpu_partial_alloc: '3.2',
  cpu_partial_free: '3.2',
  cpu_partial_node: '3.4',
  cpu_partial_drain: '3.4',
};

const STATISTICS: readonly SlabAttribute[] = SLUB_STAT_NAMES.map((name, i) => ({
  name,
  mode: WRITABLE,
  type: 'events, then ` Cn=events`',
  meaning: STATISTIC_MEANINGS[name],
  since: SINCE[name] ?? '2.6.25',
  needs: 'SLUB_STATS',
  show: { from: 'cpus', stat: SlubStat.allocFastpath + i },
  takes: 'a text that begins with 0; else EINVAL. CPUs that are online start again from 0',
}));

const FAILSLAB: SlabAttribute = flag(SLAB_FAILSLAB, {
  name: 'failslab',
  since: '2.6.34',
  needs: 'FAILSLAB',
  meaning:
    'Allocations may be made to fail, where only those of chosen caches are (slub_debug=A). Could be written up to 5.7, and can again from 6.2 on.',
});

const USERSIZE: SlabAttribute = number((c) => c.usersize, {
  name: 'usersize',
  since: '4.16',
  type: 'bytes',
  meaning: 'The part of an object that may be copied to and from user space.',
});

/** Allocations are never taken over by KFENCE. @see linux 6.1 include/linux/slab.h SLAB_SKIP_KFENCE */
export const SLAB_SKIP_KFENCE = 0x20000000;

const SKIP_KFENCE: SlabAttribute = flag(SLAB_SKIP_KFENCE, {
  name: 'skip_kfence',
  since: '6.1',
  needs: 'KFENCE',
  mode: WRITABLE,
  meaning: 'KFENCE does not watch objects of the cache. KFENCE itself is not simulated.',
  takes: 'a text that begins with 0 or 1; else EINVAL',
});

/** Every file that a cache can have, in the kernel's order. */
export const SLAB_ATTRIBUTES: readonly SlabAttribute[] = [
  ...ALWAYS,
  ...DEBUG,
  DMA,
  DMA32,
  ...STATISTICS,
  FAILSLAB,
  USERSIZE,
  SKIP_KFENCE,
] as readonly SlabAttribute[];

const BY_NAME: ReadonlyMap<string, SlabAttribute> = new Map(
  SLAB_ATTRIBUTES.map((known) => [known.name, known]),
);

/** The file of that name, whether caches have it now or not. */
export const attributeNamed = (name: string): SlabAttribute | undefined => BY_NAME.get(name);

/** What decides which files a cache has. */
export interface AttributeRules {
  readonly hasZoneDma: boolean;
  readonly hasZoneDma32: boolean;
  readonly series: Series;
  readonly config: KernelConfig;
}

const isThere = (needs: Needs | null, rules: AttributeRules): boolean => {
  if (needs === null) return true;
  const { config } = rules;
  return {
    SLUB_DEBUG: config.slubDebug,
    SLUB_STATS: config.slubStats,
    ZONE_DMA: rules.hasZoneDma,
    'ZONE_DMA32 and series v4': rules.hasZoneDma32 && rules.series === 'v4',
    FAILSLAB: config.failslab,
    KFENCE: config.kfence,
  }[needs];
};

/**
 * The files of a cache's directory by name, in the kernel's order.
 * @throws OptionError naming the rule that is none.
 *
 * @example
 * slabAttributes({ hasZoneDma: true, hasZoneDma32: true, series: 'merged', config: KERNEL_CONFIG }).has('cache_dma32'); // false
 * @see linux 6.1 mm/slub.c slab_attrs
 */
export function slabAttributes(rules: AttributeRules): ReadonlyMap<string, SlabAttribute> {
  checkRules(rules);
  return new Map(
    SLAB_ATTRIBUTES.filter(({ needs }) => isThere(needs, rules)).map((known) => [known.name, known]),
  );
}
