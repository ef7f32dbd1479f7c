import { KMALLOC_CLASSES, KMALLOC_MAX_CACHE_SIZE, ZERO_SIZE_PTR, kmallocIndex, kmallocType } from '@mm/kmem';
import { freeLargeKmalloc, kmallocLarge } from '@mm/kmem/stepped';
import { PageFlag } from '@mm/memory';
import { KernelBug } from '@mm/printk';
import type { Context, Steps } from '@mm/steps/stepped';

import { headSlotOf } from '../slab-head.js';
import type { SlabSystem } from '../slab-system.js';
import { slabAlloc } from './alloc.js';
import { slabFree } from './free.js';

/**
 * Allocates `size` bytes: from a cache up to 8192 bytes, above that whole pages.
 *
 * @param size 0..4 MiB; 0 gives `ZERO_SIZE_PTR`, which is no memory.
 * @returns a physical address, or null for no memory.
 * @example
 * slabKmalloc(ctx, slab, 100, GFP_KERNEL); // an object of kmalloc-128
 * @see linux 6.1 mm/slab_common.c __do_kmalloc_node
 */
export function* slabKmalloc(
  ctx: Context,
  system: SlabSystem,
  size: number,
  gfp: number,
): Steps<number | null> {
  if (size > KMALLOC_MAX_CACHE_SIZE) return yield* kmallocLarge(ctx, system.pages, size, gfp);
  if (size === 0) return ZERO_SIZE_PTR;
  const index = kmallocIndex(system.arch, size, true);
  const cache = system.kmalloc[kmallocType(gfp, system.hasZoneDma) * KMALLOC_CLASSES + index];
  if (cache === undefined) throw new KernelBug('kmalloc before its caches were made', { size });
  return yield* slabAlloc(ctx, cache, gfp);
}

/**
 * Frees what {@link slabKmalloc} or a cache gave; null and `ZERO_SIZE_PTR` are nothing to free.
 * @example
 * slabKfree(ctx, slab, address);
 * @see linux 6.1 mm/slab_common.c kfree
 */
export function* slabKfree(ctx: Context, system: SlabSystem, address: number | null): Steps<void> {
  if (address === null || address <= ZERO_SIZE_PTR) return;
  const { frames, pages } = system;
  const slot = headSlotOf(frames, Math.floor(address / 4096));
  if ((frames.flags[slot]! & PageFlag.slab) === 0) yield* freeLargeKmalloc(ctx, pages, address);
  else yield* slabFree(ctx, system.caches[frames.owner0[slot]!]!, address);
}
