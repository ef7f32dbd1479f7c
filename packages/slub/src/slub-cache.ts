import {
  type Constructor,
  type KmemCache,
  type OpenRequest,
  SLAB_DEBUG_FLAGS,
  SLAB_RED_ZONE,
  SLAB_STORE_USER,
  SLAB_TYPESAFE_BY_RCU,
  checkOpenRequest,
} from '@mm/kmem';
import type { PageFrames, PhysicalMemory } from '@mm/memory';
import type { Cell } from '@mm/steps';

import { checkGeometry, checkSystem } from './check-arguments.js';
import { type SlubGeometry, cpuPartialSlabs } from './slub-geometry.js';
import { CPU_SHIFT, CpuWord } from './slub-stats.js';
import type { SlubSystem } from './slub-system.js';

/** Words of {@link SlubCache.node}. Lists are linked by slot and end with slot 0. */
export const NodeWord = {
  nrPartial: 0,
  partialFirst: 1,
  partialLast: 2,
  nrSlabs: 3,
  totalObjects: 4,
  /** Full slabs, of caches that track their users alone. */
  fullFirst: 5,
  fullLast: 6,
} as const;

/** Cells that the slabs of a cache share for their compare-exchange, by slot. */
const SLAB_CELLS = 64;

/**
 * A SLUB cache.
 *
 *   objects of a slab = inuse + objects on its free list;  a CPU's free list counts as in use
 *   nrSlabs = CPU slabs + slabs on partial lists of CPUs and node + full slabs
 * @example
 * const cache = slub.register.create({ name: 'tables', size: 1024 });
 * @see linux 6.1 include/linux/slub_def.h struct kmem_cache
 */
export class SlubCache implements KmemCache {
  readonly system: SlubSystem;
  readonly name: string;
  /** Its number in {@link SlubSystem.caches}, which slabs hold. */
  readonly id: number;
  /** Name of its directory in sysfs. */
  uid = '';
  /** Whether that directory can be found: it goes with the cache, or when another cache of its name takes it over. */
  hasDirectory = false;
  readonly size: number;
  objectSize: number;
  /** Where metadata begins, from the object's start. */
  inuse: number;
  /** The free pointer's distance from the object's start. */
  readonly offset: number;
  readonly align: number;
  readonly redLeftPad: number;
  /** Where the first object of a slab begins. The pad outlives red zones that were given up for their size. */
  readonly firstOffset: number;
  readonly order: number;
  readonly objects: number;
  readonly minOrder: number;
  readonly minObjects: number;
  readonly allocFlags: number;
  flags: number;
  readonly useroffset: number;
  readonly usersize: number;
  readonly ctor: Constructor | null;
  refcount: number;
  /** Slabs that the node's partial list keeps although they are empty. */
  minPartial: number;
  /** Free objects wanted on a CPU's partial list, and the same in slabs, half full each. */
  cpuPartial: number;
  cpuPartialSlabs: number;
  /** Whether any debug flag is set: every allocation then goes under the list lock. */
  readonly debugging: boolean;
  readonly storeUser: boolean;
  readonly byRcu: boolean;
  /** Neither debugged nor on a strict machine: a free into the CPU's slab needs no look at the page. */
  readonly unchecked: boolean;
  /** Bits that an offset in the largest slab has not: pointers with one of them are corrupted. */
  readonly strayBits: number;
  /** Of a page frame's number the bits that the first frame of its slab has too, when it is of the usual order. */
  readonly slabMask: number;
  /** Of an address the bits that lie within a slab of the usual order, and that slab's count of objects as its counters have it. */
  readonly offsetMask: number;
  readonly objectsBits: number;
  /** As the system has them; here they save hot paths a step. */
  readonly memory: PhysicalMemory;
  readonly frames: PageFrames;
  readonly plain: boolean;
  readonly pageOffsetHigh: number;
  /** 0: destroyed. */
  alive = 1;
  /** `cpu << CPU_SHIFT` + {@link CpuWord} or SlubStat. */
  readonly cpu: Int32Array;
  readonly node = new Int32Array(8);
  /** What a transaction id advances by: ids of different CPUs never meet. */
  readonly tidStep: number;
  /** Mixed into free pointers of a hardened system; low and high word. */
  readonly secretLow: number;
  readonly secretHigh: number;
  /** Order of the objects of a new slab, seeded; null: ascending. */
  readonly randomOrder: Uint16Array | null;
  readonly cpuCell: Cell;
  /** References to files of its directory, by CPU: a mutex each. */
  readonly activeCell: Cell;
  readonly listLockCell: Cell;
  /** Of the partial list's length, and of how many empty slabs the node keeps. */
  readonly nrPartialCell: Cell;
  /** Of how many slabs CPUs may keep. */
  readonly cpuPartialCell: Cell;
  readonly nrSlabsCell: Cell;
  readonly slabCell: Cell;

  /** Made by the opener of {@link SlubSystem}. @throws OptionError naming what is wrong; no cell is claimed then. */
  constructor(system: SlubSystem, request: OpenRequest, geometry: SlubGeometry) {
    checkSystem(system);
    checkOpenRequest(request);
    checkGeometry(geometry);
    this.system = system;
    this.name = request.name;
    this.size = geometry.size;
    this.objectSize = request.size;
    this.inuse = geometry.inuse;
    this.offset = geometry.offset;
    this.align = geometry.align;
    this.redLeftPad = geometry.redLeftPad;
    this.firstOffset = (geometry.flags & SLAB_RED_ZONE) === 0 ? 0 : geometry.redLeftPad;
    this.order = geometry.order;
    this.objects = geometry.objects;
    this.minOrder = geometry.minOrder;
    this.minObjects = geometry.minObjects;
    this.allocFlags = geometry.allocFlags;
    this.flags = geometry.flags;
    this.useroffset = request.useroffset;
    this.usersize = request.usersize;
    this.ctor = request.ctor;
    this.refcount = request.refcount;
    this.minPartial = geometry.minPartial;
    this.cpuPartial = geometry.cpuPartial;
    this.cpuPartialSlabs = cpuPartialSlabs(geometry.cpuPartial, geometry.objects);
    this.debugging = (geometry.flags & SLAB_DEBUG_FLAGS) !== 0;
    this.storeUser = (geometry.flags & SLAB_STORE_USER) !== 0;
    this.unchecked = !this.debugging && !system.pages.strict && !system.hardened;
    this.strayBits = ~((4096 << Math.max(geometry.order, geometry.minOrder)) - 4);
    this.slabMask = -1 << geometry.order;
    this.offsetMask = (4096 << geometry.order) - 1;
    this.objectsBits = geometry.objects << 16;
    this.memory = system.memory;
    this.frames = system.frames;
    this.plain = system.plain;
    this.pageOffsetHigh = system.pageOffsetHigh;
    this.byRcu = (geometry.flags & SLAB_TYPESAFE_BY_RCU) !== 0;
    const { cpus, cells } = system;
    this.cpu = new Int32Array(cpus << CPU_SHIFT);
    // As an int32: a power computed as a double would make every sum with it one.
    this.tidStep = cpus === 1 ? 1 : 1 << (32 - Math.clz32(cpus - 1));
    for (let cpu = 0; cpu < cpus; cpu++) {
      this.cpu[(cpu << CPU_SHIFT) + CpuWord.slab] = -1;
      this.cpu[(cpu << CPU_SHIFT) + CpuWord.tid] = cpu;
    }
    this.secretLow = system.random();
    this.secretHigh = system.random();
    this.randomOrder = system.randomFreelist ? shuffled(system, geometry.objects) : null;
    this.cpuCell = cells.claim(`slub.${this.name}.cpu_slab`, cpus);
    this.activeCell = cells.claimMutex(`slub.${this.name}.kernfs_active`, cpus);
    this.listLockCell = cells.claim(`slub.${this.name}.list_lock`);
    this.cpuPartialCell = cells.claim(`slub.${this.name}.cpu_partial`);
    this.nrPartialCell = cells.claim(`slub.${this.name}.nr_partial`);
    this.nrSlabsCell = cells.claim(`slub.${this.name}.nr_slabs`);
    this.slabCell = cells.claim(`slub.${this.name}.slab`, SLAB_CELLS);
    this.id = system.enroll(this);
  }
}

/** The cell of a slab's compare-exchange. */
export const slabCellOf = (cache: SlubCache, slot: number): Cell =>
  cache.slabCell + (slot & (SLAB_CELLS - 1));

/** @see linux 6.1 mm/slab_common.c freelist_randomize */
function shuffled(system: SlubSystem, count: number): Uint16Array {
  const order = Uint16Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = (system.random() >>> 0) % (i + 1);
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}
