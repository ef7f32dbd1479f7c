import { checkAllocatorOptions, checkArch, checkGfp } from '@mm/kmem';
import {
  OptionError,
  checkArray,
  checkBoolean,
  checkFlags,
  checkInteger,
  checkObject,
  checkText,
} from '@mm/printk';
import { CPUS_MAX } from '@mm/zones';

import type { SlubBoot } from './boot-options.js';
import type { DebugOptions } from './debug-options.js';
import type { SlubCache } from './slub-cache.js';
import type { GeometryRules, SlubGeometry } from './slub-geometry.js';
import type { SlubOptions, SlubSystem } from './slub-system.js';

const MOST = Number.MAX_SAFE_INTEGER;
const TOP_ORDER = 10;

/** A cache, by what only one of SLUB has: its class would make the imports a circle. @throws OptionError for anything else. */
export function checkCache(cache: SlubCache): SlubCache {
  if (!((cache as Partial<SlubCache> | null | undefined)?.cpu instanceof Int32Array))
    throw new OptionError('cache', 'a cache of SLUB', cache);
  return cache;
}

/** A cache that has not been destroyed, as it came. @throws OptionError for anything else. */
export function checkAlive(cache: SlubCache): SlubCache {
  if (checkCache(cache).alive === 0)
    throw new OptionError('cache', 'a cache that has not been destroyed', cache.name);
  return cache;
}

/** @throws OptionError for what is no cache, or no flags. */
export function checkRequest(cache: SlubCache, gfp: number): void {
  checkCache(cache);
  checkGfp(gfp);
}

/** What the caches of a machine share, by what only SLUB's has. @throws OptionError for anything else. */
export function checkSystem(system: SlubSystem): SlubSystem {
  if (!Array.isArray((system as Partial<SlubSystem> | null | undefined)?.rcuCaches))
    throw new OptionError('system', 'a SlubSystem', system);
  return system;
}

/** @throws OptionError naming the field of `slub_debug` that is none. */
export function checkDebug(debug: DebugOptions): DebugOptions {
  checkObject('debug', debug, 'what parseSlubDebug() returns');
  checkFlags('debug.flags', debug.flags);
  checkBoolean('debug.disableHigherOrder', debug.disableHigherOrder);
  for (const list of checkArray('debug.lists', debug.lists, 'flags with names of caches')) {
    checkObject('debug.lists', list, 'objects with flags and names');
    checkFlags('debug.lists.flags', list.flags);
    for (const name of checkArray('debug.lists.names', list.names, 'names'))
      checkText('debug.lists.names', name);
  }
  return debug;
}

/** @throws OptionError naming the boot parameter that is none. */
export function checkBoot(boot: SlubBoot): SlubBoot {
  checkObject('boot', boot, 'what parseSlubBoot() returns');
  checkInteger('boot.minOrder', boot.minOrder, 0, MOST);
  checkInteger('boot.maxOrder', boot.maxOrder, 0, TOP_ORDER);
  checkInteger('boot.minObjects', boot.minObjects, 0, MOST);
  checkBoolean('boot.nomerge', boot.nomerge);
  checkDebug(boot.debug);
  return boot;
}

/** @throws OptionError naming the option. */
export function checkOptions(options: SlubOptions): void {
  checkAllocatorOptions(options);
  if (options.boot !== undefined) checkBoot(options.boot);
  if (options.possibleCpus !== undefined) checkInteger('possibleCpus', options.possibleCpus, 1, CPUS_MAX);
  for (const seed of ['randomFreelist', 'hardenedFreelist'] as const)
    if (options[seed] !== undefined) checkInteger(seed, options[seed], -MOST, MOST);
}

/** @throws OptionError naming what of the rules is none. */
export function checkRules(rules: GeometryRules): GeometryRules {
  checkObject('rules', rules, 'an object with arch, boot and cpus');
  checkArch(rules.arch);
  checkBoot(rules.boot);
  checkInteger('cpus', rules.cpus, 1, CPUS_MAX);
  return rules;
}

const SIZES = [
  'size',
  'inuse',
  'offset',
  'align',
  'redLeftPad',
  'allocFlags',
  'minPartial',
  'cpuPartial',
] as const;

/** @throws OptionError naming the field of a geometry that is none. */
export function checkGeometry(geometry: SlubGeometry): void {
  checkObject('geometry', geometry, 'what slubGeometry() returns');
  for (const field of SIZES) checkInteger(`geometry.${field}`, geometry[field], 0, MOST);
  for (const field of ['order', 'minOrder'] as const)
    checkInteger(`geometry.${field}`, geometry[field], 0, TOP_ORDER);
  for (const field of ['objects', 'minObjects'] as const)
    checkInteger(`geometry.${field}`, geometry[field], 1, OBJECTS_MAX);
  checkFlags('geometry.flags', geometry.flags);
}

/** An object's number is held in 15 bits. @see linux 6.1 mm/slub.c MAX_OBJS_PER_PAGE */
const OBJECTS_MAX = 32_767;
