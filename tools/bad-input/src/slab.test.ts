import { snapshotAllocator } from '@mm/buddy';
import { SLAB_ARCH_X86_64, SlabFaults } from '@mm/kmem';
import { createMachine } from '@mm/machine';
import * as slab from '@mm/slab';
import * as stepped from '@mm/slab/stepped';
import { GFP_KERNEL } from '@mm/zones';

import { OPEN_FIELDS, REQUEST } from './cache-requests.js';
import { digest } from './digest.js';
import { HOT, type Row, type Rows } from './row.js';
import { tryWrongValues } from './try-wrong-values.js';

const { NodeWord, SLAB_BOOT_DEFAULTS: BOOT, slabAlloc, slabGeometry, slabKmalloc } = slab;
const RULES = { arch: SLAB_ARCH_X86_64, debug: false, maxOrder: 1, cpus: 2, freelistCacheSize: () => 64 };
const GEOMETRY = slabGeometry(RULES, REQUEST)!;

function makeWorld() {
  const machine = createMachine({ ramBytes: '16M', cpus: 2, slab: 'slab' });
  const { pages, cells, log } = machine;
  const { ctx } = machine.on(0);
  const system = machine.kmem as slab.SlabSystem;
  const cache = system.register.create({ name: 'x', size: 64, ctor: () => {} })!;
  const object = slabAlloc(ctx, cache, GFP_KERNEL)!;
  const address = slabKmalloc(ctx, system, 100, GFP_KERNEL)!;
  const options = {
    pages,
    cells,
    series: 'merged',
    arch: SLAB_ARCH_X86_64,
    boot: BOOT,
    debug: false,
    faults: new SlabFaults(),
    bootCaches: false,
  } as const;
  return { pages, cells, log, ctx, system, cache, object, address, options };
}
type World = ReturnType<typeof makeWorld>;

const none = ['undefined'];
/** Who runs counts in steps alone. */
const anyCtx = { hot: [0] } as const;
/** Of C's ints, what makes no sense the kernel answers with -EINVAL. */
const ints = ['-1'];
const system = (called: string, args: Row<World>['args'], rest: Partial<Row<World>> = {}): Row<World> => ({
  args,
  call: ({ system: of }, given) => (of[called as 'open'] as (...all: never[]) => unknown).call(of, ...given),
  ...rest,
});
const ofCache = (args: Row<World>['args'], rest: Partial<Row<World>> = {}): Row<World> => ({ args, ...rest });

const rows: Rows<World> = {
  drainAll: { args: ({ ctx, cache }) => [ctx, cache], ...anyCtx },
  drainCpu: { args: ({ ctx, cache }) => [ctx, cache, 1], ...anyCtx },
  slabAlloc: { args: ({ ctx, cache }) => [ctx, cache, GFP_KERNEL], ...anyCtx },
  slabAllocBulk: {
    args: ({ ctx, cache }) => [ctx, cache, GFP_KERNEL, 2, []],
    ...anyCtx,
    accepts: { 4: ['[]'] },
  },
  emptyDeadCpu: { args: ({ ctx, system: of }) => [ctx, of, 1], ...anyCtx },
  slabCpuDead: { args: ({ ctx, system: of }) => [ctx, of, 1], ...anyCtx },
  slabCpuOnline: { args: ({ ctx, system: of }) => [ctx, of, 1], ...anyCtx },
  slabDestroy: { args: ({ ctx, cache }) => [ctx, cache], ...anyCtx, accepts: { 1: ['null'] } },
  slabEndGracePeriod: { args: ({ ctx, system: of }) => [ctx, of], ...anyCtx },
  slabFree: { args: ({ ctx, cache, object }) => [ctx, cache, object], ...anyCtx },
  slabFreeBulk: {
    args: ({ ctx, cache, object }) => [ctx, cache, [object]],
    ...anyCtx,
    accepts: { 2: ['[]'] },
  },
  slabKfree: {
    args: ({ ctx, system: of, address }) => [ctx, of, address],
    ...anyCtx,
    accepts: { 2: ['null'] },
  },
  slabKfreeBulk: {
    args: ({ ctx, system: of, address }) => [ctx, of, [address]],
    ...anyCtx,
    accepts: { 2: ['[]'] },
  },
  slabZalloc: { args: ({ ctx, cache }) => [ctx, cache, GFP_KERNEL], ...anyCtx },
  slabKmalloc: { args: ({ ctx, system: of }) => [ctx, of, 100, GFP_KERNEL], ...anyCtx },
  slabReap: { args: ({ ctx, cache }) => [ctx, cache], ...anyCtx },
  slabShrink: { args: ({ ctx, cache }) => [ctx, cache], ...anyCtx },
  tuneCache: {
    args: ({ ctx, cache }) => [ctx, cache, 120, 60, 8],
    ...anyCtx,
    accepts: { 2: ints, 3: ints, 4: ints },
  },
  tuneCacheNamed: {
    args: ({ ctx, system: of }) => [ctx, of, 'x', 120, 60, 8],
    ...anyCtx,
    accepts: { 2: ["''", "'x'"], 3: ints, 4: ints, 5: ints },
  },
  freelistAddress: HOT.pfn,
  headSlotOf: HOT.pfn,
  activeOf: HOT.bits,
  smemOf: HOT.bits,
  parseSlabBoot: { args: () => ['slab_nomerge'], accepts: { 0: ["''", "'x'"] } },
  'new SlabCache': {
    args: ({ system: of }) => [of, REQUEST, GEOMETRY],
    fields: {
      1: OPEN_FIELDS,
      2: {
        size: [],
        align: [],
        flags: ['-1'],
        num: [],
        order: [],
        colour: [],
        colourOff: [],
        freelistSize: [],
        allocFlags: [],
        objOffset: [],
        limit: [],
        batchcount: [],
        shared: [],
      },
    },
  },
  readSlabCounts: ofCache(({ cache }) => [cache]),
  slabKsize: { args: ({ system: of, address }) => [of, address], accepts: { 1: ['null'] } },
  slabGeometry: {
    args: () => [RULES, REQUEST],
    fields: {
      0: { arch: [], debug: ['true'], maxOrder: [], cpus: [], freelistCacheSize: ['function'] },
      1: OPEN_FIELDS,
    },
  },
  walkSlab: ofCache(({ cache }) => [cache, [1]], { accepts: { 1: ['undefined', '[]'] } }),
  slabsOn: ofCache(({ cache }) => [cache, NodeWord.partialFirst]),
  'new SlabSystem': {
    args: ({ options }) => [options],
    fields: {
      0: {
        pages: [],
        cells: [],
        series: none,
        arch: none,
        boot: none,
        debug: ['undefined', 'true'],
        faults: ['undefined', 'null'],
        bootCaches: ['undefined', 'true'],
      },
    },
  },
  'SlabSystem.enroll': system('enroll', ({ cache }) => [cache]),
  'SlabSystem.bootFlags': system('bootFlags', () => [0], { accepts: { 0: ['-1'] } }),
  'SlabSystem.open': system('open', () => [REQUEST], { fields: { 0: OPEN_FIELDS } }),
  'SlabSystem.freelistCache': system('freelistCache', () => [64]),
  'SlabSystem.alias': system('alias', ({ cache }) => [cache, 'y', 64], { accepts: { 1: ["'x'"] } }),
};

tryWrongValues<World>('@mm/slab', {
  face: slab,
  stepped,
  makeWorld,
  stateOf: ({ pages, cells, log, system: of, cache }) =>
    digest(
      ...snapshotAllocator(pages).arrays,
      ...pages.memory.chunks,
      cache.node,
      ...cache.arrays.flatMap(({ words, entries }) => [words, entries]),
      of.online,
      [cells.end, cache.limit, cache.batchcount, cache.shared, cache.objectSize, cache.refcount],
      [of.caches.length, of.largePages, log.lines],
      of.register.caches.map(({ name, refcount }) => [name, refcount]),
    ),
  rows,
});
