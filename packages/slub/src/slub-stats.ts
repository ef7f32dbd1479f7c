import { checkInteger } from '@mm/printk';

import { checkCache } from './check-arguments.js';
import type { SlubCache } from './slub-cache.js';

/** The counters of CONFIG_SLUB_STATS in their sysfs order. @see linux 6.1 include/linux/slub_def.h enum stat_item */
export const SLUB_STAT_NAMES = [
  'alloc_fastpath',
  'alloc_slowpath',
  'free_fastpath',
  'free_slowpath',
  'free_frozen',
  'free_add_partial',
  'free_remove_partial',
  'alloc_from_partial',
  'alloc_slab',
  'alloc_refill',
  'alloc_node_mismatch',
  'free_slab',
  'cpuslab_flush',
  'deactivate_full',
  'deactivate_empty',
  'deactivate_to_head',
  'deactivate_to_tail',
  'deactivate_remote_frees',
  'deactivate_bypass',
  'order_fallback',
  'cmpxchg_double_cpu_fail',
  'cmpxchg_double_fail',
  'cpu_partial_alloc',
  'cpu_partial_free',
  'cpu_partial_node',
  'cpu_partial_drain',
] as const;

/** Words of a CPU in {@link SlubCache.cpu}: its state, then its counters. */
export const CpuWord = {
  /** First page frame of the slab that the CPU allocates from; -1 for none. */
  slab: 0,
  /** Its lockless free list: offset of the first object in the slab | 1; 0 for an empty list. */
  freelist: 1,
  /** Transaction id: advances with every change of the two words above. */
  tid: 2,
  /**
   * Offsets below this are taken back by the fast path: up to where the slab's last object begins. 0 where it takes none:
   * without a slab, on a strict machine, and where {@link CpuWord.chunk} is 0.
   */
  freeBelow: 3,
  /** Slot of the first slab of the CPU's partial list; 0 for none. */
  partial: 4,
  /** Which of the memory's chunks holds the slab's bytes; 0 where free pointers take the long way. */
  chunk: 5,
  /** Index in the chunk of the free pointer of an object at offset 0. */
  pointerBase: 6,
  /** High word of the slab's virtual address. */
  high: 7,
} as const;

/** log2 of the words that a CPU has. */
export const CPU_SHIFT = 6;
const FIRST = 8;

/** Where a CPU's counters lie among its words. */
export const SlubStat = {
  allocFastpath: FIRST,
  allocSlowpath: FIRST + 1,
  freeFastpath: FIRST + 2,
  freeSlowpath: FIRST + 3,
  freeFrozen: FIRST + 4,
  freeAddPartial: FIRST + 5,
  freeRemovePartial: FIRST + 6,
  allocFromPartial: FIRST + 7,
  allocSlab: FIRST + 8,
  allocRefill: FIRST + 9,
  freeSlab: FIRST + 11,
  cpuslabFlush: FIRST + 12,
  deactivateFull: FIRST + 13,
  deactivateEmpty: FIRST + 14,
  deactivateToHead: FIRST + 15,
  deactivateToTail: FIRST + 16,
  deactivateRemoteFrees: FIRST + 17,
  deactivateBypass: FIRST + 18,
  orderFallback: FIRST + 19,
  cmpxchgDoubleCpuFail: FIRST + 20,
  cmpxchgDoubleFail: FIRST + 21,
  cpuPartialAlloc: FIRST + 22,
  cpuPartialFree: FIRST + 23,
  cpuPartialNode: FIRST + 24,
  cpuPartialDrain: FIRST + 25,
} as const;

/** @see linux 6.1 mm/slub.c stat */
export function count(cache: SlubCache, cpu: number, stat: number): void {
  cache.cpu[(cpu << CPU_SHIFT) | stat]! += 1;
}

/** Another task was faster on this CPU. */
export const countCpuFail = (cache: SlubCache, cpu: number): void =>
  count(cache, cpu, SlubStat.cmpxchgDoubleCpuFail);

/**
 * Sets a counter to 0 on every CPU that is online.
 * @throws OptionError for what is no cache or no counter.
 * @example
 * clearStat(cache, SlubStat.allocFastpath);
 * @see linux 6.1 mm/slub.c clear_stat
 */
export function clearStat(cache: SlubCache, stat: number): void {
  const { cpus, online } = checkCache(cache).system;
  checkInteger('stat', stat, FIRST, SlubStat.cpuPartialDrain);
  for (let cpu = 0; cpu < cpus; cpu++) if (online[cpu] === 1) cache.cpu[(cpu << CPU_SHIFT) + stat] = 0;
}
