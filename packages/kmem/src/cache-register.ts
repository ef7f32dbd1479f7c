import {
  Errno,
  KernelBug,
  KernelLog,
  LogLevel,
  OptionError,
  checkBoolean,
  checkInstance,
  checkInteger,
  checkObject,
} from '@mm/printk';

import { type Cell, CellSpace } from '@mm/steps';
import { CPUS_MAX } from '@mm/zones';

import { calculateAlignment } from './alignment.js';
import {
  checkArch,
  checkBuild,
  checkCache,
  checkName,
  checkOpenRequest,
  checkOpener,
  checkRefcount,
  checkSeries,
  checkUnsigned,
} from './check-arguments.js';
import type { CacheOpener, CacheRequest, KmemCache, OpenRequest } from './kmem-cache.js';
import { type MergeRules, oldestMergeable } from './merge.js';
import { createMask, permittedFlags, type SlabBuild } from './permitted-flags.js';
import type { Series } from './series.js';
import type { SlabArch } from './slab-arch.js';
import { SLAB_PANIC } from './slab-flags.js';

/** What a {@link CacheRegister} is made of. */
export interface RegisterOptions {
  readonly arch: SlabArch;
  readonly series: Series;
  readonly build: SlabBuild;
  readonly log: KernelLog;
  /** `slab_nomerge`: every request gets a cache of its own. */
  readonly nomerge: boolean;
  readonly cells: CellSpace;
  readonly cpus: number;
  /** Of the names in sysfs, which a new cache changes. Default: one of its own. */
  readonly namesCell?: Cell;
}

/** Sees each request for a slab's pages: the cache, the caller's flags, those that reach the page allocator, order and try. */
export type PageRequestWatcher = (
  cache: KmemCache,
  callerGfp: number,
  gfp: number,
  order: number,
  attempt: number,
) => void;

/**
 * The caches of a machine, oldest first.
 *
 *   refcount of a cache = requests it serves that were not destroyed;  caches of different zone flags serve none in common
 * @example
 * machine.kmem.register.create({ name: 'tables', size: 1024 });
 */
export class CacheRegister<C extends KmemCache> implements MergeRules {
  readonly arch: SlabArch;
  readonly series: Series;
  readonly build: SlabBuild;
  readonly log: KernelLog;
  readonly nomerge: boolean;
  readonly isSlab: boolean;
  /** For tests and models; null: nobody watches. */
  onPageRequest: PageRequestWatcher | null = null;
  readonly caches: C[] = [];
  readonly cpus: number;
  /** The kernel's slab_mutex: caches are made, destroyed and tuned, and CPUs come and go, one at a time. */
  readonly mutex: Cell;
  /** The kernel's cpu_hotplug_lock, a cell for each CPU. */
  readonly hotplugCell: Cell;
  readonly namesCell: Cell;
  readonly #opener: CacheOpener<C>;
  readonly #permitted: number;
  readonly #mask: number;

  /** @throws OptionError naming the option, or what the allocator does not do. */
  constructor(options: RegisterOptions, opener: CacheOpener<C>) {
    const { cells, cpus } = checkObject('options', options, 'an object of options');
    this.arch = checkArch(options.arch);
    this.series = checkSeries(options.series);
    this.build = checkBuild(options.build);
    this.log = checkInstance('log', options.log, KernelLog);
    this.nomerge = checkBoolean('nomerge', options.nomerge);
    checkOpener(opener);
    checkInstance('cells', cells, CellSpace);
    this.cpus = checkInteger('cpus', cpus, 1, CPUS_MAX);
    if (options.namesCell !== undefined)
      checkInteger('namesCell', options.namesCell, 0, Number.MAX_SAFE_INTEGER);
    this.mutex = cells.claimMutex('slab_mutex');
    this.hotplugCell = cells.claimMutex('cpu_hotplug_lock', cpus);
    this.namesCell = options.namesCell ?? cells.claim('cache_names');
    this.isSlab = options.build !== 'slub';
    this.#opener = opener;
    this.#permitted = permittedFlags(options.series);
    this.#mask = createMask(options.series, options.build);
  }

  /**
   * Makes a cache, or finds one that can serve the request as well.
   *
   * @returns null when the kernel answers NULL; the reason is in the log.
   * @throws KernelBug where the kernel dies: SLAB_PANIC and a failure, size 0.
   * @throws OptionError for arguments that C's types rule out.
   * @example
   * register.create({ name: 'io-pgtable_armv7s_l2', size: 1024, align: 1024, flags: SLAB_CACHE_DMA32 });
   * @see linux 6.1 mm/slab_common.c kmem_cache_create_usercopy
   */
  create(request: CacheRequest): C | null {
    const asked = complete(request);
    this.#opener.prepare(asked.flags);
    const made = this.#make(asked);
    if (typeof made !== 'number') return made;
    if ((asked.flags & SLAB_PANIC) !== 0)
      throw new KernelBug(
        `Kernel panic - not syncing: kmem_cache_create_usercopy: Failed to create slab '${asked.name}'. Error ${made}`,
        { cache: asked.name },
      );
    this.log.write(LogLevel.warning, `kmem_cache_create_usercopy(${asked.name}) failed with error ${made}`);
    return null;
  }

  #make(asked: OpenRequest): C | number {
    const { size } = asked;
    if ((asked.flags & ~this.#permitted) !== 0) return -Errno.EINVAL;
    const flags = (asked.flags & this.#mask) >>> 0;
    const { useroffset, usersize } = this.#usercopy(asked);
    if (usersize === 0) {
      const alias = this.#alias({ ...asked, flags });
      if (alias !== null) return alias;
    }
    const align = calculateAlignment(this.arch, flags, asked.align, size);
    const made = this.#opener.open({ ...asked, flags, align, useroffset, usersize });
    if (typeof made !== 'number') this.caches.push(made);
    return made;
  }

  #alias(request: OpenRequest): C | null {
    const flags = this.#opener.bootFlags(request.flags, request.name);
    const found = oldestMergeable(this.caches, this, request, flags);
    if (found === null || !this.#opener.alias(found, request.name, request.size)) return null;
    found.refcount += 1;
    return found;
  }

  /** A region for user copies that does not lie in the object is warned of and taken for none. */
  #usercopy({ size, useroffset, usersize }: OpenRequest): { useroffset: number; usersize: number } {
    if (usersize === 0 && useroffset !== 0) this.#warn(320);
    else if (size < usersize || size - usersize < useroffset) this.#warn(321);
    else return { useroffset, usersize };
    return { useroffset: 0, usersize: 0 };
  }

  #warn(line: number): void {
    this.log.warn(`mm/slab_common.c:${line} kmem_cache_create_usercopy`);
  }

  /**
   * Makes a cache of the boot: no merging, none of the kernel's checks, flags that callers may not pass.
   * @throws OptionError for arguments that C's types rule out.
   * @see linux 6.1 mm/slab_common.c create_boot_cache, create_kmalloc_cache
   */
  createBootCache(request: CacheRequest, refcount: number): C {
    const { arch } = this;
    const asked = { ...complete(request), refcount: checkRefcount(refcount) };
    const powerOfTwo = (asked.size & (asked.size - 1)) === 0;
    const least = powerOfTwo ? Math.max(arch.kmallocMinAlign, asked.size) : arch.kmallocMinAlign;
    const align = calculateAlignment(arch, asked.flags, least, asked.size);
    return this.adopt({ ...asked, align });
  }

  /**
   * Adds a cache as it is said to be: none of the kernel's checks, no merging, no rounding of its alignment.
   * @throws OptionError for arguments that C's types rule out.
   * @throws KernelBug when its objects fit no slab.
   */
  adopt(request: OpenRequest): C {
    checkOpenRequest(request);
    const made = this.#opener.open(request);
    if (typeof made === 'number')
      throw new KernelBug(
        `Kernel panic - not syncing: Creation of kmalloc slab ${request.name} size=${request.size} failed. Reason ${made}`,
        { cache: request.name },
      );
    this.caches.push(made);
    return made;
  }

  /** Strikes a destroyed cache off. @throws OptionError for what is no cache. */
  remove(cache: C): void {
    checkCache(cache);
    const at = this.caches.indexOf(cache);
    if (at !== -1) this.caches.splice(at, 1);
  }
}

/**
 * Whether the arguments are such as C's types allow.
 * @throws OptionError naming the field, its value and what was expected.
 * @example
 * checkRequest({ name: 'tables', size: 1024 });
 */
export function checkRequest(request: CacheRequest): void {
  complete(request);
}

function complete(request: CacheRequest): OpenRequest {
  const {
    name,
    size,
    align = 0,
    flags = 0,
    useroffset = 0,
    usersize = 0,
    ctor = null,
  } = checkObject('request', request, 'an object with name and size');
  checkName(name);
  for (const [field, value] of Object.entries({ size, align, flags, useroffset, usersize }))
    checkUnsigned(field, value);
  if (ctor !== null && typeof ctor !== 'function') throw new OptionError('ctor', 'a function or null', ctor);
  return { name, size, align, flags: flags >>> 0, useroffset, usersize, ctor, refcount: 1 };
}
