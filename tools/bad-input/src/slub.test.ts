import { snapshotAllocator } from '@mm/buddy';
import { SLAB_ARCH_X86_64, SlabFaults } from '@mm/kmem';
import { createMachine } from '@mm/machine';
import { KernelLog } from '@mm/printk';
import * as slub from '@mm/slub';
import * as stepped from '@mm/slub/stepped';
import { CellSpace } from '@mm/steps';
import { GFP_KERNEL } from '@mm/zones';

import { ARCH_FIELDS, OPEN_FIELDS, REQUEST } from './cache-requests.js';
import { digest } from './digest.js';
import { HOT, type Row, type Rows } from './row.js';
import { tryWrongValues } from './try-wrong-values.js';

const { SLUB_BOOT_DEFAULTS: BOOT, SlubStat, slubAlloc, slubGeometry, slubKmalloc } = slub;
const RULES = { arch: SLAB_ARCH_X86_64, boot: BOOT, cpus: 2 };
const GEOMETRY = slubGeometry(RULES, REQUEST)!;

function makeWorld() {
  const machine = createMachine({ ramBytes: '16M', cpus: 2, slab: 'slub', cmdline: 'slub_debug=U,tracked' });
  const { pages, cells, log } = machine;
  const { ctx } = machine.on(0);
  const system = machine.kmem as slub.SlubSystem;
  const cache = system.register.create({ name: 'x', size: 64, ctor: () => {} })!;
  const tracked = system.register.create({ name: 'tracked', size: 64 })!;
  const object = slubAlloc(ctx, cache, GFP_KERNEL)!;
  slubAlloc(ctx, tracked, GFP_KERNEL);
  const address = slubKmalloc(ctx, system, 100, GFP_KERNEL)!;
  const options = {
    pages,
    cells,
    series: 'merged',
    arch: SLAB_ARCH_X86_64,
    boot: BOOT,
    possibleCpus: 2,
    randomFreelist: 1,
    hardenedFreelist: 1,
    faults: new SlabFaults(),
    bootCaches: false,
  } as const;
  return { pages, cells, log, ctx, system, cache, tracked, object, address, options };
}
type World = ReturnType<typeof makeWorld>;

const none = ['undefined'];
/** Who runs counts in steps alone. */
const anyCtx = { hot: [0] } as const;
const on =
  (of: (world: World) => object) =>
  (called: string, args: Row<World>['args'], rest: Partial<Row<World>> = {}): Row<World> => ({
    args,
    call: (world, given) => {
      const object = of(world) as Record<string, (...all: never[]) => unknown>;
      return object[called]!(...given);
    },
    ...rest,
  });
const system = on(({ system: of }) => of);
const names = on(({ system: of }) => of.names);
const ofCache = (args: Row<World>['args'], rest: Partial<Row<World>> = {}): Row<World> => ({ args, ...rest });
const bootFields = { minOrder: [], maxOrder: [], minObjects: [], nomerge: ['true'], debug: [] };

const rows: Rows<World> = {
  parseSlubBoot: {
    args: () => ['slub_nomerge', new KernelLog(), true],
    accepts: { 0: ["''", "'x'"], 2: ['undefined', 'true'] },
  },
  parseSlubDebug: {
    args: () => ['FZ', new KernelLog(), true, slub.NO_DEBUG],
    accepts: { 0: ['null', "''", "'x'"], 2: ['undefined', 'true'], 3: ['undefined'] },
    fields: { 3: { flags: ['-1'], lists: ['[]'], disableHigherOrder: ['true'] } },
  },
  endGracePeriod: { args: ({ ctx, system: of }) => [ctx, of], ...anyCtx },
  flushAll: { args: ({ ctx, cache }) => [ctx, cache], ...anyCtx },
  flushCpu: { args: ({ ctx, cache }) => [ctx, cache, 1], ...anyCtx },
  getActive: { args: ({ ctx, cache }) => [ctx, cache], ...anyCtx },
  kmemCacheDestroy: { args: ({ ctx, cache }) => [ctx, cache], ...anyCtx, accepts: { 1: ['null'] } },
  slubAlloc: { args: ({ ctx, cache }) => [ctx, cache, GFP_KERNEL], ...anyCtx },
  slubAllocBulk: {
    args: ({ ctx, cache }) => [ctx, cache, GFP_KERNEL, 2, []],
    ...anyCtx,
    accepts: { 4: ['[]'] },
  },
  flushDeadCpu: { args: ({ ctx, system: of }) => [ctx, of, 1], ...anyCtx },
  slubCpuDead: { args: ({ ctx, system: of }) => [ctx, of, 1], ...anyCtx },
  slubCpuOnline: { args: ({ ctx, system: of }) => [ctx, of, 1], ...anyCtx },
  slubFree: { args: ({ ctx, cache, object }) => [ctx, cache, object], ...anyCtx },
  slubFreeBulk: {
    args: ({ ctx, cache, object }) => [ctx, cache, [object]],
    ...anyCtx,
    accepts: { 2: ['[]'] },
  },
  slubKfree: {
    args: ({ ctx, system: of, address }) => [ctx, of, address],
    ...anyCtx,
    accepts: { 2: ['null'] },
  },
  slubKfreeBulk: {
    args: ({ ctx, system: of, address }) => [ctx, of, [address]],
    ...anyCtx,
    accepts: { 2: ['[]'] },
  },
  slubZalloc: { args: ({ ctx, cache }) => [ctx, cache, GFP_KERNEL], ...anyCtx },
  slubKmalloc: { args: ({ ctx, system: of }) => [ctx, of, 100, GFP_KERNEL], ...anyCtx },
  slubShrink: { args: ({ ctx, cache }) => [ctx, cache], ...anyCtx },
  validateCache: { args: ({ ctx, cache }) => [ctx, cache], ...anyCtx },
  peekFreePointer: HOT.pfn,
  headSlotOf: HOT.pfn,
  inuseOf: HOT.bits,
  objectsOf: HOT.bits,
  ksize: { args: ({ system: of, address }) => [of, address], accepts: { 1: ['null'] } },
  partialSlabs: ofCache(({ cache }) => [cache]),
  'new SlubCache': {
    args: ({ system: of }) => [of, REQUEST, GEOMETRY],
    fields: {
      1: OPEN_FIELDS,
      2: {
        size: [],
        inuse: [],
        offset: [],
        align: [],
        redLeftPad: [],
        order: [],
        objects: [],
        minOrder: [],
        minObjects: [],
        allocFlags: [],
        flags: ['-1'],
        minPartial: [],
        cpuPartial: [],
      },
    },
  },
  cpuPartialSlabs: { args: () => [30, 16] },
  slubGeometry: {
    args: () => [RULES, REQUEST],
    fields: { 0: { arch: [], boot: [], cpus: [] }, 1: OPEN_FIELDS },
  },
  trackBytes: { args: () => [SLAB_ARCH_X86_64], fields: { 0: ARCH_FIELDS } },
  clearStat: ofCache(({ cache }) => [cache, SlubStat.allocFastpath]),
  walkSlub: ofCache(({ cache }) => [cache, [1]], { accepts: { 1: ['undefined', '[]'] } }),
  'new SlubSystem': {
    args: ({ options }) => [options],
    fields: {
      0: {
        pages: [],
        cells: [],
        series: none,
        arch: none,
        boot: none,
        possibleCpus: none,
        randomFreelist: ['undefined', '-1'],
        hardenedFreelist: ['undefined', '-1'],
        faults: ['undefined', 'null'],
        bootCaches: ['undefined', 'true'],
      },
    },
  },
  'SlubSystem.enroll': system('enroll', ({ cache }) => [cache]),
  'SlubSystem.prepare': system('prepare', () => [0x10000], { accepts: { 0: ['-1'] } }),
  'SlubSystem.bootFlags': system('bootFlags', () => [0, 'x'], { accepts: { 0: ['-1'], 1: ["'x'"] } }),
  'SlubSystem.open': system('open', () => [REQUEST], { fields: { 0: OPEN_FIELDS } }),
  'SlubSystem.alias': system('alias', ({ cache }) => [cache, 'y', 64], { accepts: { 1: ["'x'"] } }),
  countPartial: ofCache(({ cache }) => [cache]),
  cpuCounts: ofCache(({ cache }) => [cache, 0]),
  cpuPartialLength: ofCache(({ cache }) => [cache, 0]),
  cpuSlabsOf: ofCache(({ cache }) => [cache, 0]),
  halfFull: ofCache(({ cache }) => [cache, 3]),
  readCounts: ofCache(({ cache }) => [cache]),
  readStats: ofCache(({ cache }) => [cache, 0]),
  setCpuPartial: ofCache(({ cache }) => [cache, 30]),
  setMinPartial: ofCache(({ cache }) => [cache, 5], { accepts: { 1: ['2^53'] } }),
  'new SysfsNames': { args: () => [new CellSpace()] },
  'SysfsNames.add': names('add', ({ cache }) => [cache, BOOT], { fields: { 1: bootFields } }),
  'SysfsNames.link': names('link', ({ cache }) => ['y', cache], { accepts: { 0: ["'x'"] } }),
  'SysfsNames.unlink': names('unlink', ({ cache }) => [cache]),
  trackedUsers: ofCache(({ tracked }) => [tracked, 'alloc']),
};

tryWrongValues<World>('@mm/slub', {
  face: slub,
  stepped,
  makeWorld,
  stateOf: ({ pages, cells, log, system: of, cache }) =>
    digest(
      ...snapshotAllocator(pages).arrays,
      ...pages.memory.chunks,
      cache.cpu,
      cache.node,
      of.online,
      [
        cells.end,
        cache.minPartial,
        cache.cpuPartial,
        cache.cpuPartialSlabs,
        cache.objectSize,
        cache.refcount,
      ],
      [of.caches.length, of.stackDepot, of.largePages, log.lines],
      [...of.names.directories.keys(), ...of.names.links.keys()],
      of.register.caches.map(({ name, refcount }) => [name, refcount]),
    ),
  rows,
});
