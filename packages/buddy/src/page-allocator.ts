import { type MemoryMap, PageFrames, PhysicalMemory, SECTION_FRAMES } from '@mm/memory';
import { KernelLog, OptionError, checkBoolean, checkInstance, checkInteger, checkObject } from '@mm/printk';
import { type Cell, CellSpace, type Compound } from '@mm/steps';

import { AllocFlag } from './alloc-flags.js';
import type { PageFaults } from './faults.js';
import { ZONE_HEADS } from './free-area.js';
import { applySizes } from './apply-sizes.js';
import { makePlans } from './allocation-plan.js';
import { MIGRATE_TYPES, MigrateType, PCP_HEADS, TOP_ORDER } from './migrate-types.js';
import { SEVERAL_ZONES } from './pageblocks.js';
import { PCP_WORDS, STATE_PCP, STATE_ZONES, ZONES_MAX } from './zone-state.js';
import { Zones } from '@mm/zones';

/** Cells that the reference counts of frames share, by slot. */
const REFCOUNT_CELLS = 256;

/** What a {@link PageAllocator} is made of. */
export interface PageAllocatorOptions {
  readonly memory: PhysicalMemory;
  readonly frames: PageFrames;
  readonly zones: Zones;
  readonly cells: CellSpace;
  readonly log: KernelLog;
  /**
   * Zones in fallback order for each highest zone, at `highest * zones.count`; a list that ends early ends with
   * 255. Default `zones.zonelists()`.
   */
  readonly zonelists?: Uint8Array;
  /** CPUs, 1..256. Default 1. */
  readonly cpus?: number;
  /** log2 of the pages of a pageblock, 1..10. Default 9. */
  readonly pageblockOrder?: number;
  /** Refuse misuse that the kernel does not notice. Default false. */
  readonly strict?: boolean;
  /** Check every page of a block when it is taken and given back, as the kernel does. Default true. */
  readonly checkPages?: boolean;
  /** Too little memory to tell pageblocks apart: everything is UNMOVABLE. Default false. */
  readonly groupByMobilityDisabled?: boolean;
  /**
   * Each zone has a map of its own (FLATMEM, as on 32-bit machines): a pageblock that two zones share has a type in
   * each. Default false.
   */
  readonly flatMemory?: boolean;
  /** Whether the kernel is built with CMA. Default true. */
  readonly cma?: boolean;
  /** Per ten thousand of the high watermark that a boost may add; 0 turns boosts off. Default 15000. */
  readonly watermarkBoostFactor?: number;
}

/**
 * The state of the page allocator: free lists, per-cpu lists, pageblocks and counters. It has no
 * algorithms; those are functions over it.
 *
 * Free blocks below the top order are linked by slot in `frames`, those of the top order by block
 * number (pfn >> 10) in `topNext` and `topPrev`, so that untouched memory needs no frames. The heads
 * of all lists are slots, or block numbers, beyond those of memory.
 *
 *   for each zone: free + Σ per-cpu diff = Σ over order and type of list length × 2^order, but for isolated blocks
 * @example
 * const pfn = allocPages(ctx, machine.pages, GFP_KERNEL, 0);
 */
export class PageAllocator {
  readonly memory: PhysicalMemory;
  readonly frames: PageFrames;
  readonly zones: Zones;
  readonly log: KernelLog;
  readonly cpus: number;
  /** 1: the CPU is online. */
  readonly online: Uint8Array;
  readonly nrZones: number;
  readonly pageblockOrder: number;
  readonly strict: boolean;
  readonly checkPages: boolean;
  readonly cma: boolean;
  watermarkBoostFactor: number;
  /** Too little memory to tell pageblocks apart: everything is UNMOVABLE. */
  readonly groupByMobilityDisabled: boolean;
  /** AllocFlag.cma where the kernel is built with CMA, for movable allocations. */
  readonly cmaFlag: number;

  /** gfp & 15 → index of the highest zone that may be used. */
  readonly gfpZones: Uint8Array;
  /** highest zone → zones in fallback order, at `highest * nrZones`; ends early with 255. */
  readonly zonelists: Uint8Array;
  /** Counts the beginnings and the ends of rebuilding them: odd while they are made. */
  zonelistSeq = 0;
  /** The zone for which fragmentation is avoided; -1 when ZONE_DMA32 is not configured. */
  readonly nofragmentZone: number;

  /**
   * Plans, zone words and per-cpu words in one array, because an allocation reads some of each.
   *
   * | words   | meaning                                                                     |
   * | ------- | --------------------------------------------------------------------------- |
   * | 0..31   | plan of gfp & 31, see {@link PLAN_PCP}; written by {@link makePlans}          |
   * | 32..63  | floor of gfp & 31; written by {@link updateFloors}                            |
   * | 64..127 | `zoneState`                                                                 |
   * | 128..   | `pcpState`                                                                  |
   */
  readonly state: Int32Array;
  /** `zones.words`, a hop nearer: watermarks, boosts and reserves. */
  readonly zoneWords: Int32Array;
  /** {@link ZoneWord} words of each zone. */
  readonly zoneState: Int32Array;
  /** {@link PcpWord} words of each CPU and zone. */
  readonly pcpState: Int32Array;
  /** Free blocks of each order: `zone * 16 + order`. */
  readonly areaFree: Int32Array;
  /** Bit `order` set: the list of that order of (zone, type) is not empty. `zone * 6 + type`. */
  readonly listMask: Int32Array;
  /** Slot of the head of the list (zone, order below 10, type). */
  readonly listBase: number;
  /** Slot of the head of per-cpu list 0 of CPU 0, zone 0. */
  readonly pcpBase: number;
  /** Links of free top-order blocks by block number; heads from `topHeads`. */
  readonly topNext: Int32Array;
  readonly topPrev: Int32Array;
  /** 1: the block is free as a whole. */
  readonly topFree: Uint8Array;
  /** Number of the head of the top-order list of zone 0, type 0. */
  readonly topHeads: number;
  /** Of each pageblock, by pfn >> pageblockOrder: its migrate type, and its zone << 3 (7: of several zones). */
  readonly blockInfo: Uint8Array;
  /** By zone, with FLATMEM: the type there of the pageblock that begins in the zone below. */
  readonly sharedBlockTypes: Uint8Array;
  /** Each zone has a map of its own. */
  readonly flatMemory: boolean;
  /** What makes allocations fail; null: nothing does. After a change: `updateFloors(pages)`. */
  faults: PageFaults | null = null;
  /** The migrate type of the lists that the last block was taken from. Under the zone's lock. */
  takenType = 0;

  readonly zoneLockCell: Cell;
  readonly zoneFreeCell: Cell;
  readonly pcpLockCell: Cell;
  /** High mark and batch of each CPU and zone, which are read and written without a lock. */
  readonly pcpSizesCell: Cell;
  /** Held while the sizes of per-cpu lists change. */
  readonly pcpBatchHighLock: Cell;
  readonly refcountCell: Cell;
  /** Of the zonelists, which are walked without a lock, and the lock of who makes them anew. */
  readonly zonelistCell: Cell;
  readonly zonelistLockCell: Cell;
  /**
   * By zone: a change of pageblock types, counted among the free pages. It looks at the references of the pages, and a
   * free reads its page's type with the last reference.
   */
  readonly blockTypeCell: Cell;
  /** Warnings that come once. */
  readonly warnedOnce = new Set<string>();
  /** Reports so far of those that are limited in number, by name. */
  readonly reports = new Map<string, number>();

  /** @throws OptionError naming the option. */
  constructor(options: PageAllocatorOptions) {
    const { cpus, pageblockOrder, watermarkBoostFactor } = checkOptions(options);
    const { memory, frames, zones, cells, log } = options;
    this.memory = memory;
    this.frames = frames;
    this.zones = zones;
    this.log = log;
    this.cpus = cpus;
    this.online = new Uint8Array(cpus).fill(1);
    this.pageblockOrder = pageblockOrder;
    this.strict = options.strict ?? false;
    this.checkPages = options.checkPages ?? true;
    this.groupByMobilityDisabled = options.groupByMobilityDisabled ?? false;
    this.flatMemory = options.flatMemory ?? false;
    this.cma = options.cma ?? true;
    this.cmaFlag = this.cma ? AllocFlag.cma : 0;
    this.watermarkBoostFactor = watermarkBoostFactor;
    const nrZones = zones.count;
    this.nrZones = nrZones;
    this.gfpZones = zones.gfpTable.zones;
    this.zonelists = options.zonelists ?? zones.zonelists();
    this.nofragmentZone = zones.config.dma32 === true ? zones.indexOf('Normal') : -1;

    this.state = new Int32Array(STATE_PCP + cpus * ZONES_MAX * PCP_WORDS);
    this.zoneWords = zones.words;
    this.zoneState = this.state.subarray(STATE_ZONES, STATE_PCP);
    this.pcpState = this.state.subarray(STATE_PCP);
    this.areaFree = new Int32Array(nrZones << 4);
    this.listMask = new Int32Array(nrZones * MIGRATE_TYPES);
    for (let zone = 0; zone < nrZones; zone++)
      frames.setZone(
        { startPfn: zones.startPfn[zone]!, endPfn: zones.startPfn[zone]! + zones.spanned[zone]! },
        zone,
      );
    const lists = nrZones * ZONE_HEADS;
    const pcpLists = cpus * ZONES_MAX * PCP_HEADS;
    this.listBase = frames.claimSlots(lists + pcpLists);
    this.pcpBase = this.listBase + lists;
    const { next, prev } = frames;
    for (let slot = this.listBase, end = this.pcpBase + pcpLists; slot < end; slot++) {
      next[slot] = slot;
      prev[slot] = slot;
    }
    const blocks = (frames.map.endPfn + SECTION_FRAMES - 1) >> TOP_ORDER;
    this.topHeads = blocks;
    this.topNext = new Int32Array(blocks + nrZones * MIGRATE_TYPES);
    this.topPrev = new Int32Array(blocks + nrZones * MIGRATE_TYPES);
    for (let head = blocks; head < this.topNext.length; head++) {
      this.topNext[head] = head;
      this.topPrev[head] = head;
    }
    this.topFree = new Uint8Array(blocks);
    this.blockInfo = blockInfoOf(zones, frames.map, (blocks << TOP_ORDER) >> pageblockOrder, pageblockOrder);
    this.sharedBlockTypes = new Uint8Array(nrZones);
    makePlans(this);
    applySizes(this);

    this.zoneLockCell = cells.claim('zone.lock', nrZones);
    this.zoneFreeCell = cells.claim('zone.freePages', nrZones);
    this.pcpLockCell = cells.claim('pcp.lock', cpus * ZONES_MAX);
    this.pcpSizesCell = cells.claim('pcp.sizes', cpus * ZONES_MAX);
    this.pcpBatchHighLock = cells.claimMutex('pcp_batch_high_lock');
    this.zonelistCell = cells.claim('zonelists');
    this.zonelistLockCell = cells.claim('zonelist_update_seq');
    this.refcountCell = cells.claim('page.refcount', REFCOUNT_CELLS);
    this.blockTypeCell = claimBlockTypes(this, cells);
  }
}

/** A cell for each zone, see `blockTypeCell`; gives the first. */
function claimBlockTypes({ nrZones, refcountCell, zoneFreeCell }: PageAllocator, cells: CellSpace): Cell {
  const reads: Cell[] = [];
  for (let i = 0; i < REFCOUNT_CELLS; i++) reads.push(refcountCell + i);
  const ofZone = (zone: number): Compound => ({ reads, writes: [zoneFreeCell + zone] });
  const others = Array.from({ length: nrZones - 1 }, (_, i) => ofZone(i + 1));
  return cells.claimCompound('zone.blockTypes', ofZone(0), ...others);
}

/** @throws OptionError naming the option. */
function checkOptions(options: PageAllocatorOptions): {
  cpus: number;
  pageblockOrder: number;
  watermarkBoostFactor: number;
} {
  checkObject('options', options, 'an object of options');
  checkInstance('memory', options.memory, PhysicalMemory);
  checkInstance('frames', options.frames, PageFrames);
  checkInstance('cells', options.cells, CellSpace);
  checkInstance('log', options.log, KernelLog);
  const zones = checkInstance('zones', options.zones, Zones);
  for (const field of ['strict', 'checkPages', 'groupByMobilityDisabled', 'flatMemory', 'cma'] as const)
    if (options[field] !== undefined) checkBoolean(field, options[field]);
  const { cpus = 1, pageblockOrder = 9, watermarkBoostFactor = 15_000, zonelists } = options;
  checkInteger('cpus', cpus, 1, 256);
  checkInteger('pageblockOrder', pageblockOrder, 1, TOP_ORDER);
  checkInteger('watermarkBoostFactor', watermarkBoostFactor, 0, 2 ** 31 - 1);
  if (zonelists !== undefined && !areZonelists(zonelists, zones.count))
    throw new OptionError(
      'zonelists',
      `indices of zones or 255, ${zones.count} lists of ${zones.count}`,
      zonelists,
    );
  if (zones.count < 1 || zones.count >= ZONES_MAX)
    throw new OptionError('zones.count', `an integer in [1, ${ZONES_MAX - 1}]`, zones.count);
  return { cpus, pageblockOrder, watermarkBoostFactor };
}

const areZonelists = (lists: Uint8Array, zones: number): boolean =>
  lists instanceof Uint8Array &&
  lists.length === zones * zones &&
  lists.every((zone) => zone < zones || zone === 255);

/**
 * Pageblocks whose first frame is memory are MOVABLE; of others, such as the first of a PC, boot leaves the zeros that it found: UNMOVABLE.
 * @see linux 6.1 mm/page_alloc.c memmap_init_range
 */
function blockInfoOf(zones: Zones, map: MemoryMap, blocks: number, pageblockOrder: number): Uint8Array {
  const info = new Uint8Array(blocks);
  const size = 1 << pageblockOrder;
  for (const { startPfn, endPfn } of map.ranges)
    info.fill(MigrateType.MOVABLE, Math.ceil(startPfn / size), Math.ceil(endPfn / size));
  const seen = new Uint8Array(blocks);
  for (let zone = 0; zone < zones.count; zone++) {
    if (zones.spanned[zone] === 0) continue;
    const first = zones.startPfn[zone]! >> pageblockOrder;
    const last = (zones.startPfn[zone]! + zones.spanned[zone]! - 1) >> pageblockOrder;
    for (let block = first; block <= last; block++) {
      info[block] = ((seen[block] === 0 ? zone : SEVERAL_ZONES) << 3) | (info[block]! & 7);
      seen[block] = 1;
    }
  }
  return info;
}
