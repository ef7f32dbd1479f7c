import type { PageAllocator } from '@mm/buddy';
import { Errno, type KernelLog, LogLevel, checkFlags } from '@mm/printk';
import {
  type AllocatorOptions,
  type CacheOpener,
  CacheRegister,
  KMALLOC_CLASSES,
  type OpenRequest,
  SLAB_ARCH_X86_64,
  SLAB_HWCACHE_ALIGN,
  SLAB_STORE_USER,
  type SlabArch,
  type SlabFaults,
  alignUp,
  checkName,
  checkOpenRequest,
  checkSize,
  kmallocClasses,
} from '@mm/kmem';
import type { PageFrames, PhysicalMemory } from '@mm/memory';
import type { Cell, CellSpace } from '@mm/steps';
import { freeBufferPages } from '@mm/zones';

import { checkCache, checkOptions } from './check-arguments.js';
import { SLUB_BOOT_DEFAULTS, type SlubBoot } from './boot-options.js';
import { debugFlagsOf } from './debug-options.js';
import { SlubCache } from './slub-cache.js';
import { geometryOf } from './slub-geometry.js';
import { DebugfsNames } from './debugfs-names.js';
import { SysfsNames } from './sysfs-names.js';

/** What a {@link SlubSystem} is made of. */
export interface SlubOptions extends AllocatorOptions {
  readonly boot?: SlubBoot;
  /** CPUs that may ever be; counts where only one is present. Default: those of the page allocator. */
  readonly possibleCpus?: number;
  /** Seed of the order of new free lists; default: no randomisation. */
  readonly randomFreelist?: number;
  /** Seed of the secrets that free pointers are mixed with; default: none. */
  readonly hardenedFreelist?: number;
}

/**
 * What all SLUB caches of a machine share.
 * @example
 * const slub = new SlubSystem({ pages: machine.pages, cells: machine.cells });
 */
export class SlubSystem implements CacheOpener<SlubCache> {
  readonly pages: PageAllocator;
  readonly frames: PageFrames;
  readonly memory: PhysicalMemory;
  readonly log: KernelLog;
  readonly cells: CellSpace;
  readonly cpus: number;
  readonly arch: SlabArch;
  readonly boot: SlubBoot;
  readonly register: CacheRegister<SlubCache>;
  /** Directories and links below /sys/kernel/slab. */
  readonly names: SysfsNames;
  /** The directories below /sys/kernel/debug/slab. */
  readonly debugNames: DebugfsNames;
  readonly pageOffsetLow: number;
  readonly pageOffsetHigh: number;
  readonly wide: boolean;
  /** Pointers of 8 bytes, not mixed with secrets, and an offset whose low word is 0: the low word of a pointer is an address. */
  readonly plain: boolean;
  readonly hasZoneDma: boolean;
  readonly hasZoneDma32: boolean;
  /** By the id in a slab's `owner0`; number 0 is nobody's. */
  readonly caches: Array<SlubCache | null> = [null];
  /** `type * KMALLOC_CLASSES + index` → cache. */
  readonly kmalloc: Array<SlubCache | undefined> = [];
  /** The kernel's flush_lock: one cache at a time is flushed on all CPUs. */
  readonly flushCell: Cell;
  /** 1: the CPU is online. */
  readonly online: Uint8Array;
  /** Pages of blocks that kmalloc took whole, for sizes that no cache serves. */
  largePages = 0;
  /** Which allocations of objects fail although there is memory; null: none. */
  faults: SlabFaults | null;
  /** Slots of slabs that wait for a grace period, and destroyed caches that wait with them. */
  rcuSlabs: number[] = [];
  rcuCaches: SlubCache[] = [];
  /** Of both: a CPU may be ending a grace period while another adds to them. */
  readonly rcuCell: Cell;
  readonly randomFreelist: boolean;
  readonly hardened: boolean;
  readonly largePagesCell: Cell;
  /** Whether there is a table of call stacks: from boot on when `slub_debug` has U. */
  stackDepot: boolean;
  /** The slab that the last `getPartial` found: read at once by its caller. */
  foundSlab = 0;
  /** The object that was last taken from a debugged slab: when the slab's free list is corrupt, it came from there. */
  takenObject = 0;
  /** Reports of failed allocations left; the kernel prints ten in five seconds. */
  oomReportsLeft = 10;
  /** Where the sequence of {@link random} stands. */
  seed: number;
  readonly #cpusForOrder: number;

  /** @throws OptionError naming the option; no cell is claimed then. */
  constructor(options: SlubOptions) {
    checkOptions(options);
    const { pages, cells, arch = SLAB_ARCH_X86_64, series = 'merged', boot = SLUB_BOOT_DEFAULTS } = options;
    this.pages = pages;
    this.frames = pages.frames;
    this.memory = pages.memory;
    this.log = pages.log;
    this.cells = cells;
    this.cpus = pages.cpus;
    this.faults = options.faults ?? null;
    this.arch = arch;
    this.boot = boot;
    this.wide = arch.pointerBytes === 8;
    this.pageOffsetLow = Number(BigInt.asIntN(32, arch.pageOffset));
    this.pageOffsetHigh = Number(BigInt.asIntN(32, arch.pageOffset >> 32n));
    this.hasZoneDma = pages.zones.config.dma;
    this.hasZoneDma32 = pages.zones.config.dma32;
    this.stackDepot = [boot.debug, ...boot.debug.lists].some(({ flags }) => (flags & SLAB_STORE_USER) !== 0);
    this.online = new Uint8Array(this.cpus).fill(1);
    this.randomFreelist = options.randomFreelist !== undefined;
    this.hardened = options.hardenedFreelist !== undefined;
    this.plain = this.wide && !this.hardened && this.pageOffsetLow === 0;
    this.names = new SysfsNames(cells);
    this.debugNames = new DebugfsNames(this.log);
    this.flushCell = cells.claimMutex('slub.flush_lock');
    this.largePagesCell = cells.claim('slub.large_pages');
    this.rcuCell = cells.claim('slub.rcu');
    this.seed = (options.randomFreelist ?? 0) ^ (options.hardenedFreelist ?? 0) ^ 0x9e3779b9;
    this.#cpusForOrder = this.cpus > 1 ? this.cpus : Math.max(1, options.possibleCpus ?? this.cpus);
    this.register = new CacheRegister(
      {
        arch,
        series,
        build: 'slub',
        log: this.log,
        nomerge: boot.nomerge,
        cells,
        cpus: this.cpus,
        namesCell: this.names.cell,
      },
      this,
    );
    if (options.bootCaches !== false) this.#makeBootCaches();
  }

  /** The next of a seeded sequence of 32-bit numbers. */
  random(): number {
    this.seed = (this.seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.seed ^ (this.seed >>> 15), this.seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return mixed ^ (mixed >>> 14);
  }

  /** Gives a cache its number. @throws OptionError for what is no cache. */
  enroll(cache: SlubCache): number {
    return this.caches.push(checkCache(cache)) - 1;
  }

  /**
   * The first cache that tracks its users makes the table of call stacks: an entry for each 16 KiB of memory, 2^12 to 2^20.
   * @throws OptionError for what is no flags.
   * @see linux 6.1 lib/stackdepot.c stack_depot_init
   */
  prepare(flags: number): void {
    if ((checkFlags('flags', flags) & SLAB_STORE_USER) === 0 || this.stackDepot) return;
    this.stackDepot = true;
    const wanted = 2 ** Math.ceil(Math.log2(freeBufferPages(this.pages.zones))) / 4;
    const entries = Math.min(2 ** 20, Math.max(2 ** 12, wanted));
    this.log.write(LogLevel.info, `Stack Depot allocating hash table of ${entries} entries with kvcalloc`);
  }

  /** @throws OptionError for what is no flags or no name. @see linux 6.1 mm/slub.c kmem_cache_flags */
  bootFlags(flags: number, name: string): number {
    return debugFlagsOf(this.boot.debug, checkFlags('flags', flags), checkName(name));
  }

  /** @throws OptionError naming the field of the request. @see linux 6.1 mm/slub.c __kmem_cache_create */
  open(request: OpenRequest): SlubCache | number {
    checkOpenRequest(request);
    const geometry = geometryOf({ arch: this.arch, boot: this.boot, cpus: this.#cpusForOrder }, request);
    if (geometry === null) return -Errno.EINVAL;
    const cache = new SlubCache(this, request, geometry);
    const answer = this.names.add(cache, this.boot);
    if (answer === 0) {
      this.debugNames.add(cache);
      return cache;
    }
    this.caches[cache.id] = null;
    this.#reportDuplicate(cache.uid);
    return answer;
  }

  /** @see linux 6.1 fs/sysfs/dir.c sysfs_warn_dup, lib/kobject.c kobject_add_internal */
  #reportDuplicate(name: string): void {
    this.log.write(LogLevel.warning, `sysfs: cannot create duplicate filename '/kernel/slab/${name}'`);
    const advice = "don't try to register things with the same name in the same directory.";
    this.log.write(LogLevel.err, `kobject_add_internal failed for ${name} with -EEXIST, ${advice}`);
  }

  /** @throws OptionError for what is no cache, no name or no size. @see linux 6.1 mm/slub.c __kmem_cache_alias */
  alias(cache: SlubCache, name: string, size: number): boolean {
    checkSize(size);
    this.names.link(name, cache);
    cache.objectSize = Math.max(cache.objectSize, size);
    cache.inuse = Math.max(cache.inuse, alignUp(size, this.arch.pointerBytes));
    return true;
  }

  /** @see linux 6.1 mm/slub.c kmem_cache_init */
  #makeBootCaches(): void {
    const { register, arch } = this;
    const flags = SLAB_HWCACHE_ALIGN;
    const [node, cache] = arch.pointerBytes === 8 ? [64, 200] : [44, 132];
    // Struct kmem_cache itself is the older of the two in the kernel's list.
    register.createBootCache({ name: 'kmem_cache', size: cache, flags }, -1);
    register.createBootCache({ name: 'kmem_cache_node', size: node, flags }, -1);
    for (const { type, index, name, size, flags: own } of kmallocClasses(arch, this.hasZoneDma))
      this.kmalloc[type * KMALLOC_CLASSES + index] = register.createBootCache(
        { name, size, flags: own, usersize: size },
        1,
      );
  }
}
