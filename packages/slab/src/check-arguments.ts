import { checkAllocatorOptions, checkArch, checkGfp } from '@mm/kmem';
import { OptionError, checkBoolean, checkFlags, checkFunction, checkInteger, checkObject } from '@mm/printk';
import { CPUS_MAX } from '@mm/zones';

import type { SlabBoot } from './slab-boot.js';
import type { SlabCache } from './slab-cache.js';
import type { GeometryRules, SlabGeometry } from './slab-geometry.js';
import type { SlabOptions, SlabSystem } from './slab-system.js';

const MOST = Number.MAX_SAFE_INTEGER;
const TOP_ORDER = 10;
/** An object's number takes a byte. @see linux 6.1 mm/slab.c SLAB_OBJ_MAX_NUM */
const OBJECTS_MAX = 255;

/** A cache, by what only one of SLAB has: its class would make the imports a circle. @throws OptionError for anything else. */
export function checkCache(cache: SlabCache): SlabCache {
  if (!Array.isArray((cache as Partial<SlabCache> | null | undefined)?.arrays))
    throw new OptionError('cache', 'a cache of SLAB', cache);
  return cache;
}

/** A cache that has not been destroyed, as it came. @throws OptionError for anything else. */
export function checkAlive(cache: SlabCache): SlabCache {
  if (checkCache(cache).alive === 0)
    throw new OptionError('cache', 'a cache that has not been destroyed', cache.name);
  return cache;
}

/** @throws OptionError for what is no cache, or no flags. */
export function checkRequest(cache: SlabCache, gfp: number): void {
  checkCache(cache);
  checkGfp(gfp);
}

/** What the caches of a machine share, by what only SLAB's has. @throws OptionError for anything else. */
export function checkSystem(system: SlabSystem): SlabSystem {
  if (typeof (system as Partial<SlabSystem> | null | undefined)?.maxOrder !== 'number')
    throw new OptionError('system', 'a SlabSystem', system);
  return system;
}

/** @throws OptionError naming the boot parameter that is none. */
export function checkBoot(boot: SlabBoot): void {
  checkObject('boot', boot, 'what parseSlabBoot() returns');
  if (boot.maxOrder !== null) checkInteger('boot.maxOrder', boot.maxOrder, 0, TOP_ORDER);
  checkBoolean('boot.nomerge', boot.nomerge);
}

/** @throws OptionError naming the option. */
export function checkOptions(options: SlabOptions): void {
  checkAllocatorOptions(options);
  if (options.boot !== undefined) checkBoot(options.boot);
  if (options.debug !== undefined) checkBoolean('debug', options.debug);
}

/** @throws OptionError naming what of the rules is none. */
export function checkRules(rules: GeometryRules): GeometryRules {
  checkObject('rules', rules, 'an object with arch, debug, maxOrder, cpus and freelistCacheSize');
  checkArch(rules.arch);
  checkBoolean('rules.debug', rules.debug);
  checkInteger('rules.maxOrder', rules.maxOrder, 0, TOP_ORDER);
  checkInteger('rules.cpus', rules.cpus, 1, CPUS_MAX);
  checkFunction('rules.freelistCacheSize', rules.freelistCacheSize);
  return rules;
}

const COUNTS = ['colour', 'freelistSize', 'allocFlags', 'objOffset', 'shared'] as const;
const POSITIVE = ['size', 'align', 'colourOff', 'limit', 'batchcount'] as const;

/** @throws OptionError naming the field of a geometry that is none. */
export function checkGeometry(geometry: SlabGeometry): void {
  checkObject('geometry', geometry, 'what slabGeometry() returns');
  for (const field of COUNTS) checkInteger(`geometry.${field}`, geometry[field], 0, MOST);
  for (const field of POSITIVE) checkInteger(`geometry.${field}`, geometry[field], 1, MOST);
  checkInteger('geometry.order', geometry.order, 0, TOP_ORDER);
  checkInteger('geometry.num', geometry.num, 1, OBJECTS_MAX);
  checkFlags('geometry.flags', geometry.flags);
}

/** @throws OptionError for what C's int cannot hold. The kernel itself answers those that make no sense. */
export function checkTunables(limit: number, batchcount: number, shared: number): void {
  checkInteger('limit', limit, -INT_MAX - 1, INT_MAX);
  checkInteger('batchcount', batchcount, -INT_MAX - 1, INT_MAX);
  checkInteger('shared', shared, -INT_MAX - 1, INT_MAX);
}

const INT_MAX = 2 ** 31 - 1;
