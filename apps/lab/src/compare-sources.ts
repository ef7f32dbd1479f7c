import {
  GenPoolTableSource,
  PageFragTableSource,
  PageTableSource,
  SlabTableSource,
  type TableSource,
  type V7sPgtable,
  allocPgtable,
  freePgtable,
  mapPages,
  tableGfp,
  unmapPages,
} from '@iommu/v7s-pgtable';
import { PcpWord, foldZoneCounters, freePagesOf, pcpAt } from '@mm/buddy';
import { GenPool } from '@mm/genalloc';
import { type Machine, type MachineOptions, createMachine } from '@mm/machine';
import { Errno, OptionError } from '@mm/printk';
import { Context } from '@mm/steps';
import { GFP_KERNEL } from '@mm/zones';

import type { Workload, WorkloadOp } from './workloads.js';

/** What one workload cost with one source. Bytes are whole pages taken from the page allocator for level 2 tables. */
export interface SourceCost {
  readonly workload: string;
  readonly source: string;
  readonly tablesPeak: number;
  readonly tablesEnd: number;
  readonly bytesPeak: number;
  readonly bytesEnd: number;
  /** What is held and is no table, at the end of the last peak of bytes. */
  readonly bytesWasted: number;
  /** At the peak of bytes, by zone. */
  readonly pagesByZone: Readonly<Record<string, number>>;
  readonly milliseconds: number;
  /** Maps that failed for want of memory. */
  readonly failed: number;
  /** Maps of what is mapped already: recordings do not say which device's address space an event is about. */
  readonly overlapping: number;
  /** Unmaps of what was not mapped, as recordings have where they begin. */
  readonly unknown: number;
}

type MakeSource = (machine: Machine, zoneGfp: number) => TableSource;

const fromCache: MakeSource = ({ kmem, series, preset }) =>
  new SlabTableSource(kmem, tableGfp(series, 0, preset.config.dma32 === true).slabFlags);

const SOURCES: Readonly<Record<string, MakeSource>> = {
  slub: fromCache,
  slab: fromCache,
  page: (machine, zoneGfp) => new PageTableSource(machine.pages, zoneGfp),
  'page-frag': (machine, zoneGfp) => new PageFragTableSource(machine.pages, machine.cells, zoneGfp),
  genalloc: (machine, zoneGfp) => new GenPoolTableSource(machine.pages, new GenPool(10), zoneGfp),
};

/** The names of the sources, in the order of the table. */
export const SOURCE_NAMES: readonly string[] = Object.keys(SOURCES);

interface Running {
  readonly ctx: Context;
  readonly machine: Machine;
  readonly table: V7sPgtable;
}

/**
 * Runs a workload over one source: once for the time, and once more to watch memory after every operation.
 *
 * @throws OptionError for an unknown source and for options the machine does not take.
 * @example
 * const cost = costOf(workload, 'genalloc', { preset: 'arm64-2018', ramBytes: '4G' });
 */
export function costOf(workload: Workload, source: string, options: MachineOptions): SourceCost {
  const timed = start(source, options);
  const begin = performance.now();
  for (const op of workload.ops) apply(timed, op);
  const milliseconds = performance.now() - begin;
  const watched = start(source, options);
  const watch = new Watch(watched);
  for (const op of workload.ops) {
    const result = apply(watched, op);
    watch.after(op, result);
  }
  const cost = watch.cost(workload.name, source, milliseconds);
  freePgtable(watched.ctx, watched.table);
  return cost;
}

function start(source: string, options: MachineOptions): Running {
  if (!Object.hasOwn(SOURCES, source))
    throw new OptionError('--source', `one of ${SOURCE_NAMES.join(', ')}`, source);
  const make = SOURCES[source]!;
  const machine = createMachine(source === 'slab' ? { ...options, slab: 'slab' } : options);
  const zoneDma32 = machine.preset.config.dma32 === true;
  const ctx = new Context();
  const { memory, log, cells } = machine;
  const table = allocPgtable(
    ctx,
    { ias: 32, oas: 32, pgsizeBitmap: 0x1111000, zoneDma32 },
    { memory, log, cells, source: make(machine, tableGfp('merged', 0, zoneDma32).l1) },
  );
  if (table === null)
    throw new OptionError('--ram', 'enough memory below 4 GiB for a page table', options.ramBytes);
  return { ctx, machine, table };
}

const SIZES = [0x1000000, 0x100000, 0x10000, 0x1000] as const;

/** The largest page size that `at` is aligned to and `left` holds. @see linux 6.1 drivers/iommu/iommu.c iommu_pgsize */
const pageSizeFor = (at: number, left: number): number =>
  SIZES.find((size) => size <= left && at % size === 0) ?? 0x1000;

/** 0; a negative errno of map; or the bytes that could not be unmapped. */
function apply({ ctx, table }: Running, op: WorkloadOp): number {
  let done = 0;
  let unknown = 0;
  while (done < op.size) {
    const left = op.size - done;
    const at = op.iova + done;
    if (op.kind === 'map') {
      const size = Math.min(pageSizeFor(at, left), pageSizeFor(op.pa + done, left));
      const ret = mapPages(ctx, table, at, op.pa + done, size, 1, 3, GFP_KERNEL);
      if (ret !== 0) return ret;
      done += size;
    } else {
      const size = pageSizeFor(at, left);
      const gone = unmapPages(ctx, table, at, size, 1);
      if (gone !== 0) done += gone;
      else if (size > 0x1000) done += unmapSmall(ctx, table, at, size);
      else {
        unknown += 0x1000;
        done += 0x1000;
      }
    }
  }
  return unknown;
}

/** A range of which not all is mapped: page by page. */
function unmapSmall(ctx: Context, table: V7sPgtable, iova: number, size: number): number {
  for (let done = 0; done < size; done += 0x1000) unmapPages(ctx, table, iova + done, 0x1000, 1);
  return size;
}

/** Follows the pages that a run takes and the tables it has. */
class Watch {
  readonly #run: Running;
  readonly #before: number[];
  #tablesPeak = 0;
  #tablesEnd = 0;
  #bytesPeak = 0;
  #bytesEnd = 0;
  #tablesAtPeak = 0;
  #zonesAtPeak: number[] = [];
  #failed = 0;
  #overlapping = 0;
  #unknown = 0;

  constructor(run: Running) {
    this.#run = run;
    this.#before = this.#freePages();
  }

  /** Free pages of each zone, those on per-cpu lists included. */
  #freePages(): number[] {
    const { pages, zones } = this.#run.machine;
    foldZoneCounters(pages);
    return Array.from({ length: zones.count }, (_, zone) => {
      let free = freePagesOf(pages, zone);
      for (let cpu = 0; cpu < pages.cpus; cpu++) free += pages.pcpState[pcpAt(cpu, zone) + PcpWord.count]!;
      return free;
    });
  }

  #countTables(): number {
    const { table } = this.#run;
    const words = table.l1Words();
    let count = 0;
    for (let slot = 0; slot < table.l1Entries; slot++) if ((words[table.l1Base + slot]! & 3) === 1) count++;
    return count;
  }

  after(op: WorkloadOp, result: number): void {
    if (op.kind === 'map' && result === -Errno.EEXIST) this.#overlapping++;
    else if (op.kind === 'map' && result !== 0) this.#failed++;
    if (op.kind === 'unmap' && result !== 0) this.#unknown++;
    const held = this.#freePages().map((free, zone) => this.#before[zone]! - free);
    this.#bytesEnd = held.reduce((sum, count) => sum + count, 0) * 4096;
    this.#tablesEnd = this.#countTables();
    this.#tablesPeak = Math.max(this.#tablesPeak, this.#tablesEnd);
    // Equal counts too: the last moment at the peak, when the blocks are filled.
    if (this.#bytesEnd < this.#bytesPeak || this.#bytesEnd === 0) return;
    this.#bytesPeak = this.#bytesEnd;
    this.#tablesAtPeak = this.#tablesEnd;
    this.#zonesAtPeak = held;
  }

  cost(workload: string, source: string, milliseconds: number): SourceCost {
    const { zones } = this.#run.machine;
    const pagesByZone = Object.fromEntries(
      this.#zonesAtPeak
        .map((count, zone) => [zones.names[zone]!, count] as const)
        .filter(([, count]) => count > 0),
    );
    return {
      workload,
      source,
      tablesPeak: this.#tablesPeak,
      tablesEnd: this.#tablesEnd,
      bytesPeak: this.#bytesPeak,
      bytesEnd: this.#bytesEnd,
      bytesWasted: this.#bytesPeak - this.#tablesAtPeak * 1024,
      pagesByZone,
      milliseconds,
      failed: this.#failed,
      overlapping: this.#overlapping,
      unknown: this.#unknown,
    };
  }
}
