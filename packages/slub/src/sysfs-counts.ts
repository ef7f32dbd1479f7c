import { checkCpu } from '@mm/kmem';
import { Errno, checkInteger } from '@mm/printk';

import { checkCache } from './check-arguments.js';
import { getFreePointer } from './free-pointer.js';
import { inuseOf, objectsOf } from './slab-counters.js';
import { NodeWord, type SlubCache } from './slub-cache.js';
import { CPU_SHIFT, CpuWord, SLUB_STAT_NAMES, SlubStat } from './slub-stats.js';

/** What the sysfs files of these names say. @see linux 6.1 mm/slub.c show_slab_objects */
export interface SlubCounts {
  readonly objects: number;
  readonly total_objects: number;
  readonly slabs: number;
  readonly partial: number;
  readonly cpu_slabs: number;
  readonly objects_partial: number;
  readonly slabs_cpu_partial: string;
}

/** Objects of the slabs on the node's partial list. */
export interface PartialObjects {
  readonly free: number;
  readonly inuse: number;
}

/**
 * Counts the objects of the node's partial slabs. Under the list lock.
 * @throws OptionError for what is no cache.
 * @example
 * countPartial(cache).free;
 * @see linux 6.1 mm/slub.c count_partial
 */
export function countPartial(cache: SlubCache): PartialObjects {
  const { frames } = checkCache(cache).system;
  const { owner2, next } = frames;
  let free = 0;
  let inuse = 0;
  for (let slot = cache.node[NodeWord.partialFirst]!; slot !== 0; slot = next[slot]!) {
    free += objectsOf(owner2[slot]!) - inuseOf(owner2[slot]!);
    inuse += inuseOf(owner2[slot]!);
  }
  return { free, inuse };
}

/**
 * Slabs on a CPU's partial list, as the first of them counts.
 * @throws OptionError for what is no cache or no CPU.
 * @example
 * cpuPartialLength(cache, 0);
 */
export function cpuPartialLength(cache: SlubCache, cpu: number): number {
  const { cpu: words, system } = checkCache(cache);
  const first = words[(checkCpu(system.cpus, cpu) << CPU_SHIFT) + CpuWord.partial]!;
  return first === 0 ? 0 : system.frames.prev[first]!;
}

/**
 * Slabs that a CPU holds, as `cpu_slabs` counts them: those of a CPU that has no slab to allocate from are left out.
 * @throws OptionError for what is no cache or no CPU.
 * @example
 * cpuSlabsOf(cache, 0);
 */
export function cpuSlabsOf(cache: SlubCache, cpu: number): number {
  checkCpu(checkCache(cache).system.cpus, cpu);
  if (cache.cpu[(cpu << CPU_SHIFT) + CpuWord.slab]! < 0) return 0;
  return 1 + cpuPartialLength(cache, cpu);
}

/**
 * `objects(slabs)`, with slabs taken for half full.
 * @throws OptionError for what is no cache or no number of slabs.
 * @example
 * halfFull(cache, 3); // '48(3)' where a slab has 32 objects
 * @see linux 6.1 mm/slub.c slabs_cpu_partial_show
 */
export function halfFull(cache: SlubCache, slabs: number): string {
  checkInteger('slabs', slabs, 0, 2 ** 31 - 1);
  return `${(slabs * checkCache(cache).objects) >> 1}(${slabs})`;
}

/**
 * Reads the usage counters of a cache that nobody is changing.
 * @throws OptionError for what is no cache.
 * @example
 * readCounts(cache).slabs;
 */
export function readCounts(cache: SlubCache): SlubCounts {
  const { node, system } = checkCache(cache);
  const { free, inuse } = countPartial(cache);
  let cpuSlabs = 0;
  let all = 0;
  let each = '';
  for (let cpu = 0; cpu < system.cpus; cpu++) {
    cpuSlabs += cpuSlabsOf(cache, cpu);
    const slabs = cpuPartialLength(cache, cpu);
    if (system.online[cpu] === 0 || slabs === 0) continue;
    all += slabs;
    each += ` C${cpu}=${halfFull(cache, slabs)}`;
  }
  const total = node[NodeWord.totalObjects]!;
  return {
    objects: total - free,
    total_objects: total,
    slabs: node[NodeWord.nrSlabs]!,
    partial: node[NodeWord.nrPartial]!,
    cpu_slabs: cpuSlabs,
    objects_partial: inuse,
    slabs_cpu_partial: `${halfFull(cache, all)}${each}`,
  };
}

/**
 * A CPU's event counters in the order of {@link SLUB_STAT_NAMES}.
 * @throws OptionError for what is no cache or no CPU.
 * @example
 * readStats(cache, 0)[SLUB_STAT_NAMES.indexOf('alloc_fastpath')];
 */
export function readStats(cache: SlubCache, cpu: number): number[] {
  const first = (checkCpu(checkCache(cache).system.cpus, cpu) << CPU_SHIFT) + SlubStat.allocFastpath;
  return Array.from(cache.cpu.subarray(first, first + SLUB_STAT_NAMES.length), (n) => n >>> 0);
}

/** What a CPU holds of a cache; slabs by page frame. */
export interface CpuCounts {
  /** First page frame of its slab, or null. */
  readonly slab: number | null;
  readonly free: number;
  readonly inuse: number;
  /** Address of the object to be allocated next, or null. */
  readonly next: number | null;
  /** Its partial list: page frame, objects in use, slabs from here to the end. */
  readonly partial: ReadonlyArray<readonly [pfn: number, inuse: number, slabs: number]>;
}

/**
 * Walks what a CPU holds.
 * @throws OptionError for what is no cache or no CPU.
 * @example
 * cpuCounts(cache, 0).free; // objects that the fast path can hand out
 */
export function cpuCounts(cache: SlubCache, cpu: number): CpuCounts {
  const { frames } = checkCache(cache).system;
  const at = checkCpu(cache.system.cpus, cpu) << CPU_SHIFT;
  const slab = cache.cpu[at + CpuWord.slab]!;
  const first = cache.cpu[at + CpuWord.freelist]!;
  let free = 0;
  for (let object = first; object !== 0; object = getFreePointer(cache, slab, object)) free++;
  const partial: Array<readonly [number, number, number]> = [];
  for (let slot = cache.cpu[at + CpuWord.partial]!; slot !== 0; slot = frames.next[slot]!)
    partial.push([frames.pfnOf(slot), inuseOf(frames.owner2[slot]!), frames.prev[slot]!]);
  return {
    slab: slab < 0 ? null : slab,
    free,
    inuse: slab < 0 ? 0 : inuseOf(frames.owner2[frames.peekSlotOf(slab)]!),
    next: first === 0 ? null : slab * 4096 + first - 1,
    partial,
  };
}

/**
 * Writes sysfs `min_partial`; any number from 0 that 64 bits hold.
 * @throws OptionError for what is no cache or no such number.
 * @example
 * setMinPartial(cache, 5);
 * @see linux 6.1 mm/slub.c min_partial_store
 */
export function setMinPartial(cache: SlubCache, slabs: number): void {
  checkCache(cache).minPartial = checkInteger('slabs', slabs, 0, 2 ** 64);
}

/**
 * Writes sysfs `cpu_partial`; the caller flushes all CPUs afterwards.
 * @param objects from 0, an unsigned int.
 * @returns 0, or -EINVAL for a cache with debug flags.
 * @throws OptionError for what is no cache or no such number.
 * @example
 * setCpuPartial(cache, 30); // 0
 * @see linux 6.1 mm/slub.c cpu_partial_store
 */
export function setCpuPartial(cache: SlubCache, objects: number): number {
  checkInteger('objects', objects, 0, 2 ** 32 - 1);
  if (checkCache(cache).debugging && objects !== 0) return -Errno.EINVAL;
  cache.cpuPartial = objects;
  // In C's unsigned int, which the doubling may leave.
  cache.cpuPartialSlabs = Math.floor(((objects * 2 + cache.objects - 1) >>> 0) / cache.objects);
  return 0;
}
