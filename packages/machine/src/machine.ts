import { PageAllocator, allocPages, applySizes, freePages, updateFloors } from '@mm/buddy';
import { PageFrames, type Pfn, PhysicalMemory } from '@mm/memory';
import { KernelLog, OptionError, checkInstance, checkInteger, checkObject } from '@mm/printk';
import { CellSpace, Context } from '@mm/steps';
import {
  type PfnSpan,
  VM_SYSCTLS,
  type VmSysctl,
  VmSysctls,
  type ZonePreset,
  Zones,
  readVmSysctl,
  writeVmSysctl,
} from '@mm/zones';

import type { CacheRequest, Series } from '@mm/kmem';
import { type SlabOptions, SlabSystem } from '@mm/slab';
import { type SlubOptions, SlubSystem } from '@mm/slub';
import { type KernelConfig, KernelFs, type SysfsParts } from '@mm/sysfs';

import { cacheAlloc, cacheDestroy, cacheFree, cacheZalloc, kfree, kmalloc } from './erased/index.js';
import type { AnyCache, KmemSystem } from './kmem-system.js';
import { MachineImage } from './image/machine-image.js';
import { SERIES } from './options.js';

/** The parts of a {@link Machine}. */
export interface MachineParts {
  readonly preset: ZonePreset;
  readonly series: Series;
  /** RAM as page frames. */
  readonly spans: readonly PfnSpan[];
  readonly memory: PhysicalMemory;
  readonly frames: PageFrames;
  readonly zones: Zones;
  readonly sysctls: VmSysctls;
  readonly cells: CellSpace;
  readonly log: KernelLog;
  readonly pages: PageAllocator;
  /** Which allocator is behind caches. */
  readonly slab: 'slub' | 'slab';
  readonly slabOptions: Omit<SlabOptions, 'pages' | 'cells' | 'series'>;
  /** Architecture, boot parameters and seeds of SLUB. */
  readonly slubOptions: Omit<SlubOptions, 'pages' | 'cells' | 'series'>;
  /** How the kernel is built, as far as /sys and /proc show it. */
  readonly config: KernelConfig;
}

/** A machine as one CPU sees it. */
export interface CpuView {
  readonly ctx: Context;
  /** See {@link Machine.allocPages}. */
  allocPages(gfp: number, order: number): Pfn | null;
  /** See {@link Machine.freePages}. */
  freePages(pfn: number, order: number): void;
  /** See {@link Machine.kmemCacheAlloc}. */
  kmemCacheAlloc(cache: AnyCache, gfp: number): number | null;
  /** See {@link Machine.kmemCacheZalloc}. */
  kmemCacheZalloc(cache: AnyCache, gfp: number): number | null;
  /** See {@link Machine.kmemCacheFree}. */
  kmemCacheFree(cache: AnyCache, object: number): void;
  /** See {@link Machine.kmalloc}. */
  kmalloc(size: number, gfp: number): number | null;
  /** See {@link Machine.kfree}. */
  kfree(address: number | null): void;
}

/**
 * A simulated machine. Its parts are public: every function of the packages below can be used on them.
 * @example
 * const machine = createMachine({ preset: 'arm64-2018', ramBytes: '4G' });
 * machine.allocPages(GFP_DMA32, 0);
 */
export class Machine implements MachineParts {
  readonly slab: MachineParts['slab'];
  readonly slabOptions: MachineParts['slabOptions'];
  readonly slubOptions: MachineParts['slubOptions'];
  readonly config: KernelConfig;
  #kmem: KmemSystem | null = null;
  #fs: KernelFs | null = null;
  readonly preset: ZonePreset;
  readonly series: Series;
  readonly spans: readonly PfnSpan[];
  readonly memory: PhysicalMemory;
  readonly frames: PageFrames;
  readonly zones: Zones;
  readonly sysctls: VmSysctls;
  readonly cells: CellSpace;
  readonly log: KernelLog;
  readonly pages: PageAllocator;
  readonly #cpus: readonly CpuView[];

  /** Made by {@link createMachine}. @throws OptionError for a part that is none. */
  constructor(parts: MachineParts) {
    checkParts(parts);
    this.preset = parts.preset;
    this.series = parts.series;
    this.spans = parts.spans;
    this.memory = parts.memory;
    this.frames = parts.frames;
    this.zones = parts.zones;
    this.sysctls = parts.sysctls;
    this.cells = parts.cells;
    this.log = parts.log;
    this.slab = parts.slab;
    this.slabOptions = parts.slabOptions;
    this.slubOptions = parts.slubOptions;
    this.config = parts.config;
    const pages = parts.pages;
    this.pages = pages;
    this.#cpus = Array.from({ length: pages.cpus }, (_, cpu) => {
      const ctx = new Context(cpu);
      return {
        ctx,
        allocPages: (gfp, order) => allocPages(ctx, pages, gfp, order),
        freePages: (pfn, order) => freePages(ctx, pages, pfn, order),
        kmemCacheAlloc: (cache, gfp) => cacheAlloc(ctx, cache, gfp),
        kmemCacheZalloc: (cache, gfp) => cacheZalloc(ctx, cache, gfp),
        kmemCacheFree: (cache, object) => cacheFree(ctx, cache, object),
        kmalloc: (size, gfp) => kmalloc(ctx, this.kmem, size, gfp),
        kfree: (address) => kfree(ctx, this.kmem, address),
      };
    });
  }

  /** CPUs, numbered from 0. */
  get cpus(): number {
    return this.#cpus.length;
  }

  /**
   * The machine as CPU `cpu` sees it.
   * @throws OptionError when there is no such CPU.
   * @example
   * machine.on(1).allocPages(GFP_KERNEL, 0);
   */
  on(cpu: number): CpuView {
    return this.#cpus[checkInteger('cpu', cpu, 0, this.cpus - 1)]!;
  }

  /**
   * 2^order pages in a row, on CPU 0.
   *
   * @param gfp flags such as `GFP_KERNEL`.
   * @param order 0..10; a larger one gets a warning in the log and null, as in Linux.
   * @returns the first page frame, or null for no memory.
   * @example
   * machine.allocPages(GFP_KERNEL | __GFP_ZERO, 3);
   * @see linux 6.1 mm/page_alloc.c __alloc_pages
   */
  allocPages(gfp: number, order: number): Pfn | null {
    return this.#cpus[0]!.allocPages(gfp, order);
  }

  /**
   * Gives 2^order pages back, on CPU 0.
   * @see linux 6.1 mm/page_alloc.c __free_pages
   */
  freePages(pfn: number, order: number): void {
    this.#cpus[0]!.freePages(pfn, order);
  }

  /** The slab allocator, with the caches of the boot. Made when it is first asked for. */
  get kmem(): KmemSystem {
    const { pages, cells, series } = this;
    this.#kmem ??=
      this.slab === 'slub'
        ? new SlubSystem({ pages, cells, series, ...this.slubOptions })
        : new SlabSystem({ pages, cells, series, ...this.slabOptions });
    return this.#kmem;
  }

  /** Whether {@link kmem} has been asked for, which takes 0.2 ms and memory for some 50 caches. */
  get hasKmem(): boolean {
    return this.#kmem !== null;
  }

  /** What /sys and /proc show: the parts that functions of `@mm/sysfs` take. */
  get sysfs(): SysfsParts {
    const { pages, kmem, sysctls, config } = this;
    return { pages, kmem, sysctls, config };
  }

  /**
   * /proc and /sys of the machine, behind the synchronous calls of `node:fs`. CPU 0 reads and writes.
   * @example
   * machine.fs.readFileSync('/proc/slabinfo', 'utf8');
   */
  get fs(): KernelFs {
    this.#fs ??= new KernelFs(this.sysfs);
    return this.#fs;
  }

  /**
   * Makes a cache, or finds one that can serve the request as well; null when the kernel answers NULL.
   * @example
   * machine.kmemCacheCreate({ name: 'tables', size: 1024, align: 1024, flags: SLAB_CACHE_DMA32 });
   * @see linux 6.1 mm/slab_common.c kmem_cache_create
   */
  kmemCacheCreate(request: CacheRequest): AnyCache | null {
    return this.kmem.register.create(request);
  }

  /**
   * One user gives a cache up; with the last one it is gone.
   * @param cache null: nothing happens.
   * @returns whether this was the last user and nothing was left.
   * @see linux 6.1 mm/slab_common.c kmem_cache_destroy
   */
  kmemCacheDestroy(cache: AnyCache | null): boolean {
    return cacheDestroy(this.#cpus[0]!.ctx, cache);
  }

  /**
   * An object of a cache, on CPU 0: its physical address, or null for no memory.
   * @see linux 6.1 mm/slub.c kmem_cache_alloc
   */
  kmemCacheAlloc(cache: AnyCache, gfp: number): number | null {
    return this.#cpus[0]!.kmemCacheAlloc(cache, gfp);
  }

  /** {@link kmemCacheAlloc} of an object whose bytes are 0. @see linux 6.1 include/linux/slab.h kmem_cache_zalloc */
  kmemCacheZalloc(cache: AnyCache, gfp: number): number | null {
    return this.#cpus[0]!.kmemCacheZalloc(cache, gfp);
  }

  /** Frees an object, on CPU 0. @see linux 6.1 mm/slub.c kmem_cache_free */
  kmemCacheFree(cache: AnyCache, object: number): void {
    this.#cpus[0]!.kmemCacheFree(cache, object);
  }

  /**
   * `size` bytes, on CPU 0: a physical address, or null for no memory.
   * @example
   * machine.kmalloc(100, GFP_KERNEL); // an object of kmalloc-128
   * @see linux 6.1 mm/slab_common.c __kmalloc
   */
  kmalloc(size: number, gfp: number): number | null {
    return this.#cpus[0]!.kmalloc(size, gfp);
  }

  /** Frees what {@link kmalloc} gave, on CPU 0. @see linux 6.1 mm/slab_common.c kfree */
  kfree(address: number | null): void {
    this.#cpus[0]!.kfree(address);
  }

  /**
   * The whole machine as it is now, to {@link restore} later: bytes, frames, zones, free lists, caches, counters, sysctls, log. Costs
   * what has been touched.
   * @example
   * const booted = machine.snapshot();
   */
  snapshot(): MachineImage {
    return new MachineImage(this, this.#kmem);
  }

  /**
   * Brings the machine back to a {@link snapshot} of it. What has been made since (a cache, an object) is not there any more; an
   * image serves any number of times.
   * @throws OptionError for what is no image of this machine; nothing has changed then.
   * @example
   * machine.restore(booted);
   */
  restore(image: MachineImage): void {
    if (!(image instanceof MachineImage) || image.machine !== this)
      throw new OptionError('image', 'what snapshot() of this machine returned', image);
    if (image.kmem !== this.#kmem) {
      this.#kmem = image.kmem;
      this.#fs = null;
    }
    image.tree.restore();
  }

  /** Reads a file of /proc/sys/vm. @throws OptionError for a name that is not in `VM_SYSCTLS`. */
  readSysctl(name: VmSysctl): string {
    const text = readVmSysctl(this.sysctls, checkName(name));
    // Reading lowmem_reserve_ratio works the reserves out anew.
    updateFloors(this.pages);
    return text;
  }

  /**
   * Writes a file of /proc/sys/vm, with its effects on zones and per-cpu lists.
   *
   * @returns 0 or -EINVAL; then nothing has changed.
   * @throws OptionError for a name that is not in `VM_SYSCTLS`.
   * @example
   * machine.writeSysctl('min_free_kbytes', '16384'); // 0
   */
  writeSysctl(name: VmSysctl, text: string): number {
    const answer = writeVmSysctl(this.sysctls, checkName(name), text);
    if (answer !== 0) return answer;
    if (name === 'watermark_boost_factor')
      this.pages.watermarkBoostFactor = this.sysctls.watermarkBoostFactor;
    else if (name === 'lowmem_reserve_ratio') updateFloors(this.pages);
    else applySizes(this.pages);
    return 0;
  }
}

function checkParts(parts: MachineParts): void {
  checkObject('parts', parts, 'the parts of a machine');
  checkInstance('parts.memory', parts.memory, PhysicalMemory);
  checkInstance('parts.frames', parts.frames, PageFrames);
  checkInstance('parts.zones', parts.zones, Zones);
  checkInstance('parts.sysctls', parts.sysctls, VmSysctls);
  checkInstance('parts.cells', parts.cells, CellSpace);
  checkInstance('parts.log', parts.log, KernelLog);
  checkInstance('parts.pages', parts.pages, PageAllocator);
  for (const field of ['preset', 'slabOptions', 'slubOptions', 'config'] as const)
    checkObject(`parts.${field}`, parts[field], 'an object');
  if (!Array.isArray(parts.spans)) throw new OptionError('parts.spans', 'an array of spans', parts.spans);
  if (!SERIES.includes(parts.series))
    throw new OptionError('parts.series', `one of ${SERIES.join(', ')}`, parts.series);
  if (parts.slab !== 'slub' && parts.slab !== 'slab')
    throw new OptionError('parts.slab', 'one of slub, slab', parts.slab);
}

function checkName(name: VmSysctl): VmSysctl {
  if (!VM_SYSCTLS.includes(name)) throw new OptionError('name', `one of ${VM_SYSCTLS.join(', ')}`, name);
  return name;
}
