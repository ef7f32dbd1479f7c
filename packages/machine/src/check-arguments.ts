import { SlabCache, SlabSystem } from '@mm/slab';
import { OptionError, checkInteger } from '@mm/printk';

import type { AnyCache, KmemSystem } from './kmem-system.js';

/** What is not a cache of SLUB must be one of SLAB. @throws OptionError for anything else. */
export function checkSlabCache(cache: AnyCache): SlabCache {
  if (!(cache instanceof SlabCache))
    throw new OptionError('cache', 'a cache that kmemCacheCreate() made', cache);
  return cache;
}

/** What is not SLUB must be SLAB. @throws OptionError for anything else. */
export function checkSlabSystem(kmem: KmemSystem): SlabSystem {
  if (!(kmem instanceof SlabSystem)) throw new OptionError('kmem', 'the kmem of a machine', kmem);
  return kmem;
}

/** @throws OptionError when `gfp` is not an integer in [0, 2^31). */
export function checkGfp(gfp: number): void {
  // Two comparisons where the test of its type would be a call.
  if (typeof gfp !== 'number' || (gfp & 0x7fffffff) !== gfp)
    throw new OptionError('gfp', 'an integer in [0, 2^31)', gfp);
}

/** @throws OptionError when `object` is no address. */
export function checkObjectAddress(object: number): void {
  if (!Number.isSafeInteger(object) || object < 0)
    throw new OptionError('object', 'the address of an object', object);
}

/** @throws OptionError for what is no CPU of the machine. */
export const checkCpu = (kmem: KmemSystem, cpu: number): number => checkInteger('cpu', cpu, 0, kmem.cpus - 1);

/** The kernel's type is size_t. @throws OptionError when `size` is not an integer from 0. */
export const checkSize = (size: number): number => checkInteger('size', size, 0, Number.MAX_SAFE_INTEGER);

/** @throws OptionError when there are not `many` objects to be had, or no list to put them on. */
export function checkBulk(many: number, objects: readonly number[]): void {
  checkInteger('many', many, 0, BULK_MAX);
  checkObjects(objects);
}

/** @throws OptionError for what is no list of addresses. */
export function checkObjects(objects: readonly number[]): void {
  if (!Array.isArray(objects)) throw new OptionError('objects', 'an array of addresses', objects);
  for (const object of objects) checkObjectAddress(object);
}

/** More objects at once than any memory here has bytes for. */
const BULK_MAX = 2 ** 31 - 1;
