import type { CacheRequest } from '@mm/kmem';
import { kmemCacheCreate } from '@mm/kmem/stepped';
import { SlabCache, SlabSystem } from '@mm/slab';
import {
  drainAll,
  slabAlloc,
  slabAllocBulk,
  slabCpuDead,
  slabCpuOnline,
  slabDestroy,
  slabEndGracePeriod,
  slabFree,
  slabFreeBulk,
  slabKfree,
  slabKmalloc,
  slabShrink,
} from '@mm/slab/stepped';
import {
  endGracePeriod,
  flushAll,
  kmemCacheDestroy,
  slubAlloc,
  slubAllocBulk,
  slubCpuDead,
  slubCpuOnline,
  slubFree,
  slubFreeBulk,
  slubKfree,
  slubKmalloc,
  slubShrink,
} from '@mm/slub/stepped';
import type { Context, Steps } from '@mm/steps/stepped';

import type { AnyCache, KmemSystem } from '../kmem-system.js';

/**
 * Makes a cache, or finds one that can serve the request as well; null when the kernel answers NULL.
 * @throws OptionError for arguments that C's types rule out.
 * @example
 * cacheCreate(ctx, machine.kmem, { name: 'tables', size: 1024 });
 * @see linux 6.1 include/linux/slab.h kmem_cache_create
 */
export function* cacheCreate(ctx: Context, kmem: KmemSystem, request: CacheRequest): Steps<AnyCache | null> {
  if (kmem instanceof SlabSystem) return yield* kmemCacheCreate(ctx, kmem.register, request);
  return yield* kmemCacheCreate(ctx, kmem.register, request);
}

/**
 * An object of a cache: its physical address, or null for no memory.
 * @example
 * cacheAlloc(ctx, cache, GFP_KERNEL);
 * @see linux 6.1 include/linux/slab.h kmem_cache_alloc
 */
export function* cacheAlloc(ctx: Context, cache: AnyCache, gfp: number): Steps<number | null> {
  if (cache instanceof SlabCache) return yield* slabAlloc(ctx, cache, gfp);
  return yield* slubAlloc(ctx, cache, gfp);
}

/**
 * Frees an object.
 * @example
 * cacheFree(ctx, cache, object);
 * @see linux 6.1 include/linux/slab.h kmem_cache_free
 */
export function* cacheFree(ctx: Context, cache: AnyCache, object: number): Steps<void> {
  if (cache instanceof SlabCache) yield* slabFree(ctx, cache, object);
  else yield* slubFree(ctx, cache, object);
}

/**
 * `many` objects or none: returns `many` or 0.
 * @example
 * const objects: number[] = [];
 * cacheAllocBulk(ctx, cache, GFP_KERNEL, 16, objects); // 16 or 0
 * @see linux 6.1 include/linux/slab.h kmem_cache_alloc_bulk
 */
export function* cacheAllocBulk(
  ctx: Context,
  cache: AnyCache,
  gfp: number,
  many: number,
  objects: number[],
): Steps<number> {
  if (cache instanceof SlabCache) return yield* slabAllocBulk(ctx, cache, gfp, many, objects);
  return yield* slubAllocBulk(ctx, cache, gfp, many, objects);
}

/**
 * Frees objects.
 * @example
 * cacheFreeBulk(ctx, cache, objects);
 * @see linux 6.1 include/linux/slab.h kmem_cache_free_bulk
 */
export function* cacheFreeBulk(ctx: Context, cache: AnyCache, objects: readonly number[]): Steps<void> {
  if (cache instanceof SlabCache) yield* slabFreeBulk(ctx, cache, objects);
  else yield* slubFreeBulk(ctx, cache, objects);
}

/**
 * Gives empty slabs back; 1 while the cache has others.
 * @example
 * cacheShrink(ctx, cache); // 0: nothing is left
 * @see linux 6.1 include/linux/slab.h kmem_cache_shrink
 */
export function* cacheShrink(ctx: Context, cache: AnyCache): Steps<number> {
  if (cache instanceof SlabCache) return yield* slabShrink(ctx, cache);
  return yield* slubShrink(ctx, cache);
}

/**
 * Every CPU gives up what it keeps of the cache.
 * @example
 * cacheFlush(ctx, cache);
 */
export function* cacheFlush(ctx: Context, cache: AnyCache): Steps<void> {
  if (cache instanceof SlabCache) yield* drainAll(ctx, cache);
  else yield* flushAll(ctx, cache);
}

/**
 * One user gives the cache up; whether it was the last and nothing was left.
 * @example
 * cacheDestroy(ctx, cache); // false: others use it, or objects are left
 * @see linux 6.1 mm/slab_common.c kmem_cache_destroy
 */
export function* cacheDestroy(ctx: Context, cache: AnyCache): Steps<boolean> {
  if (cache instanceof SlabCache) return yield* slabDestroy(ctx, cache);
  return yield* kmemCacheDestroy(ctx, cache);
}

/**
 * `size` bytes: a physical address, or null.
 * @example
 * kmalloc(ctx, machine.kmem, 100, GFP_KERNEL);
 * @see linux 6.1 mm/slab_common.c __kmalloc
 */
export function* kmalloc(ctx: Context, kmem: KmemSystem, size: number, gfp: number): Steps<number | null> {
  if (kmem instanceof SlabSystem) return yield* slabKmalloc(ctx, kmem, size, gfp);
  return yield* slubKmalloc(ctx, kmem, size, gfp);
}

/**
 * Frees what {@link kmalloc} gave.
 * @example
 * kfree(ctx, machine.kmem, address);
 * @see linux 6.1 mm/slab_common.c kfree
 */
export function* kfree(ctx: Context, kmem: KmemSystem, address: number | null): Steps<void> {
  if (kmem instanceof SlabSystem) yield* slabKfree(ctx, kmem, address);
  else yield* slubKfree(ctx, kmem, address);
}

/**
 * Ends a grace period: slabs that waited for it go back.
 * @example
 * gracePeriodEnds(ctx, machine.kmem);
 */
export function* gracePeriodEnds(ctx: Context, kmem: KmemSystem): Steps<void> {
  if (kmem instanceof SlabSystem) yield* slabEndGracePeriod(ctx, kmem);
  else yield* endGracePeriod(ctx, kmem);
}

/**
 * A CPU has gone offline: what it kept of every cache goes back.
 * @example
 * cpuDead(ctx, machine.kmem, 1);
 */
export function* cpuDead(ctx: Context, kmem: KmemSystem, cpu: number): Steps<void> {
  if (kmem instanceof SlabSystem) yield* slabCpuDead(ctx, kmem, cpu);
  else yield* slubCpuDead(ctx, kmem, cpu);
}

/**
 * A CPU is online again.
 * @example
 * cpuOnline(ctx, machine.kmem, 1);
 */
export function* cpuOnline(ctx: Context, kmem: KmemSystem, cpu: number): Steps<void> {
  if (kmem instanceof SlabSystem) yield* slabCpuOnline(ctx, kmem, cpu);
  else yield* slubCpuOnline(ctx, kmem, cpu);
}
