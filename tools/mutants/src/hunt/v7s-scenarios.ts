import {
  ArenaTableSource,
  Prot,
  type V7sPgtable,
  allocPgtable,
  iovaToPhys,
  mapPages,
  unmapPages,
} from '@iommu/v7s-pgtable';
import { mapPages as mapSteps, unmapPages as unmapSteps } from '@iommu/v7s-pgtable/stepped';
import { PhysicalMemory } from '@mm/memory';
import { ModelViolation } from '@mm/model';
import { KernelLog } from '@mm/printk';
import { CellSpace, Context, type Steps } from '@mm/steps';

import { hold } from './check.js';
import type { OwnScenario } from './scenarios.js';
import { tasksOf } from './slub-bench.js';
import { GFP } from './v7s-bench.js';

const RW = Prot.READ | Prot.WRITE;
const MiB = 0x100000;
const PA = 0x80000000;

/** A page table over an arena, which hands out tables one behind the other; and what is to be mapped. */
export class SmallTable {
  readonly cells = new CellSpace();
  readonly source: ArenaTableSource;
  readonly table: V7sPgtable;
  readonly #ctx = new Context();

  constructor() {
    const memory = new PhysicalMemory([{ startPfn: 0x40000, endPfn: 0x40100 }]);
    this.source = new ArenaTableSource(memory, { start: 0x40000000, end: 0x40100000 });
    const parts = { memory, source: this.source, log: new KernelLog(), cells: this.cells };
    this.table = allocPgtable(this.#ctx, { ias: 32, oas: 32, pgsizeBitmap: 0x1111000 }, parts)!;
  }

  map(iova: number, size: number, count = 1): void {
    mapPages(this.#ctx, this.table, iova, PA + iova, size, count, RW, GFP);
  }

  unmap(iova: number, size: number, count = 1): number {
    return unmapPages(this.#ctx, this.table, iova, size, count);
  }

  *mapping(ctx: Context, iova: number): Steps<void> {
    const answer = yield* mapSteps(ctx, this.table, iova, PA + iova, 0x1000, 1, RW, GFP);
    if (answer !== 0) throw new ModelViolation('a map of what is free succeeds', `errno ${answer}`);
  }

  *unmapping(ctx: Context, iova: number): Steps<void> {
    const gone = yield* unmapSteps(ctx, this.table, iova, 0x1000, 1);
    if (gone !== 0x1000) throw new ModelViolation('what is mapped can be unmapped', `${gone} bytes`);
  }

  /** @throws ModelViolation unless these and no other of the pages are mapped, by `tables` tables. */
  check(mapped: readonly number[], unmapped: readonly number[], tables: number): void {
    const at = (iova: number): number | null => iovaToPhys(this.#ctx, this.table, iova);
    for (const iova of mapped) hold('a translation leads where the map says', at(iova), PA + iova);
    for (const iova of unmapped) hold('an unmap reports no more than went away', at(iova), null);
    hold('no table is lost', this.source.l2Alive, tables);
  }
}

/** Races of tables that are put into the level 1 table without a lock. */
export const V7S_SCENARIOS: Readonly<Record<string, OwnScenario>> = {
  'v7s: two maps into one section': {
    scenario: {
      cpus: 2,
      make() {
        const small = new SmallTable();
        return {
          cells: small.cells,
          tasks: tasksOf([
            [0, 'maps', (ctx) => small.mapping(ctx, 0x1000)],
            [1, 'maps', (ctx) => small.mapping(ctx, 0x5000)],
          ]),
          check: () => small.check([0x1000, 0x5000], [0x2000], 1),
        };
      },
    },
  },
  'v7s: two unmaps of one section': {
    scenario: {
      cpus: 2,
      make() {
        const small = new SmallTable();
        small.map(0, MiB);
        return {
          cells: small.cells,
          tasks: tasksOf([
            [0, 'unmaps', (ctx) => small.unmapping(ctx, 0x1000)],
            [1, 'unmaps', (ctx) => small.unmapping(ctx, 0x5000)],
          ]),
          check: () => small.check([0, 0x2000, 0x4000, 0xff000], [0x1000, 0x5000], 1),
        };
      },
    },
  },
  'v7s: two unmaps of one supersection': {
    scenario: {
      cpus: 2,
      make() {
        const small = new SmallTable();
        small.map(0, 16 * MiB);
        return {
          cells: small.cells,
          tasks: tasksOf([
            [0, 'unmaps', (ctx) => small.unmapping(ctx, 0x1000)],
            [1, 'unmaps', (ctx) => small.unmapping(ctx, 5 * MiB)],
          ]),
          check: () => small.check([0, 0x2000, 6 * MiB, 15 * MiB], [0x1000, 5 * MiB], 2),
        };
      },
    },
  },
};
