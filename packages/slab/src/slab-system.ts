import type { PageAllocator } from '@mm/buddy';
import {
  type AllocatorOptions,
  type CacheOpener,
  CacheRegister,
  KMALLOC_CLASSES,
  type OpenRequest,
  SLAB_ARCH_X86_64,
  SLAB_HWCACHE_ALIGN,
  type SlabArch,
  type SlabFaults,
  checkName,
  checkOpenRequest,
  checkSize,
  kmallocClasses,
  kmallocIndex,
} from '@mm/kmem';
import type { PageFrames, PhysicalMemory } from '@mm/memory';
import { Errno, type KernelLog, checkFlags } from '@mm/printk';
import type { Cell, CellSpace } from '@mm/steps';

import { checkCache, checkOptions } from './check-arguments.js';
import { SLAB_BOOT_DEFAULTS, type SlabBoot } from './slab-boot.js';
import { NodeWord, SlabCache } from './slab-cache.js';
import { geometryOf } from './slab-geometry.js';

/** What a {@link SlabSystem} is made of. */
export interface SlabOptions extends AllocatorOptions {
  readonly boot?: SlabBoot;
  /** Built with DEBUG_SLAB. Default false. */
  readonly debug?: boolean;
}

/** Machines with more pages than 32 MiB take slabs of order 1. */
const LARGE_MACHINE_PAGES = 8192;

/**
 * What all SLAB caches of a machine share.
 * @example
 * const slab = new SlabSystem({ pages: machine.pages, cells: machine.cells });
 */
export class SlabSystem implements CacheOpener<SlabCache> {
  readonly pages: PageAllocator;
  readonly frames: PageFrames;
  readonly memory: PhysicalMemory;
  readonly log: KernelLog;
  readonly cells: CellSpace;
  readonly cpus: number;
  readonly arch: SlabArch;
  readonly debug: boolean;
  readonly maxOrder: number;
  readonly register: CacheRegister<SlabCache>;
  readonly hasZoneDma: boolean;
  readonly hasZoneDma32: boolean;
  /** By the id in a slab's `owner0`; number 0 is nobody's. */
  readonly caches: Array<SlabCache | null> = [null];
  /** `type * KMALLOC_CLASSES + index` → cache. */
  readonly kmalloc: Array<SlabCache | undefined> = [];
  /** Pages of blocks that kmalloc took whole, for sizes that no cache serves. */
  largePages = 0;
  /** Which allocations of objects fail although there is memory; null: none. */
  faults: SlabFaults | null;
  readonly largePagesCell: Cell;
  /** Slots of slabs that wait for a grace period. */
  rcuSlabs: number[] = [];
  /** Of them: a CPU may be ending a grace period while another adds to them. */
  readonly rcuCell: Cell;
  /** 1: the CPU is online. */
  readonly online: Uint8Array;
  /** Reports of failed allocations left; the kernel prints ten in five seconds. */
  oomReportsLeft = 10;

  /** @throws OptionError naming the option; no cell is claimed then. */
  constructor(options: SlabOptions) {
    checkOptions(options);
    const { pages, cells, arch = SLAB_ARCH_X86_64, series = 'merged', boot = SLAB_BOOT_DEFAULTS } = options;
    this.pages = pages;
    this.frames = pages.frames;
    this.memory = pages.memory;
    this.log = pages.log;
    this.cells = cells;
    this.cpus = pages.cpus;
    this.faults = options.faults ?? null;
    this.arch = arch;
    this.debug = options.debug ?? false;
    const { zones } = pages;
    const managed = zones.indices().reduce((sum, zone) => sum + zones.managed[zone]!, 0);
    this.maxOrder = boot.maxOrder ?? (managed > LARGE_MACHINE_PAGES ? 1 : 0);
    this.hasZoneDma = zones.config.dma;
    this.hasZoneDma32 = zones.config.dma32;
    this.online = new Uint8Array(this.cpus).fill(1);
    this.largePagesCell = cells.claim('slab.large_pages');
    this.rcuCell = cells.claim('slab.rcu');
    this.register = new CacheRegister(
      {
        arch,
        series,
        build: this.debug ? 'slab-debug' : 'slab',
        log: this.log,
        nomerge: boot.nomerge,
        cells,
        cpus: this.cpus,
      },
      this,
    );
    if (options.bootCaches !== false) this.#makeBootCaches();
  }

  /** Gives a cache its number. @throws OptionError for what is no cache. */
  enroll(cache: SlabCache): number {
    return this.caches.push(checkCache(cache)) - 1;
  }

  /** SLAB has no table of call stacks. */
  prepare(): void {}

  /** SLAB has no flags from boot parameters. @throws OptionError for what is no flags. */
  bootFlags(flags: number): number {
    return checkFlags('flags', flags);
  }

  /** @throws OptionError naming the field of the request. @see linux 6.1 mm/slab.c __kmem_cache_create */
  open(request: OpenRequest): SlabCache | number {
    checkOpenRequest(request);
    const { arch, debug, maxOrder, cpus } = this;
    const freelistCacheSize = (bytes: number): number | null => {
      const cache = this.freelistCache(bytes);
      return cache === null || cache.offSlab ? null : cache.size;
    };
    const geometry = geometryOf({ arch, debug, maxOrder, cpus, freelistCacheSize }, request);
    return geometry === null ? -Errno.E2BIG : new SlabCache(this, request, geometry);
  }

  /** The kmalloc cache for an index list, or null before it is made. @throws OptionError for what is no size of 1 to 8192. */
  freelistCache(bytes: number): SlabCache | null {
    return this.kmalloc[kmallocIndex(this.arch, bytes, true)] ?? null;
  }

  /** @throws OptionError for what is no cache, no name or no size. @see linux 6.1 mm/slab.c __kmem_cache_alias */
  alias(cache: SlabCache, name: string, size: number): boolean {
    checkName(name);
    checkCache(cache).objectSize = Math.max(cache.objectSize, checkSize(size));
    return true;
  }

  /** @see linux 6.1 mm/slab.c kmem_cache_init */
  #makeBootCaches(): void {
    const { register, arch } = this;
    const flags = SLAB_HWCACHE_ALIGN;
    register.createBootCache({ name: 'kmem_cache', size: arch.pointerBytes === 8 ? 128 : 84, flags }, -1);
    const classes = kmallocClasses(arch, this.hasZoneDma, true);
    // The node structure, of 97 to 128 bytes, needs its class before the others.
    const nodeClass = classes.findIndex(({ type, index }) => type === 0 && index === 7);
    const ordered = nodeClass === -1 ? classes : [classes[nodeClass]!, ...classes.toSpliced(nodeClass, 1)];
    for (const { type, index, name, size, flags: own } of ordered)
      this.kmalloc[type * KMALLOC_CLASSES + index] = register.createBootCache(
        { name, size, flags: own | flags, usersize: size },
        1,
      );
    // Their limits were set as the last CPU came up, before it counted.
    const counted = Math.max(1, this.cpus - 1);
    for (const { node, num, batchcount } of register.caches)
      node[NodeWord.freeLimit] = (1 + counted) * batchcount + num;
  }
}
