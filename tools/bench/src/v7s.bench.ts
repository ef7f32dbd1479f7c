import {
  ArenaTableSource,
  type V7sBehaviour,
  type V7sPgtable,
  allocPgtable,
  iovaToPhys,
  mapPages,
  unmapPages,
} from '@iommu/v7s-pgtable';
import { PhysicalMemory } from '@mm/memory';
import { KernelLog } from '@mm/printk';
import { CellSpace, Context } from '@mm/steps';

import type { BenchCase, BenchSuite } from './suite.js';
import { V7sFloor } from './v7s-floor.js';

const GFP_KERNEL = 0xcc0;
const BASE = 0x80000000;
const PA = 0x10000000;

interface Bench {
  readonly ctx: Context;
  readonly table: V7sPgtable;
}

function make(behaviour: V7sBehaviour = 'corrected'): Bench {
  const memory = new PhysicalMemory([{ startPfn: 0x40000, endPfn: 0x44000 }]);
  const source = new ArenaTableSource(memory, { start: 0x40000000, end: 0x44000000 });
  const ctx = new Context();
  let flushes = 0;
  const table = allocPgtable(
    ctx,
    { ias: 32, oas: 32, pgsizeBitmap: 0x1111000, behaviour, tlb: { addPage: () => flushes++ } },
    { memory, source, log: new KernelLog(), cells: new CellSpace() },
  )!;
  return { ctx, table };
}

/** Page numbers below 16384, in no order: 64 MiB. */
function shuffled(): Int32Array {
  const order = Int32Array.from({ length: 16_384 }, (_, i) => i);
  let state = 5;
  for (let i = order.length - 1; i > 0; i--) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const other = (state >>> 0) % (i + 1);
    [order[i], order[other]] = [order[other]!, order[i]!];
  }
  return order;
}

const pair = (size: number, spread: boolean, behaviour?: V7sBehaviour) => (): ((n: number) => unknown) => {
  const { ctx, table } = make(behaviour);
  const order = spread ? shuffled() : Int32Array.from({ length: 16_384 }, (_, i) => i);
  const mask = size === 0x1000 ? 16_383 : size === 0x100000 ? 63 : 3;
  return (n) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const iova = BASE + (order[i & 16_383]! & mask) * size;
      mapPages(ctx, table, iova, PA, size, 1, 3, GFP_KERNEL);
      sum += unmapPages(ctx, table, iova, size, 1);
    }
    return sum;
  };
};

function floorPair(spread: boolean): () => (n: number) => unknown {
  return () => {
    const floor = new V7sFloor();
    const order = spread ? shuffled() : Int32Array.from({ length: 16_384 }, (_, i) => i);
    return (n) => {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const iova = BASE + order[i & 16_383]! * 0x1000;
        floor.map(iova, PA, 0x30);
        sum += floor.unmap(iova);
      }
      return sum;
    };
  };
}

/** An operation is one page of 256. */
function many(behaviour?: V7sBehaviour): () => (n: number) => unknown {
  return () => {
    const { ctx, table } = make(behaviour);
    return (n) => {
      let sum = 0;
      for (let i = 0; i < n; i += 256) {
        mapPages(ctx, table, BASE, PA, 0x1000, 256, 3, GFP_KERNEL);
        sum += unmapPages(ctx, table, BASE, 0x1000, 256);
      }
      return sum;
    };
  };
}

function translation(size: number): () => (n: number) => unknown {
  return () => {
    const { ctx, table } = make();
    mapPages(ctx, table, BASE, PA, size, 0x1000000 / size, 3, GFP_KERNEL);
    return (n) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum ^= iovaToPhys(ctx, table, BASE + ((i * 0x1357) & 0xffffff))!;
      return sum;
    };
  };
}

const cases: BenchCase[] = [
  { name: 'floor, pair, 4 KiB in turn', prepare: floorPair(false) },
  { name: 'pair, 4 KiB in turn', per: 'floor, pair, 4 KiB in turn', goal: 6, prepare: pair(0x1000, false) },
  {
    name: 'pair, 4 KiB in turn, linux-6.1',
    per: 'floor, pair, 4 KiB in turn',
    goal: 6,
    prepare: pair(0x1000, false, 'linux-6.1'),
  },
  { name: 'floor, pair, 4 KiB at random', prepare: floorPair(true) },
  {
    name: 'pair, 4 KiB at random',
    per: 'floor, pair, 4 KiB at random',
    goal: 6,
    prepare: pair(0x1000, true),
  },
  // In nanoseconds: Linux's own file compiled with gcc -O2 takes 14.5, 52 and 5.7 + 9.1.
  { name: 'pair, 1 MiB', goal: 14.5, prepare: pair(0x100000, false) },
  { name: 'pair, 16 MiB', goal: 52, prepare: pair(0x1000000, false) },
  { name: 'a page of 256 mapped and unmapped at once', goal: 14.8, prepare: many() },
  { name: 'the same, linux-6.1', goal: 14.8, prepare: many('linux-6.1') },
  {
    name: 'floor, translation',
    prepare: () => {
      const floor = new V7sFloor();
      for (let i = 0; i < 4096; i++) floor.map(BASE + i * 0x1000, PA + i * 0x1000, 0x30);
      return (n) => {
        let sum = 0;
        for (let i = 0; i < n; i++) sum ^= floor.translate(BASE + ((i * 0x1357) & 0xffffff));
        return sum;
      };
    },
  },
  { name: 'translation, 4 KiB', per: 'floor, translation', goal: 3, prepare: translation(0x1000) },
  { name: 'translation, 1 MiB', per: 'floor, translation', goal: 3, prepare: translation(0x100000) },
];

const suite: BenchSuite = { operation: 'a map and its unmap, or a translation', cases };
export default suite;
