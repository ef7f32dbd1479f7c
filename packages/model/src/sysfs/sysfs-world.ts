import { KMALLOC_MAX_CACHE_SIZE } from '@mm/kmem';
import { SlubCache, SlubSystem } from '@mm/slub';
import { type KernelFs, type SysfsParts, parseSlabinfo } from '@mm/sysfs';

import { type CacheWorld, cacheWorld, checkCachesLocal } from '../caches/cache-world.js';
import { checkWorldOptions } from '../engine/check-world-options.js';
import { ModelViolation } from '../model-violation.js';
import type { WorldOptions } from '../subsystem.js';
import { checkPageFiles, pagesOfSlabs } from './page-census.js';
import { slabinfoCensus, slubCensus } from './slab-census.js';

/** A machine with users of its caches, and somebody who looks at its files. */
export interface SysfsWorld extends CacheWorld {
  readonly parts: SysfsParts;
  readonly fs: KernelFs;
  /** Which cache the next look at local invariants is about. */
  turn: number;
}

/** Every tenth cache or so is debugged, so that there is something to validate. */
const DEBUGGED = 'slub_debug=FZPU,user-1*,kmalloc-192';

/**
 * A machine that has just booted; debugged in part unless `cmdline` says something else.
 * @example
 * sysfsWorld({ cpus: 2 }).fs.readdirSync('/sys/kernel/slab');
 */
export function sysfsWorld(options: WorldOptions): SysfsWorld {
  checkWorldOptions(options, 'options');
  const { slab = 'slub', cmdline = slab === 'slub' ? DEBUGGED : '' } = options;
  const world = cacheWorld({ ...options, cmdline }, slab);
  const { machine } = world;
  return Object.assign(world, { parts: machine.sysfs, fs: machine.fs, turn: 0 });
}

const SLAB = '/sys/kernel/slab';

/**
 * One cache after the other: its files, its names, and the log; while commands are under way only its users.
 * @throws ModelViolation
 */
export function checkSysfsLocal(world: SysfsWorld, underWay: number): void {
  checkCachesLocal(world, underWay);
  if (underWay > 0) return;
  const { caches } = world.kmem.register;
  const cache = caches[world.turn++ % caches.length]!;
  if (cache instanceof SlubCache) checkFiles(world, cache);
  checkNames(world);
  checkLog(world);
}

/** All caches and all files. @throws ModelViolation */
export function checkSysfsWhole(world: SysfsWorld): void {
  for (const cache of world.kmem.register.caches) if (cache instanceof SlubCache) checkFiles(world, cache);
  checkSlabinfo(world);
  const large = world.model.live
    .filter(({ user, size }) => user === world.heap && size > KMALLOC_MAX_CACHE_SIZE)
    .map(({ size }) => size);
  checkPageFiles(world.fs, world.machine.pages, pagesOfSlabs(world.machine.pages, large));
}

function checkFiles({ fs }: SysfsWorld, cache: SlubCache): void {
  for (const [file, expected] of Object.entries(slubCensus(cache))) {
    const text = fs.readFileSync(`${SLAB}/${cache.uid}/${file}`, 'utf8');
    if (text !== `${expected}\n`)
      throw new ModelViolation(
        'every number that is printed equals what a walk finds',
        `${cache.uid}/${file}: ${text.trimEnd()}, found ${expected}`,
      );
  }
}

/** Whoever has a cache finds it under its name, with objects that are large enough. */
function checkNames({ fs, kmem, users }: SysfsWorld): void {
  if (!(kmem instanceof SlubSystem)) return;
  for (const { name, size } of users) {
    const there = fs.existsSync(`${SLAB}/${name}/object_size`);
    if (!there || Number(fs.readFileSync(`${SLAB}/${name}/object_size`, 'utf8')) < size)
      throw new ModelViolation('every user finds its cache by name', `${name} of ${size} bytes`);
  }
}

/** Nobody does wrong here: what is reported was not so. */
function checkLog({ machine }: SysfsWorld): void {
  const report = machine.log.lines.find(({ text }) => text.startsWith('BUG ') || text.startsWith('SLUB'));
  if (report !== undefined)
    throw new ModelViolation('validation reports nothing where nothing is wrong', report.text);
}

function checkSlabinfo({ fs, kmem }: SysfsWorld): void {
  const lines = fs.readFileSync('/proc/slabinfo', 'utf8').trimEnd().split('\n').slice(2);
  const caches = kmem.register.caches.toReversed();
  if (lines.length !== caches.length)
    throw new ModelViolation(
      'slabinfo has a line for every cache',
      `${lines.length} lines, ${caches.length} caches`,
    );
  for (const [i, cache] of caches.entries()) {
    const line = parseSlabinfo(lines[i]!)!;
    const said = [line.activeObjects, line.objects, line.activeSlabs, line.slabs];
    const found = slabinfoCensus(cache);
    if (line.name !== cache.name || said.join(' ') !== found.join(' '))
      throw new ModelViolation(
        'every number that is printed equals what a walk finds',
        `slabinfo ${line.name}: ${said.join(' ')}, found ${cache.name} ${found.join(' ')}`,
      );
  }
}
