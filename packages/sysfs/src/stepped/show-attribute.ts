import { checkText } from '@mm/printk';
import {
  CPU_SHIFT,
  NodeWord,
  type SlubCache,
  countPartial,
  cpuPartialLength,
  cpuSlabsOf,
  halfFull,
} from '@mm/slub';
import { type Context, type Steps, irqRestore, irqSave, lock, read, unlock } from '@mm/steps/stepped';

import { checkCache, checkConfig } from '../check-arguments.js';
import { KERNEL_CONFIG, type KernelConfig } from '../kernel-config.js';
import { printUlong } from '../slab/kernel-number.js';
import { type CountedName, attributeNamed } from '../slab/slab-attributes.js';

/** A file's text is cut to what fits a page with a zero byte behind it. */
const TEXT_MAX = 4095;

/**
 * The text of a file in a cache's directory, with its newline; empty for files that say nothing and for a
 * name that no file has.
 *
 * @throws OptionError for what is no cache, no text or no options of the kernel.
 * @example
 * showAttribute(ctx, cache, 'objects'); // '42\n'
 * @see linux 6.1 mm/slub.c slab_attr_show
 */
export function* showAttribute(
  ctx: Context,
  cache: SlubCache,
  name: string,
  config: KernelConfig = KERNEL_CONFIG,
): Steps<string> {
  checkCache(cache);
  checkConfig(config);
  const show = attributeNamed(checkText('name', name))?.show;
  if (show === undefined) return '';
  if (show.from === 'cache') return show.text(cache);
  if (show.from === 'cpus') return (yield* showStat(cache, show.stat)).slice(0, TEXT_MAX);
  return (yield* showCount(ctx, cache, show.count, config)).slice(0, TEXT_MAX);
}

/** @see linux 6.1 mm/slub.c show_slab_objects, slabs_cpu_partial_show */
function* showCount(ctx: Context, cache: SlubCache, count: CountedName, config: KernelConfig): Steps<string> {
  switch (count) {
    case 'slabs':
      yield read(cache.nrSlabsCell);
      return `${cache.node[NodeWord.nrSlabs]!}\n`;
    case 'total_objects':
      yield read(cache.nrSlabsCell);
      return `${cache.node[NodeWord.totalObjects]!}\n`;
    case 'partial':
      yield read(cache.nrPartialCell);
      return `${cache.node[NodeWord.nrPartial]!}\n`;
    case 'objects':
      return `${config.slubDebug ? printUlong((yield* objectCounts(ctx, cache)).objects) : 0}\n`;
    case 'objects_partial':
      return `${(yield* objectCounts(ctx, cache)).partial}\n`;
    case 'cpu_slabs':
      return `${yield* countCpuSlabs(cache)}\n`;
    case 'slabs_cpu_partial':
      return yield* showCpuPartial(cache);
  }
}

/** Objects in use: of all slabs, and of those on the partial list. */
export interface ObjectCounts {
  readonly objects: number;
  readonly total: number;
  readonly partial: number;
  readonly slabs: number;
}

/**
 * Counts objects under the list lock. Linux 6.1 reads the total outside of the lock, so that the free objects of a slab that
 * comes or goes meanwhile can be more than the total it has read: it then prints a number just below 2^64. Here the total
 * is read under the lock, which every slab on the list has been counted before.
 */
export function* objectCounts(_ctx: Context, cache: SlubCache): Steps<ObjectCounts> {
  yield irqSave;
  yield lock(cache.listLockCell);
  const { free, inuse } = countPartial(cache);
  yield read(cache.nrSlabsCell);
  const total = cache.node[NodeWord.totalObjects]!;
  const slabs = cache.node[NodeWord.nrSlabs]!;
  yield unlock(cache.listLockCell);
  yield irqRestore;
  return { objects: total - free, total, partial: inuse, slabs };
}

/** A CPU's slab and the length of its partial list are one step: 6.1 reads a list's first slab and what it counts apart. */
function* countCpuSlabs(cache: SlubCache): Steps<number> {
  let slabs = 0;
  for (let cpu = 0; cpu < cache.system.cpus; cpu++) {
    yield read(cache.cpuCell + cpu);
    slabs += cpuSlabsOf(cache, cpu);
  }
  return slabs;
}

/** The sum first, then each CPU: lists may change between the two. */
function* showCpuPartial(cache: SlubCache): Steps<string> {
  const { cpus, online } = cache.system;
  let all = 0;
  for (let cpu = 0; cpu < cpus; cpu++) {
    if (online[cpu] === 0) continue;
    yield read(cache.cpuCell + cpu);
    all += cpuPartialLength(cache, cpu);
  }
  let text = halfFull(cache, all);
  for (let cpu = 0; cpu < cpus; cpu++) {
    if (online[cpu] === 0) continue;
    yield read(cache.cpuCell + cpu);
    const slabs = cpuPartialLength(cache, cpu);
    if (slabs !== 0) text += ` C${cpu}=${halfFull(cache, slabs)}`;
  }
  return `${text}\n`;
}

/** The sum over the CPUs that are online, then each part that is not 0. @see linux 6.1 mm/slub.c show_stat */
function* showStat(cache: SlubCache, stat: number): Steps<string> {
  const { cpus, online } = cache.system;
  let sum = 0;
  let parts = '';
  for (let cpu = 0; cpu < cpus; cpu++) {
    if (online[cpu] === 0) continue;
    yield read(cache.cpuCell + cpu);
    const events = cache.cpu[(cpu << CPU_SHIFT) + stat]! >>> 0;
    sum += events;
    if (events !== 0) parts += ` C${cpu}=${events}`;
  }
  return `${sum}${parts}\n`;
}
