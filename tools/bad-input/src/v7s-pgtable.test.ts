import * as v7s from '@iommu/v7s-pgtable';
import * as stepped from '@iommu/v7s-pgtable/stepped';
import { GenPool } from '@mm/genalloc';
import { createMachine } from '@mm/machine';
import { Context } from '@mm/steps';
import { GFP_DMA32, GFP_KERNEL } from '@mm/zones';

import { digest } from './digest.js';
import { HOT, type Row, type Rows } from './row.js';
import { tryWrongValues } from './try-wrong-values.js';

const { allocPgtable, mapPages, Prot } = v7s;
const IOVA = 0x10000000;
const PA = 0x80000000;
const RW = Prot.READ | Prot.WRITE;

/** A table with a page, over tables of whole pages. */
function makeWorld(behaviour: v7s.V7sBehaviour) {
  const machine = createMachine({ preset: 'arm64-2018', ramBytes: '64M', cpus: 2 });
  const { pages, memory, log, cells } = machine;
  const ctx = new Context(0);
  // Made now: the first look at it would be a change.
  machine.kmem.register.caches.at(0);
  const source = new v7s.PageTableSource(pages, GFP_DMA32);
  const parts: v7s.V7sParts = { memory, source, log, cells };
  const table = allocPgtable(ctx, { ias: 32, oas: 32, pgsizeBitmap: v7s.PAGE_SIZES, behaviour }, parts)!;
  mapPages(ctx, table, IOVA, PA, 0x1000, 1, RW, GFP_KERNEL);
  const region = { start: 0x41000000, end: 0x41100000 };
  const arena = new v7s.ArenaTableSource(memory, region);
  const pool = new GenPool(10);
  return { machine, ctx, parts, table, arena, region, pool, taken: arena.allocL2()! };
}
type World = ReturnType<typeof makeWorld>;

const stateOf = ({ machine, table, arena, pool, parts }: World): string =>
  digest(
    machine.frames.flags,
    ...machine.memory.chunks,
    machine.log.lines,
    [table.l1Addr, table.warnings, arena.l2Alive, arena.l2Left, pool.size],
    [parts.cells.end, machine.kmem.register.caches.map(({ name }) => name)],
  );

const none = ['undefined'];
const CTX = 'any' as const;
/** Addresses that are out of range, or of no page: the table answers as the kernel does. */
const address = ['2^53', '1n'];
const config: Record<string, readonly string[]> = {
  ias: ['2^53'],
  oas: ['2^53'],
  pgsizeBitmap: ['2^53'],
  quirks: none,
  coherentWalk: ['undefined', 'true'],
  tlb: ['undefined', 'null', '{}'],
  deviceMaskBits: ['undefined', '2^53'],
  behaviour: none,
  series: none,
  zoneDma32: ['undefined', 'true'],
};
const ofParts = { memory: [], source: [], log: [], cells: [] };
const method = (name: string, args: Row<World>['args'], rest: Partial<Row<World>> = {}): Row<World> => ({
  args,
  call: ({ table }, given) =>
    (table[name as 'placeL1'] as (...all: never[]) => unknown).call(table, ...given),
  ...rest,
});

const operations: Rows<World> = {
  allocPgtable: {
    args: ({ ctx, parts }) => [ctx, { ias: 32, oas: 32, pgsizeBitmap: v7s.PAGE_SIZES }, parts],
    hot: [0],
    fields: { 1: config, 2: ofParts },
  },
  freePgtable: { args: ({ ctx, table }) => [ctx, table], hot: [0] },
  mapPages: {
    args: ({ ctx, table }) => [ctx, table, IOVA + 0x100000, PA, 0x1000, 2, RW, GFP_KERNEL, { bytes: 0 }],
    hot: [0, 1],
    accepts: {
      2: address,
      3: address,
      6: ['-1'],
      8: ['undefined', 'null'],
    },
    fields: { 8: { bytes: [] } },
  },
  unmapPages: {
    args: ({ ctx, table }) => [ctx, table, IOVA, 0x1000, 2, null],
    hot: [0, 1],
    accepts: { 2: address, 5: ['undefined', 'null', '{}'] },
  },
  iovaToPhys: { args: ({ ctx, table }) => [ctx, table, IOVA], hot: [0, 1], accepts: { 2: address } },
};

const parts: Rows<World> = {
  'new V7sPgtable': {
    args: ({ parts: of }) => [{ ias: 32, oas: 32, pgsizeBitmap: v7s.PAGE_SIZES }, of],
    fields: { 0: { ...config, ias: [], oas: [] }, 1: ofParts },
  },
  'V7sPgtable.placeL1': method('placeL1', ({ table }) => [table.l1Addr]),
  'V7sPgtable.tablePfn': HOT.bits,
  'V7sPgtable.tableAddr': HOT.bits,
  'V7sPgtable.leafAddrBits': HOT.bits,
  'V7sPgtable.warn': method('warn', () => ['odd'], { accepts: { 0: ["''", "'x'"] } }),
  'V7sPgtable.flushWalk': 'hands on what unmap was given, which has been checked, for each table',
  tableGfp: { args: () => ['merged', 0, true], accepts: { 2: ['true'] } },
  'new ArenaTableSource': {
    args: ({ machine, region }) => [machine.memory, region, region, false],
    accepts: { 2: none, 3: ['undefined', 'true'] },
    fields: { 1: { start: [], end: [] } },
  },
  'ArenaTableSource.allocL1': {
    args: ({ ctx }) => [ctx, 4096, GFP_DMA32],
    call: ({ arena }, [ctx, bytes, gfp]) => arena.allocL1(ctx!, bytes!, gfp!),
    accepts: { 0: CTX, 2: ['-1'] },
  },
  'ArenaTableSource.freeL2': {
    args: ({ ctx, taken }) => [ctx, taken],
    call: ({ arena }, [ctx, addr]) => arena.freeL2(ctx!, addr!),
    accepts: { 0: CTX },
  },
  'new PageTableSource': { args: ({ machine }) => [machine.pages, GFP_DMA32] },
  'new PageFragTableSource': { args: ({ machine }) => [machine.pages, machine.cells, GFP_DMA32] },
  'new GenPoolTableSource': { args: ({ machine, pool }) => [machine.pages, pool, GFP_DMA32] },
  'new SlabTableSource': { args: ({ machine }) => [machine.kmem, 0], accepts: { 1: [] } },
};

for (const behaviour of ['corrected', 'linux-6.1'] as const)
  tryWrongValues<World>(`@iommu/v7s-pgtable, ${behaviour}`, {
    face: v7s,
    stepped,
    makeWorld: () => makeWorld(behaviour),
    stateOf,
    rows: { ...operations, ...parts },
  });
