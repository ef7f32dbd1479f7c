import type { CacheRequest, KmallocClass, KmemCache, SlabArch } from '@mm/kmem';
import { KMALLOC_CLASSES } from '@mm/kmem';
import type { Machine } from '@mm/machine';
import { SlabCache, slabKfree, slabKmalloc, slabKsize } from '@mm/slab';
import { SlubCache, type SysfsNames, ksize, slubKfree, slubKmalloc } from '@mm/slub';

import { bootSlab, makeSlabBootCaches, slabStruct } from './slab-boot.js';
import { type BootedWith, bootSlub, makeBootCaches } from './slub-boot.js';
import { slubStruct } from './slub-struct.js';

/** A booted machine whose caches are those of one allocator or the other. */
export interface BootedCaches {
  readonly machine: Machine;
  readonly isSlab: boolean;
  /** Directories and links in sysfs; SLAB has none. */
  readonly names: SysfsNames | null;
  readonly arch: SlabArch;
  /** Oldest first. */
  readonly caches: readonly KmemCache[];
  /** The cache that the number in a slab's frame stands for. */
  cacheOf(id: number): KmemCache | null;
  create(request: CacheRequest): KmemCache | null;
  kmallocCache(known: Pick<KmallocClass, 'type' | 'index'>): KmemCache;
  kmalloc(size: number, gfp: number): number | null;
  ksize(address: number): number;
  kfree(address: number): void;
}

/**
 * Starts a machine with the allocator that a case names.
 * @param kernelCaches also make the caches that the recorded kernel asks for while it boots.
 */
export function bootCaches(
  allocator: 'SLUB' | 'SLAB',
  booted: BootedWith,
  kernelCaches: boolean,
): BootedCaches {
  return allocator === 'SLUB' ? withSlub(booted, kernelCaches) : withSlab(booted, kernelCaches);
}

function withSlub(booted: BootedWith, kernelCaches: boolean): BootedCaches {
  const made = bootSlub(booted);
  if (kernelCaches) makeBootCaches(made);
  const { machine, slub } = made;
  const { ctx } = machine.on(0);
  return {
    machine,
    isSlab: false,
    names: slub.names,
    arch: slub.arch,
    caches: slub.register.caches,
    cacheOf: (id) => slub.caches[id] ?? null,
    create: (request) => slub.register.create(request),
    kmallocCache: ({ type, index }) => slub.kmalloc[type * KMALLOC_CLASSES + index]!,
    kmalloc: (size, gfp) => slubKmalloc(ctx, slub, size, gfp),
    ksize: (address) => ksize(slub, address),
    kfree: (address) => slubKfree(ctx, slub, address),
  };
}

function withSlab(booted: BootedWith, kernelCaches: boolean): BootedCaches {
  const made = bootSlab(booted);
  if (kernelCaches) makeSlabBootCaches(made);
  const { machine, slab } = made;
  const { ctx } = machine.on(0);
  return {
    machine,
    isSlab: true,
    names: null,
    arch: slab.arch,
    caches: slab.register.caches,
    cacheOf: (id) => slab.caches[id] ?? null,
    create: (request) => slab.register.create(request),
    kmallocCache: ({ type, index }) => slab.kmalloc[type * KMALLOC_CLASSES + index]!,
    kmalloc: (size, gfp) => slabKmalloc(ctx, slab, size, gfp),
    ksize: (address) => slabKsize(slab, address),
    kfree: (address) => slabKfree(ctx, slab, address),
  };
}

/** A cache's structure under the names that recordings give its fields. */
export function cacheStruct(cache: KmemCache): Record<string, string | number | null> {
  if (cache instanceof SlubCache) return slubStruct(cache);
  if (cache instanceof SlabCache)
    return { ...slabStruct(cache), uid: cache.name, inuse: 0, has_ctor: cache.ctor === null ? 0 : 1 };
  throw new Error(`${cache.name} belongs to neither allocator`);
}

/** Objects and pages of a slab, as a line of slabinfo has them. */
export function slabinfoSizes(cache: KmemCache): readonly [size: number, objects: number, pages: number] {
  if (cache instanceof SlubCache) return [cache.size, cache.objects, 2 ** cache.order];
  if (cache instanceof SlabCache) return [cache.size, cache.num, 2 ** cache.order];
  throw new Error(`${cache.name} belongs to neither allocator`);
}
