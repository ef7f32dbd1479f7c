import { snapshotAllocator } from '@mm/buddy';
import * as face from '@mm/machine';
import * as stepped from '@mm/machine/stepped';
import { GFP_KERNEL } from '@mm/zones';

import { digest } from './digest.js';
import type { Row } from './row.js';
import { tryWrongValues } from './try-wrong-values.js';

const { createMachine } = face;

/** A machine of one of the two slab allocators, with an object of a cache, one of kmalloc and a page. */
function makeWorld(slab: 'slub' | 'slab') {
  const machine = createMachine({ ramBytes: '16M', cpus: 2, slab });
  const cache = machine.kmemCacheCreate({ name: 'x', size: 64, ctor: () => {} })!;
  return {
    machine,
    cache,
    cpu: machine.on(1),
    ctx: machine.on(0).ctx,
    object: machine.kmemCacheAlloc(cache, GFP_KERNEL)!,
    address: machine.kmalloc(100, GFP_KERNEL)!,
    pfn: machine.allocPages(GFP_KERNEL, 1)!,
  };
}
type World = ReturnType<typeof makeWorld>;

const stateOf = ({ machine }: World): string =>
  digest(
    ...snapshotAllocator(machine.pages).arrays,
    machine.frames.flags,
    machine.frames.owner1,
    machine.frames.owner2,
    ...machine.memory.chunks,
    machine.log.lines,
    machine.kmem.register.caches.map(({ name, refcount }) => [name, refcount]),
  );

const native = ['1n', 'symbol'];
const none = ['undefined'];
const on = (called: string, args: Row<World>['args'], rest: Partial<Row<World>> = {}): Row<World> => ({
  args,
  call: ({ machine }, given) =>
    (machine[called as 'on'] as (...all: never[]) => unknown).call(machine, ...given),
  ...rest,
});
const onCpu = (called: string, args: Row<World>['args'], rest: Partial<Row<World>> = {}): Row<World> => ({
  args,
  call: ({ cpu }, given) => (cpu[called as 'kmalloc'] as (...all: never[]) => unknown)(...given),
  ...rest,
});
/** Requests that the kernel itself answers: with null, and the reason in the log. */
const request: Partial<Row<World>> = {
  fields: {
    0: {
      name: ["'x'"],
      size: [],
      align: none,
      flags: none,
      useroffset: none,
      usersize: none,
      ctor: ['undefined', 'null', 'function'],
    },
  },
};
const pages: Record<string, Row<World>> = {
  allocPages: on('allocPages', () => [GFP_KERNEL, 1], { native, accepts: { 1: ['2^53'] } }),
  freePages: on('freePages', ({ pfn }) => [pfn, 1], { native }),
};
const objects: Record<string, Row<World>> = {
  kmemCacheAlloc: on('kmemCacheAlloc', ({ cache }) => [cache, GFP_KERNEL]),
  kmemCacheZalloc: on('kmemCacheZalloc', ({ cache }) => [cache, GFP_KERNEL]),
  kmemCacheFree: on('kmemCacheFree', ({ cache, object }) => [cache, object]),
  kmalloc: on('kmalloc', () => [100, GFP_KERNEL]),
  kfree: on('kfree', ({ address }) => [address], { accepts: { 0: ['null'] } }),
};
const views = { ...pages, ...objects };

for (const slab of ['slub', 'slab'] as const)
  tryWrongValues<World>(`@mm/machine with ${slab}`, {
    face,
    stepped,
    makeWorld: () => makeWorld(slab),
    stateOf,
    also: Object.keys(views).map((called) => `CpuView.${called}`),
    rows: {
      ...Object.fromEntries(Object.entries(views).map(([called, row]) => [`Machine.${called}`, row])),
      ...Object.fromEntries(
        Object.entries(views).map(([called, row]) => [
          `CpuView.${called}`,
          { ...row, ...onCpu(called, row.args) },
        ]),
      ),
      createMachine: {
        args: () => [{ ramBytes: '16M' }],
        accepts: { 0: ['undefined', '{}'] },
        fields: {
          0: {
            preset: none,
            ramBytes: none,
            cpus: none,
            series: none,
            strict: ['undefined', 'true'],
            zones: ['undefined', 'null', '{}'],
            pageblockOrder: ['undefined', 'null'],
            boot: ['undefined', 'null', '{}'],
            managedPages: ['undefined', 'null', '{}'],
            cmdline: ['undefined', 'null', "''", "'x'"],
            slab: ['undefined', 'null'],
            debugSlab: none,
            randomFreelist: none,
            hardenedFreelist: none,
            minFreeKbytes: none,
            faults: none,
            failslab: none,
            kernelConfig: ['undefined', 'null', '{}'],
            unknown: [],
          },
        },
      },
      parseSize: { args: () => ['16M', 'ramBytes'], accepts: { 1: 'any' } },
      'new Machine': {
        args: ({ machine }) => [{ ...machine, cpus: 2 }],
        fields: {
          0: {
            preset: ['{}'],
            series: [],
            spans: ['[]', '[null]'],
            memory: [],
            frames: [],
            zones: [],
            sysctls: [],
            cells: [],
            log: [],
            pages: [],
            slab: [],
            slabOptions: ['{}'],
            slubOptions: ['{}'],
            config: ['{}'],
          },
        },
      },
      'Machine.restore': on('restore', ({ machine }) => [machine.snapshot()]),
      hashMachine: { args: ({ machine }) => [machine.snapshot()] },
      diffMachines: {
        args: ({ machine }) => [machine.snapshot(), machine.snapshot(), 10],
        accepts: { 2: none },
      },
      'Machine.on': on('on', () => [1]),
      'Machine.kmemCacheCreate': on('kmemCacheCreate', () => [{ name: 'y', size: 64 }], request),
      'Machine.kmemCacheDestroy': on('kmemCacheDestroy', ({ cache }) => [cache], {
        accepts: { 0: ['null'] },
      }),
      'Machine.readSysctl': on('readSysctl', () => ['min_free_kbytes']),
      'Machine.writeSysctl': on('writeSysctl', () => ['min_free_kbytes', '4096'], {
        accepts: { 1: ["''", "'x'"] },
      }),
      cacheAlloc: { args: ({ ctx, cache }) => [ctx, cache, GFP_KERNEL], hot: [0] },
      cacheFree: { args: ({ ctx, cache, object }) => [ctx, cache, object], hot: [0] },
      cacheAllocBulk: {
        args: ({ ctx, cache }) => [ctx, cache, GFP_KERNEL, 2, []],
        hot: [0],
        accepts: { 4: ['[]'] },
      },
      cacheFreeBulk: {
        args: ({ ctx, cache, object }) => [ctx, cache, [object]],
        hot: [0],
        accepts: { 2: ['[]'] },
      },
      cacheShrink: { args: ({ ctx, cache }) => [ctx, cache], hot: [0] },
      cacheFlush: { args: ({ ctx, cache }) => [ctx, cache], hot: [0] },
      cacheDestroy: { args: ({ ctx, cache }) => [ctx, cache], hot: [0], accepts: { 1: ['null'] } },
      cacheZalloc: { args: ({ ctx, cache }) => [ctx, cache, GFP_KERNEL], hot: [0] },
      kfreeBulk: {
        args: ({ ctx, machine, address }) => [ctx, machine.kmem, [address]],
        hot: [0],
        accepts: { 2: ['[]'] },
      },
      cacheCreate: {
        args: ({ ctx, machine }) => [ctx, machine.kmem, { name: 'y', size: 64 }],
        hot: [0],
        fields: { 2: request.fields![0]! },
      },
      kmalloc: { args: ({ ctx, machine }) => [ctx, machine.kmem, 100, GFP_KERNEL], hot: [0] },
      kfree: {
        args: ({ ctx, machine, address }) => [ctx, machine.kmem, address],
        hot: [0],
        accepts: { 2: ['null'] },
      },
      gracePeriodEnds: { args: ({ ctx, machine }) => [ctx, machine.kmem], hot: [0] },
      cpuDead: { args: ({ ctx, machine }) => [ctx, machine.kmem, 1], hot: [0] },
      cpuOnline: { args: ({ ctx, machine }) => [ctx, machine.kmem, 1], hot: [0] },
    },
  });
