import {
  MAX_ORDER,
  MIGRATE_TYPES,
  NR_PCP_LISTS,
  type PageAllocator,
  PcpWord,
  ZONE_WORDS,
  ZoneWord,
  allocPages,
  drainLocalPages,
  freeListPfns,
  freePages,
  pcpAt,
  pcpListPfns,
} from '@mm/buddy';
import { allocPages as allocSteps, freePages as freeSteps } from '@mm/buddy/stepped';
import type { ScenarioRun, ScenarioTask } from '@mm/interleave';
import { Context, type Steps } from '@mm/steps';
import { GFP_KERNEL } from '@mm/zones';

import { ModelViolation } from '../model-violation.js';
import { runsOf } from './runs.js';
import { SmallPages, type SmallPagesOptions, isFlags } from './small-pages.js';

/** A block of pages that somebody holds. */
export interface HeldBlock {
  readonly pfn: number;
  readonly order: number;
}

/**
 * A few pages, and who holds which at the end of a run.
 *
 *   held blocks are disjoint and on no list;   free + held pages = managed pages
 */
export class PagesWorld {
  readonly small: SmallPages;
  readonly pages: PageAllocator;
  /** Blocks that are held for good. */
  readonly held: HeldBlock[] = [];
  /** What a task has seen, in a word each. */
  readonly notes = new Set<string>();

  constructor(options: SmallPagesOptions) {
    this.small = new SmallPages(options);
    this.pages = this.small.pages;
  }

  /** Takes blocks on a CPU, before the race. */
  take(cpu: number, order: number, count: number, gfp: number = GFP_KERNEL): HeldBlock[] {
    const ctx = new Context(cpu);
    return Array.from({ length: count }, () => ({ pfn: allocPages(ctx, this.pages, gfp, order)!, order }));
  }

  /** Gives blocks back on a CPU, before the race. */
  give(cpu: number, blocks: readonly HeldBlock[]): void {
    for (const { pfn, order } of blocks) freePages(new Context(cpu), this.pages, pfn, order);
  }

  /** Gives all pages on per-cpu lists back, before the race. */
  drain(): void {
    for (let cpu = 0; cpu < this.pages.cpus; cpu++) drainLocalPages(new Context(cpu), this.pages);
  }

  /** Runs from the state in which this is called. `more`: what is to be seen beside the structures. */
  run(tasks: () => readonly ScenarioTask[], more: Partial<ScenarioRun> = {}): () => ScenarioRun {
    return runsOf(this, {
      ...more,
      cells: this.small.cells,
      tasks,
      state: () => this.state(),
      footprint: { roots: { pages: this.pages }, exempt: isExempt },
      check: () => {
        this.check();
        more.check?.();
      },
    });
  }

  /** @throws ModelViolation */
  check(): void {
    const { pages } = this;
    const owned = new Set<number>();
    let taken = 0;
    for (const { pfn, order } of this.held)
      for (let at = pfn; at < pfn + 2 ** order; at++, taken++) owned.add(at);
    if (owned.size !== taken)
      throw new ModelViolation('no page is handed out twice', `${taken} held, ${owned.size} different`);
    const free = (pfn: number, order: number): void => {
      for (let at = pfn; at < pfn + 2 ** order; at++)
        if (owned.has(at)) throw new ModelViolation('no held page is free', `0x${at.toString(16)}`);
    };
    for (let order = 0; order < MAX_ORDER; order++)
      for (let type = 0; type < MIGRATE_TYPES; type++)
        for (const pfn of freeListPfns(pages, 0, order, type)) free(pfn, order);
    for (let cpu = 0; cpu < pages.cpus; cpu++)
      for (let index = 0; index < NR_PCP_LISTS; index++)
        for (const pfn of pcpListPfns(pages, cpu, 0, index)) free(pfn, Math.floor(index / 3));
    this.small.check(taken);
  }

  /** Pages of the pageblocks that are reserved for atomic allocations of higher order. */
  get reserved(): number {
    return this.pages.zoneState[ZoneWord.reservedHighatomic]!;
  }

  /** Pages on the lists of a CPU. */
  onCpu(cpu: number): number {
    return this.pages.pcpState[pcpAt(cpu, 0) + PcpWord.count]!;
  }

  /** What a trace shows of it. */
  state(): Record<string, string | number> {
    const { pages } = this;
    const shown: Record<string, string | number> = {
      'zone.free': pages.zoneState[ZoneWord.free]!,
      'zone.reserved_highatomic': this.reserved,
      'zone.isolated': pages.zoneState[ZoneWord.isolatedBlocks]!,
      held: this.held.length,
    };
    for (let cpu = 0; cpu < pages.cpus; cpu++) shown[`cpu${cpu}.count`] = this.onCpu(cpu);
    return shown;
  }
}

/** Zone words and their index in the allocator's one array of words. */
const ZONE_WORDS_FROM = 64;
const ZONE_WORDS_TO = 128;

/** How often kswapd was woken, which is only added to. */
const isWakeup = (path: string, key: string | number): boolean =>
  path.startsWith('pages.') &&
  Number(key) >= ZONE_WORDS_FROM &&
  Number(key) < ZONE_WORDS_TO &&
  Number(key) % ZONE_WORDS === ZoneWord.kswapdWakeups &&
  /\.(?:state|zoneState)$/u.test(path);

const isExempt = (path: string, key: string | number): boolean => isFlags(path) || isWakeup(path, key);

/** Takes blocks of 2^order pages and holds them. */
export function* allocPagesTask(
  world: PagesWorld,
  ctx: Context,
  order: number,
  count: number,
  gfp: number = GFP_KERNEL,
): Steps<void> {
  for (let i = 0; i < count; i++) {
    const pfn = yield* allocSteps(ctx, world.pages, gfp, order);
    if (pfn === null)
      throw new ModelViolation('an allocation does not fail while memory is free', `order ${order}`);
    world.held.push({ pfn, order });
  }
}

/** Frees blocks that were taken before the race. */
export function* freePagesTask(world: PagesWorld, ctx: Context, blocks: readonly HeldBlock[]): Steps<void> {
  for (const { pfn, order } of blocks) yield* freeSteps(ctx, world.pages, pfn, order);
}
