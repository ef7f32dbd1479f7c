import {
  MigrateType,
  PcpWord,
  ZONE_WORDS,
  ZoneWord,
  allocPages,
  blockTypeOf,
  checkBuddyInvariants,
  drainAllPages,
  foldZoneCounters,
  freePages,
  freePagesOf,
  pcpAt,
  unreserveHighatomic,
} from '@mm/buddy';
import { type Machine, createMachine } from '@mm/machine';
import { ModelViolation } from '@mm/model';
import { Context } from '@mm/steps';
import { GFP_ATOMIC, GFP_KERNEL } from '@mm/zones';

import { type Check, hold, holdNone } from './check.js';

const HIGH_ORDER = GFP_ATOMIC | 0x2000;

/** Free pages of all zones, those on per-cpu lists included. */
export function freeOf({ pages, zones, cpus }: Machine): number {
  let free = 0;
  for (const zone of zones.indices()) {
    free += freePagesOf(pages, zone);
    for (let cpu = 0; cpu < cpus; cpu++) {
      const at = pcpAt(cpu, zone);
      free += pages.pcpState[at + PcpWord.count]! + pages.pcpState[at + PcpWord.freeDiff]!;
    }
  }
  return free;
}

/** The high-order reserve of each zone counts the pages of its pageblocks. */
function checkReserve({ pages, zones }: Machine): void {
  const blockPages = 2 ** pages.pageblockOrder;
  for (const zone of zones.indices()) {
    let blocks = 0;
    const end = zones.startPfn[zone]! + zones.spanned[zone]!;
    for (let pfn = zones.startPfn[zone]!; pfn < end; pfn += blockPages)
      if (blockTypeOf(pages, pfn) === MigrateType.HIGHATOMIC) blocks++;
    const reserved = pages.zoneState[zone * ZONE_WORDS + ZoneWord.reservedHighatomic]!;
    hold('the high-order reserve = its pageblocks', reserved, blocks * blockPages);
  }
}

/** Of the page allocator, beside random programs. */
export const BUDDY_CHECKS: Readonly<Record<string, Check>> = {
  'buddy: a speculative reference to a block'(random) {
    const machine = createMachine({ ramBytes: '16M' });
    const { pages, frames } = machine;
    const ctx = new Context();
    const before = freeOf(machine);
    for (let round = 0; round < 4; round++) {
      const order = random.below(6);
      const pfn = allocPages(ctx, pages, GFP_KERNEL, order)!;
      frames.refcount[frames.slotOf(pfn)]! += 1;
      freePages(ctx, pages, pfn, order);
      hold('a page with references is not free', frames.refcount[frames.slotOf(pfn)], 1);
      hold('a page with references is not free', freeOf(machine), before - 1);
      freePages(ctx, pages, pfn, 0);
      hold('with the last reference all pages of a block are free', freeOf(machine), before);
    }
  },

  'buddy: a drain of short lists'(random) {
    const machine = createMachine({ ramBytes: '64M' });
    const { pages, zones } = machine;
    const ctx = new Context();
    for (let i = 0; i < 8; i++) {
      const order = random.below(3);
      const pfn = allocPages(ctx, pages, [GFP_KERNEL, 0xcc1][random.below(2)]!, order)!;
      if (random.below(2) === 0) freePages(ctx, pages, pfn, order);
    }
    drainAllPages(ctx, pages);
    for (const zone of zones.indices())
      hold('a drain leaves nothing', pages.pcpState[pcpAt(0, zone) + PcpWord.count], 0);
    holdNone('the structures of the page allocator agree with each other', checkBuddyInvariants(pages));
  },

  'buddy: the high-order reserve comes and goes'(random) {
    const machine = createMachine({ ramBytes: '64M' });
    const { pages } = machine;
    const ctx = new Context();
    const taken: Array<readonly [pfn: number, order: number]> = [];
    // Only who is held back by a watermark reserves a pageblock.
    for (let pfn = allocPages(ctx, pages, 0x2800, 3); pfn !== null; pfn = allocPages(ctx, pages, 0x2800, 3))
      taken.push([pfn, 3]);
    for (let step = 0; step < 200; step++) {
      const order = 1 + random.below(3);
      if (random.below(3) > 0) {
        const gfp = random.below(2) === 0 ? HIGH_ORDER : GFP_KERNEL | 0x2000;
        const pfn = allocPages(ctx, pages, gfp, order);
        if (pfn !== null) taken.push([pfn, order]);
      } else if (taken.length > 0) {
        const [[pfn, held]] = taken.splice(random.below(taken.length), 1) as [readonly [number, number]];
        freePages(ctx, pages, pfn, held);
      }
      if (random.below(20) === 0)
        unreserveHighatomic(ctx, pages, machine.zones.count - 1, random.below(3), random.below(2) === 0);
      checkReserve(machine);
    }
  },

  'buddy: boosts of a tiny zone'(random) {
    const machine = createMachine({ ramBytes: '64M', pageblockOrder: 10 });
    const { pages, zones } = machine;
    const ctx = new Context();
    for (let i = 0; i < 4000; i++) {
      // Unmovable pages after movable ones mix pageblocks.
      const gfp = [0x2800, 0x102cca, 0x2801, 0x102cca][random.below(4)]!;
      if (allocPages(ctx, pages, gfp, random.below(4)) === null) break;
      for (const zone of zones.indices())
        if (zones.managed[zone]! < 4 << pages.pageblockOrder && zones.watermarkBoost[zone]! > 0)
          throw new ModelViolation(
            'a zone of fewer than four pageblocks has no boost',
            `${zones.names[zone]}: ${zones.watermarkBoost[zone]} of ${zones.managed[zone]} pages`,
          );
    }
  },

  'buddy: zones that share a block'(random) {
    const machine = createMachine({
      ramBytes: '64M',
      zones: { dmaEnd: 2 ** 24 - 2 ** 15 },
      managedPages: { DMA: 3990 },
    });
    const { pages } = machine;
    const ctx = new Context();
    const taken: number[] = [];
    for (const gfp of [0x2801, 0x2800])
      for (let pfn = allocPages(ctx, pages, gfp, 0); pfn !== null; pfn = allocPages(ctx, pages, gfp, 0))
        taken.push(pfn);
    while (taken.length > 0) {
      const at = random.below(taken.length);
      const pfn = taken[at]!;
      taken[at] = taken.at(-1)!;
      taken.pop();
      freePages(ctx, pages, pfn, 0);
    }
    drainAllPages(ctx, pages);
    holdNone('the structures of the page allocator agree with each other', checkBuddyInvariants(pages));
  },

  'buddy: a zone is left its watermark'() {
    const machine = createMachine({ ramBytes: '256M' });
    const { pages, zones } = machine;
    machine.writeSysctl('watermark_boost_factor', '0');
    const ctx = new Context();
    while (allocPages(ctx, pages, GFP_KERNEL | 0x2000, 0) !== null);
    const highest = zones.indexOf('Normal');
    drainAllPages(ctx, pages);
    foldZoneCounters(pages);
    for (const zone of zones.indices()) {
      const kept = zones.wmark[zone * 4]! + zones.lowmemReserve[zone * zones.count + highest]!;
      const free = freePagesOf(pages, zone);
      if (free < Math.min(kept, zones.managed[zone]!) - 64)
        throw new ModelViolation(
          'who may not go below a watermark leaves it',
          `${zones.names[zone]}: ${free} of ${kept}`,
        );
    }
  },

  'buddy: who may use the reserves'() {
    const machine = createMachine({ ramBytes: '256M' });
    machine.writeSysctl('watermark_boost_factor', '0');
    const ctx = new Context();
    while (allocPages(ctx, machine.pages, GFP_KERNEL | 0x2000, 0) !== null);
    const pfn = allocPages(ctx, machine.pages, HIGH_ORDER, 0);
    hold('who may use the reserves gets a page below the watermark', pfn !== null, true);
  },
};
