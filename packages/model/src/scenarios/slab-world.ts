import type { ScenarioRun, ScenarioTask } from '@mm/interleave';
import {
  ArrayWord,
  NodeWord,
  type SlabCache,
  SlabSystem,
  drainCpu,
  slabAlloc,
  slabFree,
  walkSlab,
} from '@mm/slab';
import { slabAlloc as allocSteps, slabFree as freeSteps } from '@mm/slab/stepped';
import { Context, type Steps } from '@mm/steps';
import { GFP_KERNEL } from '@mm/zones';

import { ModelViolation } from '../model-violation.js';
import { runsOf } from './runs.js';
import { SmallPages, type SmallPagesOptions, isFlags } from './small-pages.js';

/** What of a small SLAB world a scenario wants to be different. */
export interface SlabWorldOptions extends SmallPagesOptions {
  /** Objects that each CPU's array holds, and that are moved at a time. */
  readonly limit: number;
  readonly batch: number;
  /** SLAB_* flags of the cache. */
  readonly flags?: number;
}

/**
 * A SLAB cache with short arrays over a few pages, and the objects that are held at the end of a run.
 *
 *   held objects are distinct and in no array;   held = active objects - objects in arrays
 */
export class SlabWorld {
  readonly small: SmallPages;
  readonly slab: SlabSystem;
  readonly cache: SlabCache;
  /** Objects that are held for good, by address. */
  readonly held: number[] = [];

  /** Objects of 1 KiB, four in a slab; each CPU's array holds up to `limit`. */
  constructor(options: SlabWorldOptions) {
    this.small = new SmallPages({ ...options, batch: 4 });
    const { pages, cells } = this.small;
    this.slab = new SlabSystem({ pages, cells, bootCaches: false });
    this.cache = this.slab.register.create({ name: 'object', size: 1008, flags: options.flags ?? 0 })!;
    for (const array of this.cache.arrays) {
      array.words[ArrayWord.limit] = options.limit;
      array.words[ArrayWord.batchcount] = options.batch;
    }
    this.cache.sharedArray = null;
  }

  /** Takes objects on a CPU, before the race. */
  take(cpu: number, count: number): number[] {
    const ctx = new Context(cpu);
    return Array.from({ length: count }, () => slabAlloc(ctx, this.cache, GFP_KERNEL)!);
  }

  /** Gives objects back on a CPU, before the race. */
  give(cpu: number, objects: readonly number[]): void {
    for (const object of objects) slabFree(new Context(cpu), this.cache, object);
  }

  /** Has every CPU empty its array, before the race. */
  drain(): void {
    for (let cpu = 0; cpu < this.slab.cpus; cpu++) drainCpu(new Context(cpu), this.cache, cpu);
  }

  /** Objects in the array of a CPU. */
  avail(cpu: number): number {
    return this.cache.arrays[cpu]!.words[ArrayWord.avail]!;
  }

  /** Runs from the state in which this is called. `more`: what is to be seen beside the structures. */
  run(tasks: () => readonly ScenarioTask[], more: Partial<ScenarioRun> = {}): () => ScenarioRun {
    return runsOf(this, {
      ...more,
      cells: this.small.cells,
      tasks,
      state: () => this.state(),
      footprint: { roots: { pages: this.small.pages, slab: this.slab }, exempt: isExempt },
      check: () => {
        this.check();
        more.check?.();
      },
    });
  }

  /** @throws ModelViolation */
  check(): void {
    const { cache, held } = this;
    const { wrong, live, slabs } = walkSlab(cache);
    if (wrong.length > 0)
      throw new ModelViolation('the structures of the slab allocator agree with each other', wrong[0]!);
    const owned = new Set(held);
    if (owned.size !== held.length)
      throw new ModelViolation(
        'no object is handed out twice',
        `${held.length} held, ${owned.size} different`,
      );
    for (const { words, entries } of cache.arrays)
      for (const object of entries.subarray(0, words[ArrayWord.avail]))
        if (owned.has(object))
          throw new ModelViolation('no held object is in an array', `0x${object.toString(16)}`);
    if (live !== held.length)
      throw new ModelViolation('objects in use = objects held', `${live} in use, ${held.length} held`);
    this.small.check((slabs + this.slab.rcuSlabs.length) << cache.order);
  }

  /** What a trace shows of it. */
  state(): Record<string, string | number> {
    const { node } = this.cache;
    const shown: Record<string, string | number> = {
      total_slabs: node[NodeWord.totalSlabs]!,
      free_slabs: node[NodeWord.freeSlabs]!,
      free_objects: node[NodeWord.freeObjects]!,
      held: this.held.length,
    };
    for (let cpu = 0; cpu < this.slab.cpus; cpu++) shown[`cpu${cpu}.avail`] = this.avail(cpu);
    return shown;
  }
}

/** The colour of the next slab is counted without a lock: any colour will do. @see linux 6.1 mm/slab.c cache_grow_begin */
const isExempt = (path: string, key: string | number): boolean =>
  isFlags(path) || (path.endsWith('.node') && Number(key) === NodeWord.colourNext);

/** Takes `count` objects and holds them. */
export function* slabAllocTask(world: SlabWorld, ctx: Context, count: number): Steps<void> {
  for (let i = 0; i < count; i++) {
    const object = yield* allocSteps(ctx, world.cache, GFP_KERNEL);
    if (object === null)
      throw new ModelViolation('an allocation does not fail while memory is free', 'it did');
    world.held.push(object);
  }
}

/** Frees objects that were taken before the race. */
export function* slabFreeTask(world: SlabWorld, ctx: Context, objects: readonly number[]): Steps<void> {
  for (const object of objects) yield* freeSteps(ctx, world.cache, object);
}
