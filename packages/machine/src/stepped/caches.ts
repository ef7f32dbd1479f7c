import { pageAllocCpuDead, pageAllocCpuOnline } from '@mm/buddy/stepped';
import { type CacheRequest, checkCpu, checkGfp, checkObjectAddress } from '@mm/kmem';
import { cpusWriteLock, cpusWriteUnlock, kmemCacheCreate } from '@mm/kmem/stepped';
import {
  drainAll,
  emptyDeadCpu,
  slabAlloc,
  slabAllocBulk,
  slabCpuOnline,
  slabDestroy,
  slabEndGracePeriod,
  slabFree,
  slabFreeBulk,
  slabKfree,
  slabKfreeBulk,
  slabKmalloc,
  slabShrink,
  slabZalloc,
} from '@mm/slab/stepped';
import { SlubCache, SlubSystem } from '@mm/slub';
import {
  endGracePeriod,
  flushAll,
  flushDeadCpu,
  kmemCacheDestroy,
  slubAlloc,
  slubAllocBulk,
  slubCpuOnline,
  slubFree,
  slubFreeBulk,
  slubKfree,
  slubKfreeBulk,
  slubKmalloc,
  slubShrink,
  slubZalloc,
} from '@mm/slub/stepped';
import { type Context, type Steps, cpuDown } from '@mm/steps/stepped';

import { checkSlabCache, checkSlabSystem } from '../check-arguments.js';
import type { AnyCache, KmemSystem } from '../kmem-system.js';

/**
 * Makes a cache, or finds one that can serve the request as well; null when the kernel answers NULL.
 * @throws OptionError for arguments that C's types rule out.
 * @example
 * cacheCreate(ctx, machine.kmem, { name: 'tables', size: 1024 });
 * @see linux 6.1 include/linux/slab.h kmem_cache_create
 */
export function* cacheCreate(ctx: Context, kmem: KmemSystem, request: CacheRequest): Steps<AnyCache | null> {
  if (kmem instanceof SlubSystem) return yield* kmemCacheCreate(ctx, kmem.register, request);
  return yield* kmemCacheCreate(ctx, checkSlabSystem(kmem).register, request);
}

/**
 * An object of a cache: its physical address, or null for no memory.
 * @throws OptionError for what is no cache or no flags.
 * @example
 * cacheAlloc(ctx, cache, GFP_KERNEL);
 * @see linux 6.1 include/linux/slab.h kmem_cache_alloc
 */
export function* cacheAlloc(ctx: Context, cache: AnyCache, gfp: number): Steps<number | null> {
  checkGfp(gfp);
  if (cache instanceof SlubCache) return yield* slubAlloc(ctx, cache, gfp);
  return yield* slabAlloc(ctx, checkSlabCache(cache), gfp);
}

/**
 * {@link cacheAlloc} of an object whose bytes are 0.
 * @throws OptionError for what is no cache or no flags.
 * @example
 * cacheZalloc(ctx, cache, GFP_KERNEL);
 * @see linux 6.1 include/linux/slab.h kmem_cache_zalloc
 */
export function* cacheZalloc(ctx: Context, cache: AnyCache, gfp: number): Steps<number | null> {
  checkGfp(gfp);
  if (cache instanceof SlubCache) return yield* slubZalloc(ctx, cache, gfp);
  return yield* slabZalloc(ctx, checkSlabCache(cache), gfp);
}

/**
 * Frees an object.
 * @throws OptionError for what is no cache or no address.
 * @example
 * cacheFree(ctx, cache, object);
 * @see linux 6.1 include/linux/slab.h kmem_cache_free
 */
export function* cacheFree(ctx: Context, cache: AnyCache, object: number): Steps<void> {
  checkObjectAddress(object);
  if (cache instanceof SlubCache) yield* slubFree(ctx, cache, object);
  else yield* slabFree(ctx, checkSlabCache(cache), object);
}

/**
 * `many` objects or none: returns `many` or 0.
 * @throws OptionError for what is no cache, no flags, no number of objects or no list.
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
  if (cache instanceof SlubCache) return yield* slubAllocBulk(ctx, cache, gfp, many, objects);
  return yield* slabAllocBulk(ctx, checkSlabCache(cache), gfp, many, objects);
}

/**
 * Frees objects.
 * @throws OptionError for what is no cache or no list of addresses.
 * @example
 * cacheFreeBulk(ctx, cache, objects);
 * @see linux 6.1 include/linux/slab.h kmem_cache_free_bulk
 */
export function* cacheFreeBulk(ctx: Context, cache: AnyCache, objects: readonly number[]): Steps<void> {
  if (cache instanceof SlubCache) yield* slubFreeBulk(ctx, cache, objects);
  else yield* slabFreeBulk(ctx, checkSlabCache(cache), objects);
}

/**
 * Gives empty slabs back; 1 while the cache has others.
 * @throws OptionError for what is no cache.
 * @example
 * cacheShrink(ctx, cache); // 0: nothing is left
 * @see linux 6.1 include/linux/slab.h kmem_cache_shrink
 */
export function* cacheShrink(ctx: Context, cache: AnyCache): Steps<number> {
  if (cache instanceof SlubCache) return yield* slubShrink(ctx, cache);
  return yield* slabShrink(ctx, checkSlabCache(cache));
}

/**
 * Every CPU gives up what it keeps of the cache.
 * @throws OptionError for what is no cache.
 * @example
 * cacheFlush(ctx, cache);
 */
export function* cacheFlush(ctx: Context, cache: AnyCache): Steps<void> {
  if (cache instanceof SlubCache) yield* flushAll(ctx, cache);
  else yield* drainAll(ctx, checkSlabCache(cache));
}

/**
 * One user gives the cache up; whether it was the last and nothing was left. Of null nothing happens.
 * @throws OptionError for what is no cache.
 * @example
 * cacheDestroy(ctx, cache); // false: others use it, or objects are left
 * @see linux 6.1 mm/slab_common.c kmem_cache_destroy
 */
export function* cacheDestroy(ctx: Context, cache: AnyCache | null): Steps<boolean> {
  if (cache === null) return false;
  if (cache instanceof SlubCache) return yield* kmemCacheDestroy(ctx, cache);
  return yield* slabDestroy(ctx, checkSlabCache(cache));
}

/**
 * `size` bytes: a physical address, or null.
 * @throws OptionError for what is no size or no flags.
 * @example
 * kmalloc(ctx, machine.kmem, 100, GFP_KERNEL);
 * @see linux 6.1 mm/slab_common.c __kmalloc
 */
export function* kmalloc(ctx: Context, kmem: KmemSystem, size: number, gfp: number): Steps<number | null> {
  if (kmem instanceof SlubSystem) return yield* slubKmalloc(ctx, kmem, size, gfp);
  return yield* slabKmalloc(ctx, checkSlabSystem(kmem), size, gfp);
}

/**
 * Frees what {@link kmalloc} gave.
 * @throws OptionError for what is no address; HoleError where there is no memory.
 * @example
 * kfree(ctx, machine.kmem, address);
 * @see linux 6.1 mm/slab_common.c kfree
 */
export function* kfree(ctx: Context, kmem: KmemSystem, address: number | null): Steps<void> {
  if (kmem instanceof SlubSystem) yield* slubKfree(ctx, kmem, address);
  else yield* slabKfree(ctx, checkSlabSystem(kmem), address);
}

/**
 * Frees many that {@link kmalloc} or any caches gave.
 * @throws KernelBug for null and `ZERO_SIZE_PTR`, which {@link kfree} passes over.
 * @throws OptionError for what is no list of addresses.
 * @example
 * kfreeBulk(ctx, machine.kmem, [small, large]);
 * @see linux 6.1 include/linux/slab.h kfree_bulk
 */
export function* kfreeBulk(ctx: Context, kmem: KmemSystem, addresses: readonly number[]): Steps<void> {
  if (kmem instanceof SlubSystem) yield* slubKfreeBulk(ctx, kmem, addresses);
  else yield* slabKfreeBulk(ctx, checkSlabSystem(kmem), addresses);
}

/**
 * Ends a grace period: slabs that waited for it go back.
 * @throws OptionError for what is no slab allocator.
 * @example
 * gracePeriodEnds(ctx, machine.kmem);
 */
export function* gracePeriodEnds(ctx: Context, kmem: KmemSystem): Steps<void> {
  if (kmem instanceof SlubSystem) yield* endGracePeriod(ctx, kmem);
  else yield* slabEndGracePeriod(ctx, checkSlabSystem(kmem));
}

/**
 * A CPU goes offline, unless it has: what it kept of every cache goes back, and the pages on its lists. SLAB is told before the page
 * allocator, SLUB after it. Not to be called there.
 * @throws OptionError for what is no slab allocator or no CPU.
 * @example
 * cpuDead(ctx, machine.kmem, 1);
 * @see linux 6.1 include/linux/cpuhotplug.h CPUHP_SLUB_DEAD, CPUHP_PAGE_ALLOC, CPUHP_SLAB_PREPARE
 */
export function* cpuDead(ctx: Context, kmem: KmemSystem, cpu: number): Steps<void> {
  const { register, pages } = kmem instanceof SlubSystem ? kmem : checkSlabSystem(kmem);
  checkCpu(pages.cpus, cpu);
  yield* cpusWriteLock(register);
  yield cpuDown(cpu);
  if (!(kmem instanceof SlubSystem)) yield* emptyDeadCpu(ctx, kmem, cpu);
  yield* pageAllocCpuDead(ctx, pages, cpu);
  if (kmem instanceof SlubSystem) yield* flushDeadCpu(ctx, kmem, cpu);
  yield* cpusWriteUnlock(register);
}

/**
 * A CPU is online again.
 * @throws OptionError for what is no slab allocator or no CPU.
 * @example
 * cpuOnline(ctx, machine.kmem, 1);
 */
export function* cpuOnline(ctx: Context, kmem: KmemSystem, cpu: number): Steps<void> {
  const { register, pages } = kmem instanceof SlubSystem ? kmem : checkSlabSystem(kmem);
  checkCpu(pages.cpus, cpu);
  if (kmem instanceof SlubSystem) yield* slubCpuOnline(ctx, kmem, cpu);
  else yield* slabCpuOnline(ctx, kmem, cpu);
  yield* cpusWriteLock(register);
  yield* pageAllocCpuOnline(ctx, pages, cpu);
  yield* cpusWriteUnlock(register);
}
