import { snapshotAllocator } from '@mm/buddy';
import * as kmem from '@mm/kmem';
import * as stepped from '@mm/kmem/stepped';
import { createMachine } from '@mm/machine';
import { SlubSystem } from '@mm/slub';
import { CellSpace } from '@mm/steps';
import { GFP_KERNEL } from '@mm/zones';

import { ARCH_FIELDS, CACHE_FIELDS, OPEN_FIELDS, REQUEST, REQUEST_FIELDS, asRead } from './cache-requests.js';
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
    fields: { 0: ARCH_FIELDS },
  },
  checkArch: { args: () => [ARCH], fields: { 0: ARCH_FIELDS } },
  checkAllocatorOptions: {
    args: ({ pages }) => [{ pages, cells: new CellSpace() }],
    fields: {
      0: { pages: [], cells: [], series: none, arch: none, faults: ['undefined', 'null'], bootCaches: yes },
    },
  },
  checkCpu: { args: () => [2, 1] },
  checkSlots: { args: () => [[1]], accepts: { 0: ['undefined', '[]'] } },
  checkBulk: { args: () => [2, []], accepts: { 1: ['[]'] } },
  checkMemory: { args: () => [[0x1000]], accepts: { 0: ['[]'] } },
  checkName: { args: () => ['x'], accepts: { 0: ["'x'"] } },
  checkObjects: { args: () => [[0x1000]], accepts: { 0: ['[]'] } },
  checkSeries: { args: () => ['v4'] },
  checkGfp: { args: () => [GFP_KERNEL] },
  checkObjectAddress: { args: () => [0x1000] },
  checkOpenRequest: { args: () => [REQUEST], fields: { 0: OPEN_FIELDS } },
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
  'CacheRegister.create': method('create', () => [REQUEST], { fields: { 0: REQUEST_FIELDS } }),
  'CacheRegister.createBootCache': method('createBootCache', () => [REQUEST, 1], {
    accepts: { 1: ['-1'] },
    fields: { 0: REQUEST_FIELDS },
  }),
  'CacheRegister.adopt': method('adopt', () => [REQUEST], { fields: { 0: OPEN_FIELDS } }),
  'CacheRegister.remove': method('remove', ({ cache }) => [cache]),
  checkRequest: { args: () => [REQUEST], fields: { 0: REQUEST_FIELDS } },
  allocSlabPages: {
    args: (world) => [
      world.ctx,
      world.pages,
      world.register,
      asRead(world.cache),
      GFP_KERNEL,
      GFP_KERNEL,
      1,
      0,
    ],
    ...hot,
    fields: { 3: CACHE_FIELDS },
  },
  cpusReadLock: { args: ({ ctx, register }) => [ctx, register], ...hot },
  cpusReadUnlock: { args: ({ register }) => [register.hotplugCell] },
  cpusWriteLock: { args: ({ register }) => [register] },
  cpusWriteUnlock: { args: ({ register }) => [register] },
  freeLargeKmalloc: {
    args: ({ ctx, pages, large }) => [ctx, pages, large, ARCH],
    ...hot,
    accepts: { 3: ['undefined'] },
    fields: { 3: ARCH_FIELDS },
  },
  kmallocLarge: { args: ({ ctx, pages }) => [ctx, pages, 10_000, GFP_KERNEL], ...hot },
  kmemCacheSize: { args: ({ cache }) => [asRead(cache)], fields: { 0: CACHE_FIELDS } },
  kmemCacheCreate: {
    args: ({ ctx, register }) => [ctx, register, REQUEST],
    ...hot,
    fields: { 2: REQUEST_FIELDS },
  },
  bootParams: { args: () => ['a=1', [['a=', () => {}]]], accepts: { 0: ["''", "'x'"], 1: ['[]'] } },
  getOption: { args: () => ['2', 3], accepts: { 0: ["''", "'x'"], 1: ['-1'] } },
  hexDumpLine: { args: () => [Uint8Array.of(1, 2)] },
  virtualAddress: { args: () => [ARCH, 0x1000], fields: { 0: ARCH_FIELDS } },
  orderOfBytes: { args: () => [8193] },
  kmallocIndex: { args: () => [ARCH, 100, true], accepts: { 2: yes } },
  kmallocMinSize: { args: () => [ARCH, true], accepts: { 1: yes } },
  kmallocType: { args: () => [GFP_KERNEL, true], accepts: { 1: ['true'] } },
  kmallocClasses: {
    args: () => [ARCH, true, true],
    accepts: { 1: ['true'], 2: yes },
    fields: { 0: ARCH_FIELDS },
  },
  findMergeable: {
    args: ({ register }) => [register.caches, register, REQUEST, 0],
    accepts: { 0: ['[]'], 3: ['-1'] },
    fields: {
      1: { arch: [], isSlab: ['true'], nomerge: ['true'] },
      2: OPEN_FIELDS,
    },
  },
  isUnmergeable: {
    args: (world) => [asRead(world.cache), true],
    accepts: { 1: ['true'] },
    fields: { 0: CACHE_FIELDS },
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
        verbose: none,
        seed: none,
        ignoreGfpWait: yes,
        cacheFilter: yes,
        unknown: [],
      },
    },
  },
  'SlabFaults.shouldFail': {
    args: (world) => [asRead(world.cache), GFP_KERNEL],
    call: ({ faults }, [cache, gfp]) => faults.shouldFail(cache!, gfp!),
    fields: { 0: CACHE_FIELDS },
  },
  formatSlabFlags: { args: () => [0x2000], accepts: { 0: ['-1'] } },
  fixSlabGfp: { args: ({ log }) => [log, GFP_KERNEL, kmem.GFP_SLAB_BUG_MASK], accepts: { 2: ['-1'] } },
  ksizeOfPages: { args: ({ log }) => [log, 16_384, 0] },
  warnOfZeroes: {
    args: ({ pages }) => [pages, 'mm/slub.c:2001 new_slab', GFP_KERNEL],
    accepts: { 1: ["''", "'x'"] },
  },
  warnOnce: {
    args: ({ pages }) => [pages, 'mm/slub.c:2001 new_slab', 'odd'],
    accepts: { 1: ["''", "'x'"], 2: ['undefined', "''", "'x'"] },
  },
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
