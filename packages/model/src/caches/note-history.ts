import type { AnyCache } from '@mm/machine';
import { SlubCache } from '@mm/slub';

import type { CacheWorld } from './cache-world.js';
import type { StatName } from './counter-model.js';

/*
 * Commands tell the models of SLUB's counters and of typesafe memory what they do, before they do it: a counter may run ahead of the history only
 * while the command is under way. SLAB has no such counters.
 */

/** CPU `cpu` asks for an object, in its next step. */
export function tookObject({ counters, asking }: CacheWorld, cache: AnyCache, cpu: number): void {
  asking.cache = cache;
  asking.cpu = cpu;
  if (cache instanceof SlubCache) counters.of(cache).allocs[cpu]! += 1;
}

/** Failures on purpose count nowhere: they come before anything is touched, in the first step of who asks. */
export function watchFaults({ kmem, counters, asking }: CacheWorld): void {
  if (kmem.faults === null) return;
  kmem.faults.onFailure = (cache) => {
    if (cache instanceof SlubCache && asking.cache === cache) counters.of(cache).allocs[asking.cpu]! -= 1;
  };
}

/** CPU `cpu` frees an object, in its next step. */
export function gaveObject(
  { counters, typesafe }: CacheWorld,
  cache: AnyCache,
  cpu: number,
  object: number,
): void {
  typesafe.freed(cache, object);
  if (cache instanceof SlubCache) counters.of(cache).frees[cpu]! += 1;
}

/** Another request than for one object of a user's cache begins in the next step. */
export function tookOther({ asking }: CacheWorld): void {
  asking.cache = null;
}

/** `wanted` objects were asked for at once, and `got` handed out: what was taken before a failure was freed again. */
export function tookBulk({ counters }: CacheWorld, cache: AnyCache, wanted: number, got: number): void {
  if (!(cache instanceof SlubCache)) return;
  const history = counters.of(cache);
  history.bulkAllocsMax += wanted;
  if (got === 0) history.bulkFreesMax += wanted;
}

/** Objects are freed at once: at least one slab's, at most each from another slab. */
export function gaveBulk(
  { counters, typesafe }: CacheWorld,
  cache: AnyCache,
  objects: readonly number[],
): void {
  for (const object of objects) typesafe.freed(cache, object);
  if (!(cache instanceof SlubCache) || objects.length === 0) return;
  const history = counters.of(cache);
  history.bulkFreesMin += 1;
  history.bulkFreesMax += objects.length;
}

/** Slabs of the cache may be given back without being counted. */
export function wasShrunk({ counters }: CacheWorld, cache: AnyCache): void {
  if (cache instanceof SlubCache) counters.of(cache).shrunk = true;
}

/** A counter was set to zero. What others counted meanwhile nobody knows: then nothing more is foretold of the cache. */
export function wasCleared(
  { counters, interleaved }: CacheWorld,
  cache: SlubCache,
  name: StatName,
  reached: readonly number[],
): void {
  if (interleaved) counters.leave(cache);
  else counters.cleared(cache, name, reached);
}

/** The cache is no more. */
export function wasDestroyed({ counters }: CacheWorld, cache: AnyCache): void {
  if (cache instanceof SlubCache) counters.forget(cache);
}
