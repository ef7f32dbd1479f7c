import {
  CFLGS_OBJFREELIST_SLAB,
  CFLGS_OFF_SLAB,
  type Constructor,
  type KmemCache,
  type OpenRequest,
  SLAB_TYPESAFE_BY_RCU,
  checkOpenRequest,
} from '@mm/kmem';
import type { PageFrames, PhysicalMemory } from '@mm/memory';
import type { Cell } from '@mm/steps';

import { checkGeometry, checkSystem } from './check-arguments.js';
import { divisorOf } from './object-number.js';
import { onlineCount } from './online-cpus.js';
import type { SlabGeometry } from './slab-geometry.js';
import type { SlabSystem } from './slab-system.js';

/** Words of a CPU's array, and of the shared one, before its entries. */
export const ArrayWord = { avail: 0, limit: 1, batchcount: 2, touched: 3 } as const;

/** Words of {@link SlabCache.node}. Lists are linked by slot and end with slot 0: the first, then the last. */
export const NodeWord = {
  partialFirst: 0,
  fullFirst: 2,
  freeFirst: 4,
  totalSlabs: 6,
  freeSlabs: 7,
  freeObjects: 8,
  freeLimit: 9,
  colourNext: 10,
  freeTouched: 11,
} as const;

/** What the kernel sets as the batchcount of a shared array, which nobody reads. */
export const UNUSED_BATCH = 0xbaadf00d;

/**
 * Objects at hand, last in first out. Addresses reach 2^42 and so are doubles.
 *
 *   0 <= avail <= limit;  entries 0..avail-1 are objects that nobody holds, and that their slabs count as active
 * @see linux 6.1 mm/slab.c struct array_cache
 */
export interface ArrayCache {
  /** {@link ArrayWord}. */
  readonly words: Uint32Array;
  readonly entries: Float64Array;
}

/** An empty array. */
export function arrayCache(limit: number, batchcount: number): ArrayCache {
  return { words: Uint32Array.of(0, limit, batchcount, 0), entries: new Float64Array(limit) };
}

/**
 * A SLAB cache.
 *
 *   free objects = Σ over slabs of num - active;   active = held by users + in arrays
 *   total slabs = full + partial + free slabs
 * @example
 * const cache = slab.register.create({ name: 'tables', size: 1024 });
 * @see linux 6.1 include/linux/slab_def.h struct kmem_cache
 */
export class SlabCache implements KmemCache {
  readonly system: SlabSystem;
  /** Those of the system, for code that reads them for each object. */
  readonly frames: PageFrames;
  readonly memory: PhysicalMemory;
  readonly name: string;
  /** Its number in {@link SlabSystem.caches}, which slabs hold. */
  readonly id: number;
  readonly size: number;
  /** 1 / size. */
  readonly reciprocal: number;
  /** Of {@link divisorOf}. */
  readonly multiplier: number;
  readonly multiplierShift: number;
  /** Of a page frame's number the bits that the first frame of its slab has too; of an address those that lie within a slab. */
  readonly slabMask: number;
  readonly offsetMask: number;
  objectSize: number;
  readonly align: number;
  flags: number;
  readonly useroffset: number;
  readonly usersize: number;
  readonly ctor: Constructor | null;
  refcount: number;
  readonly num: number;
  readonly order: number;
  readonly colour: number;
  readonly colourOff: number;
  readonly freelistSize: number;
  readonly allocFlags: number;
  readonly objOffset: number;
  /** Where the index list lies. */
  readonly offSlab: boolean;
  readonly objFreelist: boolean;
  readonly byRcu: boolean;
  /** Built with DEBUG_SLAB: objects are checked as they come and go. */
  readonly debugging: boolean;
  limit: number;
  batchcount: number;
  shared: number;
  /** 0: destroyed. */
  alive = 1;
  /** Each CPU's array. */
  readonly arrays: ArrayCache[];
  sharedArray: ArrayCache | null;
  /** {@link NodeWord}. */
  readonly node = new Int32Array(12);
  /** Which array a CPU has, and what is in it. */
  readonly arrayCell: Cell;
  /** The arrays of all CPUs at once, as they are exchanged. */
  readonly arraysCell: Cell;
  readonly listLockCell: Cell;
  /** The counters of the node: changed under the list lock, looked at without it. */
  readonly nodeCell: Cell;

  /** Made by the opener of {@link SlabSystem}. @throws OptionError naming what is wrong; no cell is claimed then. */
  constructor(system: SlabSystem, request: OpenRequest, geometry: SlabGeometry) {
    checkSystem(system);
    checkOpenRequest(request);
    checkGeometry(geometry);
    this.system = system;
    this.frames = system.frames;
    this.memory = system.memory;
    this.name = request.name;
    this.size = geometry.size;
    this.reciprocal = 1 / geometry.size;
    const { multiplier, shift } = divisorOf(geometry);
    this.multiplier = multiplier;
    this.multiplierShift = shift;
    this.slabMask = -1 << geometry.order;
    this.offsetMask = (4096 << geometry.order) - 1;
    this.objectSize = request.size;
    this.align = geometry.align;
    this.flags = geometry.flags;
    this.useroffset = request.useroffset;
    this.usersize = request.usersize;
    this.ctor = request.ctor;
    this.refcount = request.refcount;
    this.num = geometry.num;
    this.order = geometry.order;
    this.colour = geometry.colour;
    this.colourOff = geometry.colourOff;
    this.freelistSize = geometry.freelistSize;
    this.allocFlags = geometry.allocFlags;
    this.objOffset = geometry.objOffset;
    this.offSlab = (geometry.flags & CFLGS_OFF_SLAB) !== 0;
    this.objFreelist = (geometry.flags & CFLGS_OBJFREELIST_SLAB) !== 0;
    this.byRcu = (geometry.flags & SLAB_TYPESAFE_BY_RCU) !== 0;
    this.debugging = system.debug;
    const { limit, batchcount, shared } = geometry;
    this.limit = limit;
    this.batchcount = batchcount;
    this.shared = shared;
    const { cpus, cells } = system;
    this.arrays = Array.from({ length: cpus }, () => arrayCache(limit, batchcount));
    this.sharedArray = shared === 0 ? null : arrayCache(shared * batchcount, UNUSED_BATCH);
    this.node[NodeWord.freeLimit] = (1 + onlineCount(system)) * batchcount + this.num;
    this.arrayCell = cells.claim(`slab.${this.name}.array`, cpus);
    const arrays = Array.from({ length: cpus }, (_, cpu) => this.arrayCell + cpu);
    this.arraysCell = cells.claimCompound(`slab.${this.name}.arrays`, { reads: [], writes: arrays });
    this.listLockCell = cells.claim(`slab.${this.name}.list_lock`);
    this.nodeCell = cells.claim(`slab.${this.name}.node`);
    this.id = system.enroll(this);
  }
}
