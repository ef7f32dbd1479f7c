import {
  KMALLOC_CLASSES,
  KMALLOC_MAX_CACHE_SIZE,
  ZERO_SIZE_PTR,
  checkGfp,
  checkMemory,
  checkObjectAddress,
  checkSize,
  kmallocIndex,
  kmallocType,
} from '@mm/kmem';
import { freeLargeKmalloc, kmallocLarge } from '@mm/kmem/stepped';
import { HoleError, PAGE_SIZE, PageFlag, compoundOrder } from '@mm/memory';
import { KernelBug } from '@mm/printk';
import { type Context, type Steps, rmw } from '@mm/steps/stepped';

import { checkSystem } from '../check-arguments.js';
import { detachFreelist, freelistOf } from '../detached-freelist.js';
import { refuseMixed } from '../misuse.js';
import { noteOrigSize } from '../orig-size.js';
import { headSlotOf } from '../slab-head.js';
import type { SlubSystem } from '../slub-system.js';
import { slubAlloc } from './alloc.js';
import { freeList, slubFree } from './free.js';

/**
 * Allocates `size` bytes: from a cache up to 8192 bytes, above that whole pages.
 *
 * @param size 0..4 MiB; 0 gives `ZERO_SIZE_PTR`, which is no memory.
 * @returns a physical address, or null for no memory.
 * @throws OptionError for what is no slab allocator, no size or no flags.
 * @example
 * slubKmalloc(ctx, slub, 100, GFP_KERNEL); // an object of kmalloc-128
 * @see linux 6.1 mm/slab_common.c __do_kmalloc_node
 */
export function* slubKmalloc(
  ctx: Context,
  system: SlubSystem,
  size: number,
  gfp: number,
): Steps<number | null> {
  checkSystem(system);
  checkSize(size);
  checkGfp(gfp);
  if (size > KMALLOC_MAX_CACHE_SIZE) return yield* largeBlock(ctx, system, size, gfp);
  if (size === 0) return ZERO_SIZE_PTR;
  const index = kmallocIndex(system.arch, size);
  const cache = system.kmalloc[kmallocType(gfp, system.hasZoneDma) * KMALLOC_CLASSES + index];
  if (cache === undefined) throw new KernelBug('kmalloc before its caches were made', { size });
  const object = yield* slubAlloc(ctx, cache, gfp);
  if (object !== null && cache.storeUser) noteOrigSize(cache, object, size);
  return object;
}

/**
 * Frees what {@link slubKmalloc} or a cache gave; null and `ZERO_SIZE_PTR` are nothing to free.
 * @throws OptionError for what is no slab allocator or no address; HoleError where there is no memory.
 * @example
 * slubKfree(ctx, slub, address);
 * @see linux 6.1 mm/slab_common.c kfree
 */
export function* slubKfree(ctx: Context, system: SlubSystem, address: number | null): Steps<void> {
  checkSystem(system);
  if (address === null || checkObjectAddress(address) <= ZERO_SIZE_PTR) return;
  const { frames } = system;
  const pfn = Math.floor(address / PAGE_SIZE);
  if (!frames.map.has(pfn)) throw new HoleError(address);
  const slot = headSlotOf(frames, pfn);
  if ((frames.flags[slot]! & PageFlag.slab) === 0) {
    yield* freeLargeBlock(ctx, system, address);
    return;
  }
  yield* slubFree(ctx, system.caches[frames.owner0[slot]!]!, address);
}

/**
 * Frees many that {@link slubKmalloc} or any caches gave, those of one slab together, as `slubFreeBulk` does for one cache.
 *
 * @param addresses physical addresses, from the last on; not changed.
 * @throws KernelBug for what is no memory, which kfree alone passes over.
 * @throws MisuseError on a strict machine for what is not live; nothing has changed.
 * @throws OptionError for what is no slab allocator and no list of addresses; HoleError where there is no memory.
 * @example
 * slubKfreeBulk(ctx, slub, [small, large]);
 * @see linux 6.1 include/linux/slab.h kfree_bulk
 */
export function* slubKfreeBulk(ctx: Context, system: SlubSystem, addresses: readonly number[]): Steps<void> {
  const { frames, caches, pages } = checkSystem(system);
  for (const address of checkMemory(addresses))
    if (!frames.map.has(Math.floor(address / PAGE_SIZE))) throw new HoleError(address);
  if (pages.strict) refuseMixed(system, addresses);
  const left = [...addresses];
  for (let size = left.length; size > 0;) {
    const address = left[size - 1]!;
    const slot = headSlotOf(frames, Math.floor(address / PAGE_SIZE));
    if ((frames.flags[slot]! & PageFlag.slab) === 0) {
      size--;
      yield* freeLargeBlock(ctx, system, address);
      continue;
    }
    const detached = detachFreelist(caches[frames.owner0[slot]!]!, left, size);
    size = detached.left;
    const { head, tail } = freelistOf(detached);
    yield* freeList(ctx, detached.cache, slot, head, tail, detached.count);
  }
}

/** Whole pages, which count among those of slabs. @see linux 6.1 mm/slab_common.c __kmalloc_large_node */
function* largeBlock(ctx: Context, system: SlubSystem, size: number, gfp: number): Steps<number | null> {
  const address = yield* kmallocLarge(ctx, system.pages, size, gfp);
  if (address === null) return null;
  yield rmw(system.largePagesCell);
  system.largePages += pagesAt(system, address);
  return address;
}

function* freeLargeBlock(ctx: Context, system: SlubSystem, address: number): Steps<void> {
  yield rmw(system.largePagesCell);
  system.largePages -= pagesAt(system, address);
  yield* freeLargeKmalloc(ctx, system.pages, address, system.arch);
}

const pagesAt = ({ frames }: SlubSystem, address: number): number =>
  2 ** compoundOrder(frames.flags[headSlotOf(frames, Math.floor(address / PAGE_SIZE))]!);
