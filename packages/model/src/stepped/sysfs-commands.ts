import { Errno } from '@mm/printk';
import { SlubSystem } from '@mm/slub';
import type { Context, Steps } from '@mm/steps/stepped';
import { type FileNode, SLAB_ATTRIBUTES, slabAttributes } from '@mm/sysfs';
import { openFile, readFile, writeFile } from '@mm/sysfs/stepped';

import { arrayTuning } from '../caches/cache-arguments.js';
import { ModelViolation } from '../model-violation.js';
import { type Answer, NOTHING_TO_DO, type Op } from '../subsystem.js';
import { checkPossible, checkPossibleProc } from '../sysfs/possible-text.js';
import { procNameOf, slabWriteOf } from '../sysfs/sysfs-arguments.js';
import type { SysfsWorld } from '../sysfs/sysfs-world.js';

/** A name below /sys/kernel/slab, or null where there is nothing. */
function someName(world: SysfsWorld, op: Op): string | null {
  const { kmem } = world;
  if (!(kmem instanceof SlubSystem)) return null;
  const names = [...kmem.names.directories.keys(), ...kmem.names.links.keys()];
  return names[op.a % names.length]!;
}

const pagesOf = ({ machine }: SysfsWorld): number =>
  machine.zones.present.reduce((sum, pages) => sum + pages, 0);

/** What opening and reading may answer while caches come and go. */
const isGone = (answer: number): boolean => answer === -Errno.ENOENT || answer === -Errno.ENODEV;

/** Whoever has just used a file of a cache kept its directory from being given up. @throws ModelViolation */
function checkKept({ kmem }: SysfsWorld, { source }: FileNode): void {
  if (source.of !== 'slab' || !(kmem instanceof SlubSystem)) return;
  const { cache } = source;
  if (!cache.hasDirectory && kmem.names.directories.get(cache.uid) !== cache)
    throw new ModelViolation('a directory is given up when nobody uses its files any more', cache.uid);
}

/** Whether the file is of a cache that every user has given up. */
const isGivenUp = ({ users }: SysfsWorld, { source }: FileNode): boolean =>
  source.of === 'slab' && source.cache.refcount === 0 && users.every(({ cache }) => cache !== source.cache);

/** Reads a file of some cache, under one of its names. */
export function* readSlabFile(world: SysfsWorld, ctx: Context, op: Op): Steps<Answer> {
  const name = someName(world, op);
  if (name === null) return NOTHING_TO_DO;
  const { kmem } = world;
  const { hasZoneDma, hasZoneDma32 } = kmem;
  const rules = { hasZoneDma, hasZoneDma32, series: kmem.register.series, config: world.parts.config };
  const file = SLAB_ATTRIBUTES[op.b % SLAB_ATTRIBUTES.length]!.name;
  const opened = yield* openFile(ctx, world.parts, `/sys/kernel/slab/${name}/${file}`, 'reading');
  if (typeof opened === 'number') {
    if (isGone(opened)) return opened;
    throw new ModelViolation('a file can be read or is gone', `${name}/${file}: ${opened}`);
  }
  if (!slabAttributes(rules).has(file)) throw new ModelViolation('only files of this kernel are there', file);
  const text = yield* readFile(ctx, world.parts, opened);
  if (typeof text === 'string') {
    checkKept(world, opened);
    checkPossible(file, text, pagesOf(world), isGivenUp(world, opened));
  } else if (!isGone(text))
    throw new ModelViolation('a file can be read or is gone', `${name}/${file}: ${text}`);
  return typeof text === 'string' ? text.length : text;
}

/** Writes a file of some cache, good texts and bad. */
export function* writeSlabFile(world: SysfsWorld, ctx: Context, op: Op): Steps<Answer> {
  const name = someName(world, op);
  if (name === null) return NOTHING_TO_DO;
  const { file, text, plain, debugged } = slabWriteOf(op);
  const opened = yield* openFile(ctx, world.parts, `/sys/kernel/slab/${name}/${file}`, 'writing');
  if (typeof opened === 'number') {
    // What is not there would have to be made, which sysfs refuses.
    if (opened === -Errno.EACCES || isGone(opened)) return opened;
    throw new ModelViolation('a file can be written or is gone', `${name}/${file}: ${opened}`);
  }
  const { source } = opened;
  const debugging = source.of === 'slab' && source.cache.debugging;
  const wanted = debugging ? debugged : plain;
  const answer = yield* writeFile(ctx, world.parts, opened, text);
  if (isGone(answer)) return answer;
  checkKept(world, opened);
  if (answer !== (wanted === 'taken' ? text.length : wanted))
    throw new ModelViolation(
      'a write is answered as documented',
      `${file} ${JSON.stringify(text)}: ${answer}`,
    );
  return answer;
}

/** Reads a file of /proc. */
export function* readProcFile(world: SysfsWorld, ctx: Context, op: Op): Steps<Answer> {
  const name = procNameOf(op);
  const opened = yield* openFile(ctx, world.parts, `/proc/${name}`, 'reading');
  if (typeof opened === 'number')
    throw new ModelViolation('a file of /proc can be read', `${name}: ${opened}`);
  const text = yield* readFile(ctx, world.parts, opened);
  if (typeof text === 'number') throw new ModelViolation('a file of /proc can be read', `${name}: ${text}`);
  checkPossibleProc(name, text, pagesOf(world));
  return text.length;
}

/** Tunes a cache through slabinfo, which only SLAB takes. */
export function* writeSlabinfoFile(world: SysfsWorld, ctx: Context, op: Op): Steps<Answer> {
  const { caches } = world.kmem.register;
  const { name } = caches[op.a % caches.length]!;
  const { limit, batchcount, shared } = arrayTuning(op);
  const text = `${name} ${limit} ${batchcount} ${shared}\n`;
  const opened = yield* openFile(ctx, world.parts, '/proc/slabinfo', 'writing');
  if (typeof opened === 'number') throw new ModelViolation('slabinfo can be opened', `${opened}`);
  const answer = yield* writeFile(ctx, world.parts, opened, text);
  const wanted = world.kmem instanceof SlubSystem ? -Errno.EIO : text.length;
  if (answer !== wanted) throw new ModelViolation('a write is answered as documented', `${text}: ${answer}`);
  return answer;
}
