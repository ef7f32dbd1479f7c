import type { Machine } from '@mm/machine';
import type { SlubCache, SlubSystem } from '@mm/slub';
import { OptionError } from '@mm/printk';

import { constructorOf } from './slub-boot.js';

/** Flags that the allocator adds itself: poisoned objects, double-word compare-exchange. */
const PRIVATE_FLAGS = 0xc0000000;

/** A cache as a recording's list of caches shows it. */
export type RecordedCache = Readonly<Record<string, string | number>>;

/**
 * Makes the caches that a recorded kernel had, newest first in the list, with their users and links.
 * @throws OptionError when a row does not describe a cache that the kernel could have.
 */
export function adoptCaches(
  machine: Machine,
  slub: SlubSystem,
  newestFirst: readonly RecordedCache[],
  links: ReadonlyArray<readonly [string, string]>,
): void {
  for (const row of newestFirst.toReversed()) adoptCache(machine, slub, row);
  for (const name of slub.names.links.keys()) slub.names.links.delete(name);
  for (const [name, target] of links) slub.names.links.set(name, target);
}

function adoptCache(machine: Machine, slub: SlubSystem, row: RecordedCache): SlubCache {
  const cache = slub.register.adopt({
    name: String(row['name']),
    size: Number(row['object_size']),
    align: Number(row['align']),
    flags: (Number(row['flags']) & ~PRIVATE_FLAGS) >>> 0,
    useroffset: 0,
    usersize: Number(row['usersize']),
    ctor: constructorOf(machine, Number(row['has_ctor'])),
    refcount: Number(row['refcount']),
  });
  cache.inuse = Number(row['inuse']);
  for (const [field, value] of [
    ['size', cache.size],
    ['uid', cache.uid],
  ] as const)
    if (row[field] !== value)
      throw new OptionError(`initial ${cache.name}.${field}`, `${value}, by the other fields`, row[field]);
  return cache;
}
