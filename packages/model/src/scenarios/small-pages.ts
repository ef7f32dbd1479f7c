import {
  MAX_ORDER,
  MigrateType,
  PageAllocator,
  PcpWord,
  ZoneWord,
  allocPages,
  checkBuddyInvariants,
  freeListPfns,
  freePages,
  pcpAt,
  releaseRange,
} from '@mm/buddy';
import { PageFrames, PhysicalMemory } from '@mm/memory';
import { KernelLog } from '@mm/printk';
import { CellSpace, Context } from '@mm/steps';
import { GFP_KERNEL, Zones } from '@mm/zones';

import { ModelViolation } from '../model-violation.js';

/** Frames of the one section that a small world has. */
const FRAMES = 1024;
/** Pages that are free at the start lie from here on. */
const FIRST = 16;

/**
 * Flags of a page: whether it is free as a whole changes under the zone's lock, the other bits by its owner. The kernel
 * keeps them in words of their own.
 */
export const isFlags = (path: string): boolean => path.endsWith('frames.flags');

/** How a small page allocator differs from the usual one. */
export interface SmallPagesOptions {
  readonly cpus: number;
  /** Pages that are managed, and free at the start. Default 64. */
  readonly pages?: number;
  /** log2 of the pages of a pageblock. Default 9, so that all are in one. */
  readonly pageblockOrder?: number;
  /** Pages that each CPU's lists hold at the start. Default 4. */
  readonly warm?: number;
  /** Pages at which a CPU's lists give some back. Default 32. */
  readonly high?: number;
  /** Pages moved at a time. Default 4. */
  readonly batch?: number;
  /** Watermarks min and low: pages. Default 0 and 0. */
  readonly wmark?: readonly [number, number];
}

/**
 * A page allocator over one zone of a few pages, with the per-cpu lists filled, so that single pages come and go without
 * the zone's lock: small enough to be brought back thousands of times a second.
 *
 *   free pages + pages on per-cpu lists + isolated pages + pages taken = managed pages
 */
export class SmallPages {
  readonly cells = new CellSpace();
  readonly log = new KernelLog();
  readonly pages: PageAllocator;

  constructor(options: SmallPagesOptions) {
    const { cpus, pages: managed = 64, pageblockOrder = 9, warm = 4, high = 32, batch = 4 } = options;
    const span = { startPfn: 0, spannedPages: FRAMES, presentPages: FRAMES };
    const none = { startPfn: 0, spannedPages: 0, presentPages: 0, managedPages: 0 };
    const zones = new Zones([
      { name: 'Normal', ...span, managedPages: managed },
      { name: 'Movable', ...none },
    ]);
    const [min, low] = options.wmark ?? [0, 0];
    zones.wmark.set([min, low, low, low]);
    zones.pcpHigh.fill(high);
    zones.pcpBatch.fill(batch);
    const range = [{ startPfn: 0, endPfn: FRAMES }];
    this.pages = new PageAllocator({
      memory: new PhysicalMemory(range),
      frames: new PageFrames(range),
      zones,
      cells: this.cells,
      log: this.log,
      cpus,
      pageblockOrder,
    });
    releaseRange(this.pages, FIRST, FIRST + managed);
    for (let cpu = 0; cpu < cpus; cpu++) this.#warm(new Context(cpu), warm);
  }

  /** Holds the page allocator's structures against each other, and its pages against those that are taken. */
  check(taken: number): void {
    const { pages } = this;
    const wrong = checkBuddyInvariants(pages);
    if (wrong.length > 0) throw new ModelViolation('the free lists agree with their counters', wrong[0]!);
    const left = this.freePages();
    const isolated = this.#isolatedPages();
    const managed = pages.zones.managed[0]!;
    if (left + isolated + taken !== managed)
      throw new ModelViolation(
        'free + isolated + taken pages = managed pages',
        `${left} free, ${isolated} isolated, ${taken} taken, ${managed} managed`,
      );
  }

  /** Pages on free lists and per-cpu lists, by their counters. */
  freePages(): number {
    const { zoneState, pcpState, cpus } = this.pages;
    let left = zoneState[ZoneWord.free]!;
    for (let cpu = 0; cpu < cpus; cpu++)
      left += pcpState[pcpAt(cpu, 0) + PcpWord.freeDiff]! + pcpState[pcpAt(cpu, 0) + PcpWord.count]!;
    return left;
  }

  #isolatedPages(): number {
    let isolated = 0;
    for (let order = 0; order < MAX_ORDER; order++)
      isolated += freeListPfns(this.pages, 0, order, MigrateType.ISOLATE).length << order;
    return isolated;
  }

  #warm(ctx: Context, count: number): void {
    const taken = Array.from({ length: count }, () => allocPages(ctx, this.pages, GFP_KERNEL, 0)!);
    for (const pfn of taken) freePages(ctx, this.pages, pfn, 0);
  }
}
