import * as buddy from '@mm/buddy';
import * as stepped from '@mm/buddy/stepped';
import { PageFrames, PhysicalMemory } from '@mm/memory';
import { KernelLog } from '@mm/printk';
import { CellSpace, Context } from '@mm/steps';
import { GFP_KERNEL, VmSysctls, type ZoneName, type ZoneSpec, Zones, initPerZoneWmarkMin } from '@mm/zones';

import { digest } from './digest.js';
import { HOT, type Row } from './row.js';
import { tryWrongValues } from './try-wrong-values.js';

const { MigrateType, PageAllocator, PageFaults, allocPages, releaseRange, snapshotAllocator } = buddy;

const PAGES = 8192;
const specOf = (name: ZoneName, pages: number): ZoneSpec => ({
  name,
  startPfn: 0,
  spannedPages: pages,
  presentPages: pages,
  managedPages: pages,
});

interface World {
  readonly options: buddy.PageAllocatorOptions;
  readonly pages: buddy.PageAllocator;
  readonly ctx: Context;
  /** A block of order 1 that is allocated. */
  readonly held: number;
  readonly heldAddr: number;
  readonly faults: buddy.PageFaults;
}

function makeWorld(): World {
  const zones = new Zones([specOf('Normal', PAGES), specOf('Movable', 0)]);
  initPerZoneWmarkMin(new VmSysctls(zones, 2));
  const ranges = [{ startPfn: 0, endPfn: PAGES }];
  const options = {
    memory: new PhysicalMemory(ranges),
    frames: new PageFrames(ranges),
    zones,
    cells: new CellSpace(),
    log: new KernelLog(),
    cpus: 2,
  };
  const pages = new PageAllocator(options);
  releaseRange(pages, 0, PAGES - 1024);
  const ctx = new Context(0);
  const held = allocPages(ctx, pages, GFP_KERNEL, 1)!;
  return { options, pages, ctx, held, heldAddr: held * 4096, faults: new PageFaults({ interval: 2 }) };
}

/** What a hot function does not look at: who runs, and the allocator itself. A bigint or a symbol stops the engine at once. */
const hot = { hot: [0, 1], native: ['1n', 'symbol'] } as const;
const any = { 0: 'any' } as const;
const zone = (args: Row<World>['args'], rest: Partial<Row<World>> = {}): Row<World> => ({ args, ...rest });

tryWrongValues<World>('@mm/buddy', {
  face: buddy,
  stepped,
  makeWorld,
  stateOf: ({ pages, faults }) =>
    digest(
      ...snapshotAllocator(pages).arrays,
      pages.frames.flags,
      pages.frames.refcount,
      pages.frames.next,
      pages.frames.prev,
      [pages.log.lines, [...pages.warnedOnce], faults.attr.failed],
    ),
  rows: {
    allocPages: { args: ({ ctx, pages }) => [ctx, pages, GFP_KERNEL, 1], ...hot, accepts: { 3: ['2^53'] } },
    allocPagesBulk: {
      args: ({ ctx, pages }) => [ctx, pages, GFP_KERNEL, 2, new Int32Array(4).fill(-1)],
      ...hot,
    },
    allocPagesExact: {
      args: ({ ctx, pages }) => [ctx, pages, 5 * 4096, GFP_KERNEL],
      ...hot,
      accepts: { 2: [] },
    },
    getFreePages: { args: ({ ctx, pages }) => [ctx, pages, GFP_KERNEL, 1], ...hot, accepts: { 3: ['2^53'] } },
    getZeroedPage: { args: ({ ctx, pages }) => [ctx, pages, GFP_KERNEL], ...hot },
    freePages: { args: ({ ctx, pages, held }) => [ctx, pages, held, 1], ...hot },
    freePagesAt: {
      args: ({ ctx, pages, heldAddr }) => [ctx, pages, heldAddr, 1],
      ...hot,
      accepts: { 2: ['null'] },
    },
    freePagesExact: { args: ({ ctx, pages, heldAddr }) => [ctx, pages, heldAddr, 8192], ...hot },
    drainAllPages: { args: ({ ctx, pages }) => [ctx, pages], accepts: any },
    drainLocalPages: { args: ({ ctx, pages }) => [ctx, pages], hot: [0] },
    drainPagesZone: { args: ({ ctx, pages }) => [ctx, pages, 0, 0], accepts: any },
    buildAllZonelists: { args: ({ ctx, pages }) => [ctx, pages], hot: [0] },
    pageAllocCpuDead: { args: ({ ctx, pages }) => [ctx, pages, 0], accepts: any },
    pageAllocCpuOnline: { args: ({ ctx, pages }) => [ctx, pages, 0], accepts: any },
    isolatePageblock: { args: ({ ctx, pages }) => [ctx, pages, 4096], hot: [0] },
    unisolatePageblock: { args: ({ ctx, pages }) => [ctx, pages, 4096, 1], hot: [0] },
    unreserveHighatomic: {
      args: ({ ctx, pages }) => [ctx, pages, 0, 1, true],
      accepts: { 0: 'any', 4: ['true'] },
    },
    zonePcpDisable: { args: ({ ctx, pages }) => [ctx, pages, 0], accepts: any },
    zonePcpEnable: { args: ({ ctx, pages }) => [ctx, pages, 0], accepts: any },
    // Who runs is whoever it is.
    tookReserve: { args: ({ ctx }) => [ctx], hot: [0] },
    splitPage: zone(({ pages, held }) => [pages, held, 1]),
    'new MisuseError': HOT.error,
    'new PageAllocator': {
      args: ({ options }) => [options],
      fields: {
        0: {
          memory: [],
          frames: [],
          zones: [],
          cells: [],
          log: [],
          zonelists: ['undefined'],
          cpus: ['undefined'],
          pageblockOrder: ['undefined'],
          strict: ['undefined', 'true'],
          checkPages: ['undefined', 'true'],
          groupByMobilityDisabled: ['undefined', 'true'],
          flatMemory: ['undefined', 'true'],
          cma: ['undefined', 'true'],
          watermarkBoostFactor: ['undefined'],
        },
      },
    },
    pcpAt: HOT.bits,
    foldZoneCounters: zone(({ pages }) => [pages]),
    freePagesOf: zone(({ pages }) => [pages, 0]),
    releaseRange: zone(({ pages }) => [pages, PAGES - 1024, PAGES]),
    applySizes: zone(({ pages }) => [pages]),
    updateFloors: zone(({ pages }) => [pages]),
    'new PageFaults': {
      args: () => [{}],
      accepts: { 0: ['undefined', '{}'] },
      fields: {
        0: {
          probability: ['undefined'],
          interval: ['undefined'],
          times: ['undefined', '-1'],
          space: ['undefined'],
          verbose: ['undefined'],
          minOrder: ['undefined'],
          ignoreGfpWait: ['undefined', 'true'],
          seed: ['undefined'],
          unknown: [],
        },
      },
    },
    'PageFaults.shouldFail': {
      args: () => [GFP_KERNEL, 0],
      call: ({ faults }, [gfp, order]) => faults.shouldFail(gfp!, order!),
      accepts: { 0: ['-1'] },
    },
    'new FaultAttr': {
      args: () => [{}],
      accepts: { 0: ['undefined', '{}'] },
      fields: {
        0: {
          probability: ['undefined'],
          interval: ['undefined'],
          times: ['undefined', '-1'],
          space: ['undefined'],
          verbose: ['undefined'],
          seed: ['undefined'],
        },
      },
    },
    'FaultAttr.fails': {
      args: () => [64],
      call: ({ faults }, [bytes]) => faults.attr.fails(bytes!),
    },
    'FaultAttr.restore': {
      args: ({ faults }) => [faults.attr.snapshot()],
      call: ({ faults }, [image]) => faults.attr.restore(image!),
      fields: { 0: { failed: ['-1'], left: ['-1'], space: ['-1'], count: ['-1'], random: ['-1'] } },
    },
    parseFaultRate: zone(() => ['10,100,0,-1', 'faults'], { accepts: { 1: ["''", "'x'"] } }),
    insertFreeTail: zone(({ pages }) => [pages, 0, PAGES - 512, 9, MigrateType.MOVABLE]),
    insertPcpTail: zone(({ pages }) => [pages, 1, 0, PAGES - 2, 4, MigrateType.MOVABLE]),
    resetFreeLists: zone(({ pages }) => [pages]),
    pcpListPfns: zone(({ pages }) => [pages, 0, 0, 1]),
    freeListPfns: zone(({ pages }) => [pages, 0, 3, 1]),
    blockTypeOf: zone(({ pages }) => [pages, 0]),
    setBlockType: zone(({ pages }) => [pages, 0, 1]),
    pcpTypeOf: zone(({ pages }) => [pages, 0, 1]),
    restoreAllocator: zone(({ pages }) => [pages, snapshotAllocator(pages)]),
    snapshotAllocator: zone(({ pages }) => [pages]),
    checkBuddyInvariants: zone(({ pages }) => [pages]),
    checkAllocatedBlock: zone(({ pages, held }) => [pages, held, 1]),
    checkZoneCounters: zone(({ pages }) => [pages, 0]),
    buddyInfo: zone(({ pages }) => [pages, 0]),
    countFreeBlocks: zone(({ pages }) => [pages, 0, 3, 1]),
    pageblocksByType: zone(({ pages }) => [pages, 0, true], { accepts: { 2: ['undefined', 'true'] } }),
  },
});
