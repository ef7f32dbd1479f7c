import type { ScenarioRun, ScenarioTask } from '@mm/interleave';
import {
  PAGE_FRAG_CACHE_MAX_SIZE,
  PageFragCache,
  checkPageFragInvariants,
  pageFragAlloc,
} from '@mm/page-frag';
import { pageFragAlloc as allocSteps, pageFragFree } from '@mm/page-frag/stepped';
import { Context, type Steps, irqRestore, irqSave } from '@mm/steps';
import { GFP_ATOMIC } from '@mm/zones';

import { ModelViolation } from '../model-violation.js';
import { runsOf } from './runs.js';
import { type NamedScenario, SMALL, THREE_CPUS, TWO_EACH } from './scenario.js';
import { SmallPages, isFlags } from './small-pages.js';

/**
 * A fragment cache over a few pages, and the fragments that are held at the end of a run.
 *
 *   references of a block = bias, where it is the cache's, + fragments of it that are held;   held fragments are disjoint
 */
class FragWorld {
  readonly small: SmallPages;
  readonly cache: PageFragCache;
  /** Addresses of fragments that are held for good. */
  readonly held: number[] = [];
  readonly sizeBytes: number;

  constructor(cpus: number, sizeBytes: number) {
    this.small = new SmallPages({ cpus });
    this.cache = new PageFragCache(this.small.pages, this.small.cells);
    this.sizeBytes = sizeBytes;
  }

  /** Takes fragments before the race. */
  take(count: number): number[] {
    const ctx = new Context(0);
    return Array.from({ length: count }, () => pageFragAlloc(ctx, this.cache, this.sizeBytes, GFP_ATOMIC)!);
  }

  run(tasks: () => readonly ScenarioTask[], sometimes: ScenarioRun['sometimes'] = {}): () => ScenarioRun {
    return runsOf(this, {
      cells: this.small.cells,
      tasks,
      sometimes,
      state: () => ({ pfn: this.cache.pfn, offset: this.cache.offset, bias: this.cache.pagecntBias }),
      footprint: { roots: { pages: this.small.pages, frag: this.cache }, exempt: isFlags },
      check: () => this.check(),
    });
  }

  /** @throws ModelViolation */
  check(): void {
    const { cache, held, sizeBytes } = this;
    const blocks = new Set(held.map(blockOf));
    if (cache.pfn >= 0) blocks.add(cache.pfn);
    const sorted = held.toSorted((a, b) => a - b);
    for (let i = 1; i < sorted.length; i++)
      if (sorted[i]! < sorted[i - 1]! + sizeBytes)
        throw new ModelViolation('no fragment overlaps another', `0x${sorted[i]!.toString(16)}`);
    const wrong = checkPageFragInvariants(cache, held.filter((at) => blockOf(at) === cache.pfn).length);
    if (wrong.length > 0)
      throw new ModelViolation('references of the block = bias + fragments alive', wrong[0]!);
    for (const pfn of blocks) {
      if (pfn === cache.pfn) continue;
      const references = this.small.pages.frames.refcount[this.small.pages.frames.slotOf(pfn)]!;
      const alive = held.filter((at) => blockOf(at) === pfn).length;
      if (references !== alive)
        throw new ModelViolation(
          'references of a used up block = fragments alive',
          `pfn ${pfn}: ${references} references, ${alive} fragments`,
        );
    }
    this.small.check(blocks.size * 8);
  }
}

/** The first page of the block of order 3 that a fragment lies in. */
const blockOf = (address: number): number => Math.floor(address / PAGE_FRAG_CACHE_MAX_SIZE) * 8;

function* takeTask(world: FragWorld, ctx: Context, count: number): Steps<void> {
  for (let i = 0; i < count; i++) {
    // As users of a cache by CPU do it: its interrupt handlers use the same.
    yield irqSave;
    const at = yield* allocSteps(ctx, world.cache, world.sizeBytes, GFP_ATOMIC);
    yield irqRestore;
    if (at === null) throw new ModelViolation('an allocation does not fail while memory is free', 'null');
    world.held.push(at);
  }
}

function* giveTask(world: FragWorld, ctx: Context, fragments: readonly number[]): Steps<void> {
  for (const at of fragments) yield* pageFragFree(ctx, world.small.pages, at);
}

/** Frees of a block’s last fragments, while its cache finds it used up. */
export const pageFragRefill: NamedScenario = {
  name: 'page-frag-refill',
  purpose:
    'a fragment cache gives its references to a used up block back, to use it again or to take another, while other CPUs free the last fragments of it',
  functions: ['page_frag_alloc_align', '__page_frag_cache_refill', 'page_frag_free'],
  holds: ['references of the block = bias + fragments alive', 'no fragment overlaps another'],
  kills: [37],
  sizes: [SMALL, TWO_EACH, THREE_CPUS],
  at: ({ cpus, operations }) => {
    const each = operations;
    const world = new FragWorld(cpus, PAGE_FRAG_CACHE_MAX_SIZE / (each * (cpus - 1)));
    const taken = world.take(each * (cpus - 1));
    const first = world.cache.pfn;
    const make = world.run(
      () =>
        Array.from({ length: cpus }, (_, cpu) => {
          const ctx = new Context(cpu);
          if (cpu === 0) return { ctx, name: 'alloc', steps: takeTask(world, ctx, operations) };
          const mine = taken.slice(each * (cpu - 1), each * cpu);
          return { ctx, name: `free ${cpu}`, steps: giveTask(world, ctx, mine) };
        }),
      {
        'the block was used again': () => world.held.length > 0 && world.cache.pfn === first,
        'another was taken': () => world.held.length > 0 && world.cache.pfn !== first,
      },
    );
    return { cpus, make };
  },
};

/** One cache, used by a task and by a handler that comes at any time. */
export const pageFragInterrupt: NamedScenario = {
  name: 'page-frag-interrupt',
  purpose:
    'an interrupt handler takes a fragment of its CPU’s cache, anywhere in the work of a task that has interrupts off for it',
  functions: ['page_frag_alloc_align', '__netdev_alloc_frag_align', 'page_frag_free'],
  holds: ['no fragment overlaps another', 'references of the block = bias + fragments alive'],
  kills: [],
  sizes: [SMALL, TWO_EACH],
  at: ({ cpus, operations }) => {
    const world = new FragWorld(cpus, PAGE_FRAG_CACHE_MAX_SIZE / 2);
    const taken = world.take(1);
    const make = world.run(
      () => {
        const [user, handler] = [new Context(0), new Context(0)];
        const freer = new Context(1);
        return [
          { ctx: user, name: 'alloc', steps: takeTask(world, user, operations) },
          { ctx: handler, name: 'handler', interrupt: true, steps: takeTask(world, handler, 1) },
          { ctx: freer, name: 'free', steps: giveTask(world, freer, taken) },
        ];
      },
      { 'both have a fragment': () => world.held.length === operations + 1 },
    );
    return { cpus, make };
  },
};
