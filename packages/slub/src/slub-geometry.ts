import {
  CMPXCHG_DOUBLE,
  DEBUG_METADATA_FLAGS,
  OBJECT_POISON,
  type OpenRequest,
  SLAB_CACHE_DMA,
  SLAB_CACHE_DMA32,
  SLAB_CONSISTENCY_CHECKS,
  SLAB_DEBUG_FLAGS,
  SLAB_KMALLOC,
  SLAB_POISON,
  SLAB_RECLAIM_ACCOUNT,
  SLAB_RED_ZONE,
  SLAB_STORE_USER,
  SLAB_TRACE,
  SLAB_TYPESAFE_BY_RCU,
  type SlabArch,
  alignUp,
  checkArch,
  checkOpenRequest,
  orderOfBytes,
} from '@mm/kmem';
import { checkInteger } from '@mm/printk';
import { __GFP_COMP, __GFP_DMA, __GFP_DMA32, __GFP_RECLAIMABLE } from '@mm/zones';

import { checkRules } from './check-arguments.js';
import type { SlubBoot } from './boot-options.js';
import { debugFlagsOf } from './debug-options.js';
import { calculateOrder, objectsAtOrder } from './slab-order.js';

/**
 * What cache creation decides about a cache and its slabs. Bytes unless said otherwise.
 *
 *   a slab: objects × size;  an object: redLeftPad | objectSize … inuse | free pointer, tracks, right red zone, padding
 * @see linux 6.1 include/linux/slub_def.h struct kmem_cache
 */
export interface SlubGeometry {
  /** Bytes from one object to the next, metadata included. */
  readonly size: number;
  /** Where metadata begins, from the object's start. */
  readonly inuse: number;
  /** Where the free pointer lies, from the object's start. */
  readonly offset: number;
  readonly align: number;
  /** Bytes of red zone before each object. */
  readonly redLeftPad: number;
  /** Order of a normal slab, and the objects in it. */
  readonly order: number;
  readonly objects: number;
  /** Order of the slab taken when memory is short, and the objects in it. */
  readonly minOrder: number;
  readonly minObjects: number;
  /** GFP bits the cache adds to every page allocation (`__GFP_COMP`, zone bits, `__GFP_RECLAIMABLE`). */
  readonly allocFlags: number;
  /** SLAB_* flags, as an unsigned 32-bit number. */
  readonly flags: number;
  /** Slabs the node's partial list keeps although they are empty. */
  readonly minPartial: number;
  /** Free objects wanted on a CPU's partial list. */
  readonly cpuPartial: number;
}

/** What the geometry of a cache depends on beside the request. */
export interface GeometryRules {
  readonly arch: SlabArch;
  readonly boot: SlubBoot;
  /** CPUs present; when that is one, those that may ever be. */
  readonly cpus: number;
}

/**
 * Bytes of one record of who allocated or freed.
 *
 * @throws OptionError for what is no architecture.
 * @example
 * trackBytes(SLAB_ARCH_X86_64); // 32
 * @see linux 6.1 mm/slub.c struct track
 */
export const trackBytes = (arch: SlabArch): number => (checkArch(arch).pointerBytes === 8 ? 32 : 20);

interface Layout {
  readonly flags: number;
  readonly size: number;
  readonly inuse: number;
  readonly offset: number;
  readonly redLeftPad: number;
}

/** @see linux 6.1 mm/slub.c calculate_sizes */
function layOut(rules: GeometryRules, request: OpenRequest, given: number, oldPad: number): Layout {
  const { arch } = rules;
  const word = arch.pointerBytes;
  const { size: objectSize, align } = request;
  const hasCtor = request.ctor !== null;
  const poisoned = (given & SLAB_POISON) !== 0 && (given & SLAB_TYPESAFE_BY_RCU) === 0 && !hasCtor;
  const flags = (poisoned ? given | OBJECT_POISON : given & ~OBJECT_POISON) >>> 0;
  const redZone = (flags & SLAB_RED_ZONE) !== 0;

  let size = alignUp(objectSize, word);
  // A red zone needs a byte at least between the object and what follows it.
  if (redZone && size === objectSize) size += word;
  const inuse = size;
  let offset: number;
  const keepsBytes = (flags & (SLAB_TYPESAFE_BY_RCU | SLAB_POISON)) !== 0 || hasCtor;
  if (keepsBytes || (redZone && objectSize < word)) {
    offset = size;
    size += word;
  } else offset = Math.floor(objectSize / 2 / word) * word;
  if ((flags & SLAB_STORE_USER) !== 0) {
    size += 2 * trackBytes(arch);
    if ((flags & SLAB_KMALLOC) !== 0) size += 4;
  }
  // Kept from before the metadata was given up, as the kernel does.
  let redLeftPad = oldPad;
  if (redZone) {
    size += word;
    redLeftPad = alignUp(word, align);
    size += redLeftPad;
  }
  return { flags, size: alignUp(size, align), inuse, offset, redLeftPad };
}

/** A debugged cache has no lists of partial slabs by CPU. @see linux 6.1 mm/slub.c set_cpu_partial */
function defaultCpuPartial(flags: number, size: number): number {
  if ((flags & SLAB_DEBUG_FLAGS) !== 0) return 0;
  if (size >= 4096) return 6;
  if (size >= 1024) return 24;
  return size >= 256 ? 52 : 120;
}

/**
 * Slabs, half full each, that hold `cpuPartial` free objects.
 *
 * @param objects objects of a slab, from 1.
 * @throws OptionError for what is no such number.
 * @example
 * cpuPartialSlabs(30, 16); // 4
 * @see linux 6.1 mm/slub.c slub_set_cpu_partial
 */
export function cpuPartialSlabs(cpuPartial: number, objects: number): number {
  checkInteger('cpuPartial', cpuPartial, 0, Number.MAX_SAFE_INTEGER);
  checkInteger('objects', objects, 1, Number.MAX_SAFE_INTEGER);
  return Math.ceil((cpuPartial * 2) / objects);
}

const NO_CMPXCHG = SLAB_CONSISTENCY_CHECKS | SLAB_STORE_USER | SLAB_TRACE;

/**
 * The geometry of a new cache, or null when its objects fit no block of pages.
 * @throws OptionError naming what of the rules or the request is none.
 * @example
 * slubGeometry(rules, request)?.objects; // objects of a slab
 * @see linux 6.1 mm/slub.c kmem_cache_open
 */
export function slubGeometry(rules: GeometryRules, request: OpenRequest): SlubGeometry | null {
  return geometryOf(checkRules(rules), checkOpenRequest(request));
}

/** {@link slubGeometry} of what has been checked. */
export function geometryOf(rules: GeometryRules, request: OpenRequest): SlubGeometry | null {
  const { arch, boot, cpus } = rules;
  const asked = debugFlagsOf(boot.debug, request.flags, request.name);
  let layout = layOut(rules, request, asked, 0);
  let order = calculateOrder(layout.size, boot, cpus);
  if (order < 0) return null;
  if (boot.debug.disableHigherOrder && orderOfBytes(layout.size) > orderOfBytes(request.size)) {
    layout = layOut(rules, request, layout.flags & ~DEBUG_METADATA_FLAGS, layout.redLeftPad);
    order = calculateOrder(layout.size, boot, cpus);
    if (order < 0) return null;
  }
  const { size, inuse, offset, redLeftPad } = layout;
  let { flags } = layout;
  if (arch.cmpxchgDouble && (flags & NO_CMPXCHG) === 0) flags = (flags | CMPXCHG_DOUBLE) >>> 0;
  let allocFlags = order === 0 ? 0 : __GFP_COMP;
  if ((flags & SLAB_CACHE_DMA) !== 0) allocFlags |= __GFP_DMA;
  if ((flags & SLAB_CACHE_DMA32) !== 0) allocFlags |= __GFP_DMA32;
  if ((flags & SLAB_RECLAIM_ACCOUNT) !== 0) allocFlags |= __GFP_RECLAIMABLE;
  const minOrder = orderOfBytes(size);
  return {
    size,
    inuse,
    offset,
    align: request.align,
    redLeftPad,
    order,
    objects: objectsAtOrder(order, size),
    minOrder,
    minObjects: objectsAtOrder(minOrder, size),
    allocFlags,
    flags,
    minPartial: Math.max(5, Math.min(10, (31 - Math.clz32(size)) >> 1)),
    cpuPartial: defaultCpuPartial(flags, size),
  };
}
