import {
  type IotlbGather,
  PageTableSource,
  Prot,
  SlabTableSource,
  type TableSource,
  type V7sConfig,
  type V7sPgtable,
  allocPgtable,
  iovaToPhys,
  mapPages,
  unmapPages,
} from '@iommu/v7s-pgtable';
import { type Machine, type MachineOptions, createMachine } from '@mm/machine';
import { ModelViolation } from '@mm/model';
import { Context } from '@mm/steps';

/** GFP_ATOMIC without warnings. */
export const GFP = 0x2a20;
const RW = Prot.READ | Prot.WRITE;

/** A page table on a small machine. */
export class V7sBench {
  readonly machine: Machine;
  readonly table: V7sPgtable;
  readonly ctx = new Context();

  constructor(
    options: MachineOptions & Partial<Pick<V7sConfig, 'behaviour' | 'oas' | 'quirks'>> = {},
    sourceOf: (machine: Machine) => TableSource = (machine) => new SlabTableSource(machine.kmem, 0x8000),
    machine?: Machine,
  ) {
    const { behaviour = 'corrected', oas = 32, quirks = 0, ...rest } = options;
    this.machine = machine ?? createMachine({ preset: 'arm64-2018', ramBytes: '64M', ...rest });
    const { memory, log, cells } = this.machine;
    const config = { ias: 32, oas, quirks, pgsizeBitmap: 0x1111000, behaviour };
    const table = allocPgtable(this.ctx, config, { memory, log, cells, source: sourceOf(this.machine) });
    if (table === null) throw new ModelViolation('a page table can be made', 'null');
    this.table = table;
  }

  map(iova: number, pa: number, size: number, count = 1): number {
    return mapPages(this.ctx, this.table, iova, pa, size, count, RW, GFP);
  }

  unmap(iova: number, size: number, count = 1, gather: IotlbGather | null = null): number {
    return unmapPages(this.ctx, this.table, iova, size, count, gather);
  }

  translate(iova: number): number | null {
    return iovaToPhys(this.ctx, this.table, iova);
  }
}

/** A source that takes a whole page for each table, from any zone. */
export const anyPage = (machine: Machine): TableSource => new PageTableSource(machine.pages, 0);
