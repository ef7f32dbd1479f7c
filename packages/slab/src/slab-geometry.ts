import {
  CFLGS_OBJFREELIST_SLAB,
  CFLGS_OFF_SLAB,
  KMALLOC_MAX_CACHE_SIZE,
  type OpenRequest,
  SLAB_CACHE_DMA,
  SLAB_CACHE_DMA32,
  SLAB_NOLEAKTRACE,
  SLAB_POISON,
  SLAB_RECLAIM_ACCOUNT,
  SLAB_RED_ZONE,
  SLAB_STORE_USER,
  SLAB_TYPESAFE_BY_RCU,
  type SlabArch,
  alignUp,
  checkOpenRequest,
  orderOfBytes,
} from '@mm/kmem';
import { __GFP_COMP, __GFP_DMA, __GFP_DMA32, __GFP_RECLAIMABLE } from '@mm/zones';

import { checkRules } from './check-arguments.js';

const PAGE_SIZE = 4096;
const TOP_ORDER = 10;
/** An object's number takes a byte, so a slab holds at most so many. @see linux 6.1 mm/slab.c SLAB_OBJ_MAX_NUM */
const OBJECTS_MAX = 255;
/** Smaller objects would be more than a byte can count. @see linux 6.1 mm/slab.c SLAB_OBJ_MIN_SIZE */
const OBJECT_MIN = 16;
/** Bytes of a red zone word, and its alignment. */
const RED_ZONE = 8;

/**
 * What cache creation decides about a cache and its slabs. Bytes unless said otherwise.
 * @see linux 6.1 include/linux/slab_def.h struct kmem_cache
 */
export interface SlabGeometry {
  /** Bytes from one object to the next, metadata included. */
  readonly size: number;
  readonly align: number;
  /** SLAB_* flags and where the index list lies, as an unsigned 32-bit number. */
  readonly flags: number;
  /** Objects in a slab, and the order of its pages. */
  readonly num: number;
  readonly order: number;
  /** Places that the first object can have, and the bytes between them. */
  readonly colour: number;
  readonly colourOff: number;
  /** Bytes of the index list of free objects. */
  readonly freelistSize: number;
  /** GFP bits the cache adds to every page allocation. */
  readonly allocFlags: number;
  /** Bytes between the start of an object's room and the object. */
  readonly objOffset: number;
  /** Objects that a CPU's array holds, and how many move at once. */
  readonly limit: number;
  readonly batchcount: number;
  /** Batches that the node's shared array holds; 0: there is none. */
  readonly shared: number;
}

/** What the geometry of a cache depends on beside the request. */
export interface GeometryRules {
  readonly arch: SlabArch;
  /** Built with DEBUG_SLAB. */
  readonly debug: boolean;
  readonly maxOrder: number;
  readonly cpus: number;
  /**
   * The bytes of the kmalloc cache that would hold an index list of `bytes`, or null when there is none that keeps its own
   * list on its slab.
   */
  readonly freelistCacheSize: (bytes: number) => number | null;
}

/** Where the list of free objects lies: in a free object, in another cache, or at the end of the slab. */
type Layout = 'object' | 'off' | 'on';

interface SlabSize {
  readonly num: number;
  readonly order: number;
  readonly left: number;
}

/** @see linux 6.1 mm/slab.c calculate_slab_order, cache_estimate */
function slabSize(
  rules: GeometryRules,
  layout: Layout,
  size: number,
  rawSize: number,
  reclaim: boolean,
): SlabSize {
  let best: SlabSize = { num: 0, order: 0, left: 0 };
  for (let order = 0; order <= TOP_ORDER; order++) {
    const bytes = PAGE_SIZE << order;
    const each = layout === 'on' ? size + 1 : size;
    const num = Math.floor(bytes / each);
    if (num === 0) continue;
    if (num > OBJECTS_MAX) break;
    if (layout === 'off' && !worthOffSlab(rules, num, rawSize)) continue;
    best = { num, order, left: bytes % each };
    // Those who free reclaimable objects cannot wait for large blocks.
    if (reclaim || order >= rules.maxOrder) break;
    if (best.left * 8 <= bytes) break;
  }
  return best;
}

/** The list must have a place that needs no list off its own slab, and cost at most half an object. */
function worthOffSlab(rules: GeometryRules, bytes: number, rawSize: number): boolean {
  const cost =
    bytes > KMALLOC_MAX_CACHE_SIZE ? PAGE_SIZE << orderOfBytes(bytes) : rules.freelistCacheSize(bytes);
  return cost !== null && cost <= Math.floor(rawSize / 2);
}

/** @see linux 6.1 mm/slab.c set_objfreelist_slab_cache, set_off_slab_cache, set_on_slab_cache */
function placeFreelist(
  rules: GeometryRules,
  request: OpenRequest,
  size: number,
  flags: number,
): (SlabSize & { layout: Layout }) | null {
  const reclaim = (flags & SLAB_RECLAIM_ACCOUNT) !== 0;
  if (request.ctor === null && (flags & SLAB_TYPESAFE_BY_RCU) === 0) {
    const found = slabSize(rules, 'object', size, request.size, reclaim);
    if (found.num > 0 && found.num <= request.size) return { ...found, layout: 'object' };
  }
  if ((flags & SLAB_NOLEAKTRACE) === 0) {
    const found = slabSize(rules, 'off', size, request.size, reclaim);
    if (found.num > 0 && found.left < found.num) return { ...found, layout: 'off' };
  }
  const found = slabSize(rules, 'on', size, request.size, reclaim);
  return found.num > 0 ? { ...found, layout: 'on' } : null;
}

const bits = (value: number): number => 32 - Math.clz32(value);

/** DEBUG_SLAB adds flags of its own. @see linux 6.1 mm/slab.c __kmem_cache_create FORCED_DEBUG */
function forcedFlags(flags: number, size: number): number {
  let forced = flags;
  if (size < PAGE_SIZE || bits(size - 1) === bits(size - 1 + RED_ZONE + 16))
    forced |= SLAB_RED_ZONE | SLAB_STORE_USER;
  return (flags & SLAB_TYPESAFE_BY_RCU) === 0 ? forced | SLAB_POISON : forced;
}

/**
 * The tunables of a new cache.
 * @example
 * defaultTuning(1024, 2, false).limit; // 54
 * @see linux 6.1 mm/slab.c enable_cpucache
 */
export function defaultTuning(
  size: number,
  cpus: number,
  debug: boolean,
): { limit: number; batchcount: number; shared: number } {
  let limit = 120;
  if (size > 131_072) limit = 1;
  else if (size > PAGE_SIZE) limit = 8;
  else if (size > 1024) limit = 24;
  else if (size > 256) limit = 54;
  if (debug) limit = Math.min(limit, 32);
  return {
    limit,
    batchcount: Math.floor((limit + 1) / 2),
    shared: size <= PAGE_SIZE && cpus > 1 ? 8 : 0,
  };
}

/**
 * The geometry of a new cache, or null when its objects fit no block of pages.
 * @throws OptionError naming what of the rules or the request is none.
 * @example
 * slabGeometry(rules, request)?.num; // objects of a slab
 * @see linux 6.1 mm/slab.c __kmem_cache_create
 */
export function slabGeometry(rules: GeometryRules, request: OpenRequest): SlabGeometry | null {
  return geometryOf(checkRules(rules), checkOpenRequest(request));
}

/** {@link slabGeometry} of what has been checked. */
export function geometryOf(rules: GeometryRules, request: OpenRequest): SlabGeometry | null {
  const { arch, debug } = rules;
  const word = arch.pointerBytes;
  let flags = debug ? forcedFlags(request.flags, request.size) : request.flags;
  let size = alignUp(request.size, word);
  let align: number = word;
  if ((flags & SLAB_RED_ZONE) !== 0) {
    align = RED_ZONE;
    size = alignUp(size, RED_ZONE);
  }
  align = Math.max(align, request.align);
  if (align > 8) flags &= ~(SLAB_RED_ZONE | SLAB_STORE_USER);
  let objOffset = 0;
  if ((flags & SLAB_RED_ZONE) !== 0) {
    objOffset = RED_ZONE;
    size += 2 * RED_ZONE;
  }
  if ((flags & SLAB_STORE_USER) !== 0) size += (flags & SLAB_RED_ZONE) === 0 ? word : RED_ZONE;
  size = alignUp(size, align);
  if (size < OBJECT_MIN) size = alignUp(OBJECT_MIN, align);
  const placed = placeFreelist(rules, request, size, flags);
  if (placed === null) return null;
  const { num, order, left, layout } = placed;
  if (layout === 'object') flags |= CFLGS_OBJFREELIST_SLAB;
  if (layout === 'off') flags |= CFLGS_OFF_SLAB;
  let allocFlags = __GFP_COMP;
  if ((flags & SLAB_CACHE_DMA) !== 0) allocFlags |= __GFP_DMA;
  if ((flags & SLAB_CACHE_DMA32) !== 0) allocFlags |= __GFP_DMA32;
  if ((flags & SLAB_RECLAIM_ACCOUNT) !== 0) allocFlags |= __GFP_RECLAIMABLE;
  const colourOff = Math.max(arch.cacheLineBytes, align);
  return {
    size,
    align,
    flags: flags >>> 0,
    num,
    order,
    colour: Math.floor(left / colourOff),
    colourOff,
    freelistSize: num,
    allocFlags,
    objOffset,
    ...defaultTuning(size, rules.cpus, debug),
  };
}
