import { PageAllocator } from '@mm/buddy';
import {
  OptionError,
  checkArray,
  checkBoolean,
  checkFlags,
  checkFunction,
  checkInstance,
  checkInteger,
  checkObject,
} from '@mm/printk';
import { CPUS_MAX } from '@mm/zones';

import type { CacheOpener, KmemCache, OpenRequest } from './kmem-cache.js';
import type { MergeRules } from './merge.js';
import type { SlabBuild } from './permitted-flags.js';
import type { Series } from './series.js';
import type { SlabArch } from './slab-arch.js';

/** The kernel's type of sizes and flags is an unsigned int. */
const UINT_MAX = 2 ** 32 - 1;

/**
 * GFP_* flags as a number, as they came.
 *
 * @throws OptionError when `gfp` is not an integer in [0, 2^31).
 * @example
 * checkGfp(GFP_KERNEL);
 */
export function checkGfp(gfp: number): number {
  // For hot paths: a comparison, where a test of its type would be a call. A bigint would stop the engine.
  if (typeof gfp !== 'number' || (gfp & 0x7fffffff) !== gfp)
    throw new OptionError('gfp', 'an integer in [0, 2^31)', gfp);
  return gfp;
}

/**
 * The physical address of an object, as it came.
 *
 * @throws OptionError when it is not an integer from 0.
 * @example
 * checkObjectAddress(0x40001000);
 */
export function checkObjectAddress(object: number): number {
  if (!Number.isSafeInteger(object) || object < 0)
    throw new OptionError('object', 'the address of an object', object);
  return object;
}

/**
 * Bytes, as they came; the kernel's type is size_t.
 *
 * @throws OptionError when `size` is not an integer from 0.
 * @example
 * checkSize(100); // 100
 */
export const checkSize = (size: number): number => checkInteger('size', size, 0, Number.MAX_SAFE_INTEGER);

/**
 * A list of addresses of objects, as it came.
 *
 * @throws OptionError for what is no array, and for what in it is no address.
 * @example
 * checkObjects([0x40001000]);
 */
export function checkObjects(objects: readonly number[]): readonly number[] {
  checkArray('objects', objects, 'addresses');
  for (const object of objects) checkObjectAddress(object);
  return objects;
}

/**
 * A number of objects, and the list that gets them.
 *
 * @throws OptionError when there are not `many` objects to be had, or no list to put them on.
 * @example
 * checkBulk(16, []);
 */
export function checkBulk(many: number, objects: readonly number[]): void {
  checkInteger('many', many, 0, 2 ** 31 - 1);
  checkObjects(objects);
}

/** An unsigned int of the kernel's. @throws OptionError for anything else. */
export const checkUnsigned = (field: string, value: number): number =>
  checkInteger(field, value, 0, UINT_MAX);

/**
 * An architecture, as it came.
 *
 * @throws OptionError naming the field that is none.
 * @example
 * checkArch(SLAB_ARCH_X86_64).pointerBytes; // 8
 */
export function checkArch(arch: SlabArch): SlabArch {
  checkObject('arch', arch, 'an architecture, as slabArchOf() returns it');
  if (arch.pointerBytes !== 4 && arch.pointerBytes !== 8)
    throw new OptionError('arch.pointerBytes', '4 or 8', arch.pointerBytes);
  for (const field of ['cacheLineBytes', 'slabMinAlign', 'kmallocMinAlign'] as const)
    checkPowerOfTwo(`arch.${field}`, arch[field]);
  checkBoolean('arch.cmpxchgDouble', arch.cmpxchgDouble);
  checkBoolean('arch.isX86', arch.isX86);
  if (typeof arch.pageOffset !== 'bigint')
    throw new OptionError('arch.pageOffset', 'a bigint', arch.pageOffset);
  return arch;
}

function checkPowerOfTwo(field: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > 4096 || (value & (value - 1)) !== 0)
    throw new OptionError(field, 'a power of two of 1 to 4096', value);
}

const SERIES: readonly Series[] = ['4.15', 'none', 'v4', 'merged'];
const BUILDS: readonly SlabBuild[] = ['slub', 'slab', 'slab-debug'];

/**
 * A state of the series, as it came.
 *
 * @throws OptionError for anything else.
 * @example
 * checkSeries('v4'); // 'v4'
 */
export function checkSeries(series: Series): Series {
  // The usual one without a search, as for each slab.
  if (series !== 'merged' && !SERIES.includes(series))
    throw new OptionError('series', `one of ${SERIES.join(', ')}`, series);
  return series;
}

/** @throws OptionError for what is no allocator. */
export function checkBuild(build: SlabBuild): SlabBuild {
  if (!BUILDS.includes(build)) throw new OptionError('build', `one of ${BUILDS.join(', ')}`, build);
  return build;
}

/** @throws OptionError for what is no page allocator. */
export function checkPages(pages: PageAllocator): PageAllocator {
  // A test against one class is compiled in; checkInstance, which tests against many, looks it up.
  return pages instanceof PageAllocator ? pages : checkInstance('pages', pages, PageAllocator);
}

/**
 * The name of a cache, as it came.
 *
 * @throws OptionError when it is empty or no text.
 * @example
 * checkName('tables'); // 'tables'
 */
export function checkName(name: string): string {
  if (typeof name !== 'string' || name === '' || name.includes('\0'))
    throw new OptionError('name', 'a name of at least one character', name);
  return name;
}

/**
 * A CPU of a machine with so many, as it came.
 *
 * @throws OptionError when the machine has none of that number.
 * @example
 * checkCpu(machine.cpus, 0); // 0
 */
export const checkCpu = (cpus: number, cpu: number): number =>
  checkInteger('cpu', cpu, 0, checkInteger('cpus', cpus, 1, CPUS_MAX) - 1);

/**
 * The slots of frames that a walk is to look at.
 *
 * @throws OptionError for what is no list of slots; undefined is none.
 * @example
 * checkSlots([1, 2]);
 */
export function checkSlots(slots: readonly number[] | undefined): void {
  if (slots === undefined) return;
  for (const slot of checkArray('slots', slots, 'slots of frames'))
    checkInteger('slots', slot, 0, 2 ** 31 - 1);
}

/** -1: never given up, of the caches that hold the allocator's own structures. @throws OptionError for less. */
export const checkRefcount = (refcount: number): number =>
  checkInteger('refcount', refcount, -1, 2 ** 31 - 1);

/**
 * A request after the checks of creation: nothing is left out.
 *
 * @throws OptionError naming the field that is none.
 * @example
 * checkOpenRequest({ name: 'x', size: 64, align: 8, flags: 0, useroffset: 0, usersize: 0, ctor: null, refcount: 1 });
 */
export function checkOpenRequest(request: OpenRequest): OpenRequest {
  checkObject('request', request, 'a request with all its fields');
  checkName(request.name);
  for (const field of ['size', 'align', 'flags', 'useroffset', 'usersize'] as const)
    checkUnsigned(field, request[field]);
  if (request.ctor !== null) checkFunction('ctor', request.ctor);
  checkRefcount(request.refcount);
  return request;
}

const isUnsigned = (value: unknown): boolean => typeof value === 'number' && value >>> 0 === value;

function isCache(cache: KmemCache | null | undefined): boolean {
  if (typeof cache !== 'object' || cache === null) return false;
  const { size, align, usersize, flags, refcount } = cache;
  if (!isUnsigned(size) || !isUnsigned(align) || !isUnsigned(usersize) || !isUnsigned(flags)) return false;
  return isUnsigned(refcount) || refcount === -1;
}

/** Of the fields of a cache those that a merge looks at. @throws OptionError naming the one that is none. */
export function checkCache(cache: KmemCache): void {
  // For each slab that is made: names of fields are put together only for what is wrong.
  if (isCache(cache)) return;
  checkObject('cache', cache, 'a cache');
  for (const field of ['size', 'align', 'usersize'] as const) checkUnsigned(`cache.${field}`, cache[field]);
  checkFlags('cache.flags', cache.flags);
  checkInteger('cache.refcount', cache.refcount, -1, UINT_MAX);
}

/** @throws OptionError naming the field of a merge that is none. */
export function checkMerge(
  caches: readonly KmemCache[],
  rules: MergeRules,
  request: OpenRequest,
  flags: number,
): void {
  for (const cache of checkArray('caches', caches, 'caches')) checkCache(cache);
  checkObject('rules', rules, 'an object with arch, isSlab and nomerge');
  checkArch(rules.arch);
  checkBoolean('rules.isSlab', rules.isSlab);
  checkBoolean('rules.nomerge', rules.nomerge);
  checkOpenRequest(request);
  checkFlags('flags', flags);
}

/** @throws OptionError for what does not do all that a register asks of an allocator. */
export function checkOpener<C extends KmemCache>(opener: CacheOpener<C>): CacheOpener<C> {
  checkObject('opener', opener, 'an object with prepare, bootFlags, open and alias');
  for (const method of ['prepare', 'bootFlags', 'open', 'alias'] as const)
    checkFunction(`opener.${method}`, opener[method]);
  return opener;
}
