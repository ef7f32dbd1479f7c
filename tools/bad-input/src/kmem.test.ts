import { snapshotAllocator } from '@mm/buddy';
import * as kmem from '@mm/kmem';
import * as stepped from '@mm/kmem/stepped';
import { createMachine } from '@mm/machine';
import { SlubSystem } from '@mm/slub';
import { CellSpace } from '@mm/steps';
import { GFP_KERNEL } from '@mm/zones';

import { digest } from './digest.js';
import type { Row, Rows } from './row.js';
import { tryWrongValues } from './try-wrong-values.js';

const { CacheRegister, SLAB_ARCH_X86_64: ARCH, SlabFaults } = kmem;

function makeWorld() {
  const machine = createMachine({ ramBytes: '16M', cpus: 2, slab: 'slub' });
  const { pages, log } = machine;
  const { ctx } = machine.on(0);
  const opener = machine.kmem as SlubSystem;
  const { register } = opener;
  const cache = register.create({ name: 'x', size: 64, ctor: () => {} })!;
  const large = kmem.kmallocLarge(ctx, pages, 10_000, GFP_KERNEL)!;
  const options = {
    arch: ARCH,
    series: 'merged',
    build: 'slub',
    log,
    nomerge: false,
    cells: new CellSpace(),
    cpus: 2,
    namesCell: 0,
  } as const;
  return {
    pages,
    log,
    ctx,
    opener,
    register,
    cache,
    large,
    options,
    faults: new SlabFaults({ interval: 2 }),
  };
}
type World = ReturnType<typeof makeWorld>;

const none = ['undefined'];
const yes = ['undefined', 'true'];
/** What the kernel itself answers of a request: no memory, with the reason in the log. */
const request = {
  name: 'y',
  size: 64,
  align: 8,
  flags: 0,
  useroffset: 0,
  usersize: 0,
  ctor: null,
  refcount: 1,
};
const requestFields = {
  name: ["'x'"],
  size: [],
  align: none,
  flags: none,
  useroffset: none,
  usersize: none,
  ctor: ['undefined', 'null', 'function'],
};
/** After the checks nothing is left out. */
const openFields = {
  ...requestFields,
  align: [],
  flags: [],
  useroffset: [],
  usersize: [],
  ctor: ['null', 'function'],
  refcount: ['-1'],
};
const archFields = {
  pointerBytes: [],
  cacheLineBytes: [],
  slabMinAlign: [],
  kmallocMinAlign: [],
  cmpxchgDouble: ['true'],
  isX86: ['true'],
  pageOffset: ['1n'],
};
const cacheFields = { size: [], align: [], usersize: [], flags: ['-1'], refcount: ['-1'] };
/** A cache as its fields are read, so that one of them can be wrong. */
const asRead = ({ cache }: World): kmem.KmemCache => ({ ...cache });
const method = (called: string, args: Row<World>['args'], rest: Partial<Row<World>> = {}): Row<World> => ({
  args,
  call: ({ register }, given) =>
    (register[called as 'create'] as (...all: never[]) => unknown).call(register, ...given),
  ...rest,
});
/** Who runs counts in steps alone. */
const hot = { hot: [0] } as const;

const rows: Rows<World> = {
  alignUp: { args: () => [100, 8] },
  calculateAlignment: {
    args: () => [ARCH, kmem.SLAB_HWCACHE_ALIGN, 0, 24],
    accepts: { 1: ['-1'] },
    fields: { 0: archFields },
  },
  checkArch: { args: () => [ARCH], fields: { 0: archFields } },
  checkGfp: { args: () => [GFP_KERNEL] },
  checkObjectAddress: { args: () => [0x1000] },
  checkOpenRequest: { args: () => [request], fields: { 0: openFields } },
  checkSize: { args: () => [100] },
  'new CacheRegister': {
    args: ({ options, opener }) => [options, opener],
    call: (_, [options, opener]) => new CacheRegister(options!, opener!),
    fields: {
      0: {
        arch: [],
        series: [],
        build: [],
        log: [],
        nomerge: ['true'],
        cells: [],
        cpus: [],
        namesCell: none,
      },
    },
  },
  'CacheRegister.create': method('create', () => [request], { fields: { 0: requestFields } }),
  'CacheRegister.createBootCache': method('createBootCache', () => [request, 1], {
    accepts: { 1: ['-1'] },
    fields: { 0: requestFields },
  }),
  'CacheRegister.adopt': method('adopt', () => [request], { fields: { 0: openFields } }),
  'CacheRegister.remove': method('remove', ({ cache }) => [cache]),
  checkRequest: { args: () => [request], fields: { 0: requestFields } },
  allocSlabPages: {
    args: (world) => [world.ctx, world.pages, world.register, asRead(world), GFP_KERNEL, GFP_KERNEL, 1, 0],
    ...hot,
    fields: { 3: cacheFields },
  },
  cpusReadLock: { args: ({ ctx, register }) => [ctx, register], ...hot },
  cpusReadUnlock: { args: ({ register }) => [register.hotplugCell] },
  cpusWriteLock: { args: ({ register }) => [register] },
  cpusWriteUnlock: { args: ({ register }) => [register] },
  freeLargeKmalloc: { args: ({ ctx, pages, large }) => [ctx, pages, large], ...hot },
  kmallocLarge: { args: ({ ctx, pages }) => [ctx, pages, 10_000, GFP_KERNEL], ...hot },
  kmemCacheCreate: {
    args: ({ ctx, register }) => [ctx, register, request],
    ...hot,
    fields: { 2: requestFields },
  },
  getOption: { args: () => ['slub_max_order', '2'], accepts: { 0: ["''", "'x'"] } },
  hexDumpLine: { args: () => [Uint8Array.of(1, 2)] },
  virtualAddress: { args: () => [ARCH, 0x1000], fields: { 0: archFields } },
  orderOfBytes: { args: () => [8193] },
  kmallocIndex: { args: () => [ARCH, 100, true], accepts: { 2: yes } },
  kmallocMinSize: { args: () => [ARCH, true], accepts: { 1: yes } },
  kmallocType: { args: () => [GFP_KERNEL, true], accepts: { 1: ['true'] } },
  kmallocClasses: {
    args: () => [ARCH, true, true],
    accepts: { 1: ['true'], 2: yes },
    fields: { 0: archFields },
  },
  findMergeable: {
    args: ({ register }) => [register.caches, register, request, 0],
    accepts: { 0: ['[]'], 3: ['-1'] },
    fields: {
      1: { arch: [], isSlab: ['true'], nomerge: ['true'] },
      2: openFields,
    },
  },
  isUnmergeable: {
    args: (world) => [asRead(world), true],
    accepts: { 1: ['true'] },
    fields: { 0: cacheFields },
  },
  createMask: { args: () => ['merged', 'slub'] },
  permittedFlags: { args: () => ['merged'] },
  hasCacheDma32: { args: () => ['merged'] },
  // A name that is not known is x86_64.
  slabArchOf: { args: () => ['arm', 0x40000000], accepts: { 0: ["''", "'x'"], 1: none } },
  'new SlabFaults': {
    args: () => [{}],
    accepts: { 0: ['undefined', '{}'] },
    fields: {
      0: {
        probability: none,
        interval: none,
        times: ['undefined', '-1'],
        space: none,
        seed: none,
        ignoreGfpWait: yes,
        cacheFilter: yes,
        unknown: [],
      },
    },
  },
  'SlabFaults.shouldFail': {
    args: (world) => [asRead(world), GFP_KERNEL],
    call: ({ faults }, [cache, gfp]) => faults.shouldFail(cache!, gfp!),
    fields: { 0: cacheFields },
  },
  formatSlabFlags: { args: () => [0x2000], accepts: { 0: ['-1'] } },
  fixSlabGfp: { args: ({ log }) => [log, GFP_KERNEL, kmem.GFP_SLAB_BUG_MASK], accepts: { 2: ['-1'] } },
  forbiddenGfp: { args: () => ['v4', true, 0x8000], accepts: { 1: ['true'], 2: ['-1'] } },
};

tryWrongValues<World>('@mm/kmem', {
  face: kmem,
  stepped,
  makeWorld,
  stateOf: ({ pages, log, opener, register, faults }) =>
    digest(
      ...snapshotAllocator(pages).arrays,
      log.lines,
      [...opener.names.directories.keys(), ...opener.names.links.keys(), faults.attr.failed],
      register.caches.map(({ name, refcount }) => [name, refcount]),
    ),
  rows,
});
