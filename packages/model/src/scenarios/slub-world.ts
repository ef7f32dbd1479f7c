import type { ScenarioRun, ScenarioTask } from '@mm/interleave';
import { PAGE_SIZE, PageFlag } from '@mm/memory';
import {
  BAD_POINTER,
  CPU_SHIFT,
  CpuWord,
  SLUB_BOOT_DEFAULTS,
  type SlubBoot,
  type SlubCache,
  SlubStat,
  SlubSystem,
  flushCpu,
  peekFreePointer,
  slubAlloc,
  slubFree,
  walkSlub,
} from '@mm/slub';
import { flushAll, slubAlloc as allocSteps, slubFree as freeSteps } from '@mm/slub/stepped';
import { Context, type Steps } from '@mm/steps';
import { GFP_KERNEL } from '@mm/zones';

import { ModelViolation } from '../model-violation.js';
import { runsOf } from './runs.js';
import { SmallPages, type SmallPagesOptions, isFlags } from './small-pages.js';

/** The first counter of a CPU's words. */
const FIRST_STAT = SlubStat.allocFastpath;

/** What of a small SLUB world a scenario wants to be different. */
export interface SlubWorldOptions extends SmallPagesOptions {
  /** Objects of a slab of one page: 1, 2, 4 or 8. Default 2. */
  readonly objects?: number;
  /** Bytes of an object, in place of `objects`. */
  readonly bytes?: number;
  /** SLAB_* flags of the cache. */
  readonly flags?: number;
  readonly boot?: Partial<SlubBoot>;
  /** Empty slabs that the node keeps. Default: as the cache decides, 5. */
  readonly minPartial?: number;
  /** Slabs that a CPU's partial list may hold. Default: as the cache decides. */
  readonly cpuPartialSlabs?: number;
}

/**
 * A cache with few objects in a slab, over a few pages, and the objects that are held at the end of a run.
 *
 *   held objects are distinct and on no free list;   held + free = objects of all slabs
 *
 * Only the end is looked at, so that it does not matter in which order the tasks were noticed.
 */
export class SlubWorld {
  readonly small: SmallPages;
  readonly slub: SlubSystem;
  readonly cache: SlubCache;
  /** Objects that are held for good, by address. */
  readonly held: number[] = [];
  /** Objects that tasks have freed for good. */
  freed = 0;
  /** What a task has seen, in a word each. */
  readonly notes = new Set<string>();

  constructor(options: SlubWorldOptions) {
    this.small = new SmallPages(options);
    const { pages, cells } = this.small;
    const boot = { ...SLUB_BOOT_DEFAULTS, maxOrder: 0, ...options.boot };
    this.slub = new SlubSystem({ pages, cells, boot, bootCaches: false });
    const size = options.bytes ?? PAGE_SIZE / (options.objects ?? 2);
    this.cache = this.slub.register.create({ name: 'object', size, flags: options.flags ?? 0 })!;
    if (options.minPartial !== undefined) this.cache.minPartial = options.minPartial;
    if (options.cpuPartialSlabs !== undefined) this.cache.cpuPartialSlabs = options.cpuPartialSlabs;
  }

  /** Takes objects on a CPU, before the race. */
  take(cpu: number, count: number): number[] {
    const ctx = new Context(cpu);
    return Array.from({ length: count }, () => slubAlloc(ctx, this.cache, GFP_KERNEL)!);
  }

  /** Gives objects back on a CPU, before the race. */
  give(cpu: number, objects: readonly number[]): void {
    const ctx = new Context(cpu);
    for (const object of objects) slubFree(ctx, this.cache, object);
  }

  /** Has every CPU give up its slab and its partial list, before the race. */
  drain(): void {
    for (let cpu = 0; cpu < this.slub.cpus; cpu++) flushCpu(new Context(cpu), this.cache, cpu);
  }

  /** Holds objects that no task will free. */
  hold(objects: readonly number[]): void {
    this.held.push(...objects);
  }

  /** Runs from the state in which this is called. `more`: what is to be seen beside the structures. */
  run(tasks: () => readonly ScenarioTask[], more: Partial<ScenarioRun> = {}): () => ScenarioRun {
    const { cpu } = this.cache;
    for (let at = 0; at < cpu.length; at += 1 << CPU_SHIFT)
      cpu.fill(0, at + FIRST_STAT, at + (1 << CPU_SHIFT));
    return runsOf(this, {
      cells: this.small.cells,
      footprint: { roots: { pages: this.small.pages, slub: this.slub }, exempt: isExempt },
      ...more,
      tasks,
      state: () => this.state(),
      check: () => {
        this.check();
        more.check?.();
      },
    });
  }

  /** One of SLUB's counters, over all CPUs. */
  stat(stat: number): number {
    let sum = 0;
    for (let cpu = 0; cpu < this.slub.cpus; cpu++) sum += this.cache.cpu[(cpu << CPU_SHIFT) + stat]!;
    return sum;
  }

  /** Whether a compare-exchange on a CPU's words has failed, or one on a slab's. */
  readonly exchangeFailed = (): boolean => this.stat(SlubStat.cmpxchgDoubleCpuFail) > 0;
  readonly slabExchangeFailed = (): boolean => this.stat(SlubStat.cmpxchgDoubleFail) > 0;

  /** @throws ModelViolation */
  check(): void {
    const { cache, held } = this;
    const { wrong, live, slabs } = walkSlub(cache);
    if (wrong.length > 0)
      throw new ModelViolation('the structures of the slab allocator agree with each other', wrong[0]!);
    const owned = new Set(held);
    if (owned.size !== held.length)
      throw new ModelViolation(
        'no object is handed out twice',
        `${held.length} held, ${owned.size} different`,
      );
    for (const object of freeObjects(cache))
      if (owned.has(object)) throw new ModelViolation('no held object is free', `0x${object.toString(16)}`);
    if (live !== held.length)
      throw new ModelViolation('objects in use = objects held', `${live} in use, ${held.length} held`);
    this.small.check((slabs + this.slub.rcuSlabs.length) << cache.order);
  }

  /** What a trace shows of it. */
  state(): Record<string, string | number> {
    const { cache } = this;
    const shown: Record<string, string | number> = {};
    for (let cpu = 0; cpu < this.slub.cpus; cpu++) {
      const at = cpu << CPU_SHIFT;
      shown[`cpu${cpu}.slab`] = cache.cpu[at + CpuWord.slab]!;
      shown[`cpu${cpu}.freelist`] = cache.cpu[at + CpuWord.freelist]!;
      shown[`cpu${cpu}.tid`] = cache.cpu[at + CpuWord.tid]!;
      shown[`cpu${cpu}.partial`] = cache.cpu[at + CpuWord.partial]!;
    }
    shown['nr_partial'] = cache.node[0]!;
    shown['nr_slabs'] = cache.node[3]!;
    shown['held'] = this.held.length;
    return shown;
  }
}

/** What the search of partial slabs returns beside its result: read at once, and not at all when there was none. */
const isResult = (path: string, key: string | number): boolean => path === 'slub' && key === 'foundSlab';

/** Counters of the statistics, which are only added to. */
const isCount = (path: string, key: string | number): boolean =>
  path.endsWith('.cpu') && (Number(key) & ((1 << CPU_SHIFT) - 1)) >= FIRST_STAT;

/** What SLUB's tasks may touch without a word. */
export const isExempt = (path: string, key: string | number): boolean =>
  isCount(path, key) || isResult(path, key) || isFlags(path);

/** Every object on a free list of a slab or of a CPU, by address. */
function freeObjects(cache: SlubCache): number[] {
  const { frames, cpus } = cache.system;
  const objects: number[] = [];
  const walk = (pfn: number, first: number): void => {
    for (let at = first; at > 0 && objects.length < 4096; at = peekFreePointer(cache, pfn, at)) {
      if (at === BAD_POINTER) return;
      objects.push(pfn * PAGE_SIZE + at - 1);
    }
  };
  for (let slot = 0; slot < frames.slotCount; slot++)
    if (frames.owner0[slot] === cache.id && (frames.flags[slot]! & PageFlag.slab) !== 0)
      walk(frames.pfnOf(slot), frames.owner1[slot]!);
  for (let cpu = 0; cpu < cpus; cpu++) {
    const at = cpu << CPU_SHIFT;
    if (cache.cpu[at + CpuWord.slab] !== -1)
      walk(cache.cpu[at + CpuWord.slab]!, cache.cpu[at + CpuWord.freelist]!);
  }
  return objects;
}

/** An object; there is always memory for one. */
function* allocOne(ctx: Context, world: SlubWorld): Steps<number> {
  const object = yield* allocSteps(ctx, world.cache, GFP_KERNEL);
  if (object === null) throw new ModelViolation('an allocation does not fail while memory is free', 'it did');
  return object;
}

/** Takes `count` objects and holds them. */
export function* allocTask(world: SlubWorld, ctx: Context, count: number): Steps<void> {
  for (let i = 0; i < count; i++) {
    world.held.push(yield* allocOne(ctx, world));
  }
}

/** Frees objects that were taken before the race. */
export function* freeTask(world: SlubWorld, ctx: Context, objects: readonly number[]): Steps<void> {
  for (const object of objects) {
    yield* freeSteps(ctx, world.cache, object);
    world.freed++;
  }
}

/** Takes an object and gives it back, `rounds` times. */
export function* allocAndFreeTask(world: SlubWorld, ctx: Context, rounds: number): Steps<void> {
  for (let i = 0; i < rounds; i++) {
    const object = yield* allocOne(ctx, world);
    yield* freeSteps(ctx, world.cache, object);
  }
}

/** Has every CPU give its slabs up, `rounds` times. */
export function* flushTask(world: SlubWorld, ctx: Context, rounds: number): Steps<void> {
  for (let i = 0; i < rounds; i++) yield* flushAll(ctx, world.cache);
}
