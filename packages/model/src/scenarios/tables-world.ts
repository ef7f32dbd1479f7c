import {
  type PlainTableSource,
  Prot,
  type V7sBehaviour,
  type V7sPgtable,
  allocPgtable,
  mapPages as mapAtOnce,
} from '@iommu/v7s-pgtable';
import { mapPages, unmapPages } from '@iommu/v7s-pgtable/stepped';
import type { ScenarioRun, ScenarioTask } from '@mm/interleave';
import { type PhysAddr, PhysicalMemory } from '@mm/memory';
import { KernelLog } from '@mm/printk';
import { CellSpace, Context, type Steps } from '@mm/steps';
import { GFP_KERNEL } from '@mm/zones';

import { ModelViolation } from '../model-violation.js';
import { walk } from '../v7s/walker.js';
import { runsOf } from './runs.js';

const L1_ADDR = 0x10000;
const L2_ADDR = 0x18000;
const L2_BYTES = 1024;
const L2_TABLES = 16;
const WRITABLE = Prot.READ | Prot.WRITE;

/** A few level 2 tables, given back ones used again first, with the state in public so that it can be brought back. */
class FewTables implements PlainTableSource {
  readonly kind = 'plain';
  readonly free: number[] = Array.from(
    { length: L2_TABLES },
    (_, i) => L2_ADDR + (L2_TABLES - 1 - i) * L2_BYTES,
  );
  /** Tables in use. */
  readonly alive = new Set<number>();
  readonly #memory: PhysicalMemory;

  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
  }

  allocL1(): PhysAddr {
    this.#memory.zeroPages(L1_ADDR / 4096, 4);
    return L1_ADDR as PhysAddr;
  }

  freeL1(): void {}

  allocL2(): PhysAddr | null {
    const addr = this.free.pop();
    if (addr === undefined) return null;
    const pfn = Math.floor(addr / 4096);
    const first = this.#memory.wordIndexOf(pfn) + ((addr & 4095) >> 2);
    this.#memory.wordsOf(pfn).fill(0, first, first + L2_BYTES / 4);
    this.alive.add(addr);
    return addr as PhysAddr;
  }

  freeL2(_ctx: Context, addr: PhysAddr): void {
    if (!this.alive.delete(addr))
      throw new ModelViolation('a table is given back once', `0x${addr.toString(16)} is not in use`);
    this.free.push(addr);
  }
}

/**
 * A page table, and what it should map at the end of a run.
 *
 *   tables in use = level 1 entries of type table;   an IOVA translates as it was mapped last
 */
export class TablesWorld {
  readonly cells = new CellSpace();
  readonly memory = new PhysicalMemory([{ startPfn: 0, endPfn: 1024 }]);
  readonly source = new FewTables(this.memory);
  readonly log = new KernelLog();
  readonly table: V7sPgtable;
  /** By IOVA: the physical address of what is mapped. */
  readonly mapped = new Map<number, number>();
  /** Bytes that calls have said to be unmapped. */
  unmappedBytes = 0;
  /** What a task has seen, in a word each. */
  readonly notes = new Set<string>();

  constructor(behaviour: V7sBehaviour = 'corrected') {
    const { memory, source, log, cells } = this;
    // The chunk with all tables is made once, so that runs do not make it again.
    memory.wordsOf(L1_ADDR / 4096);
    const config = { ias: 32, oas: 32, pgsizeBitmap: 0x1111000, behaviour };
    this.table = allocPgtable(new Context(0), config, { memory, source, log, cells })!;
  }

  /** Maps a block, before the race. */
  map(iova: number, pa: number, size: number): void {
    mapAtOnce(new Context(0), this.table, iova, pa, size, 1, WRITABLE, GFP_KERNEL);
    for (let at = 0; at < size; at += 4096) this.mapped.set(iova + at, pa + at);
  }

  /** Runs from the state in which this is called. `more`: what is to be seen beside the structures. */
  run(tasks: () => readonly ScenarioTask[], more: Partial<ScenarioRun> = {}): () => ScenarioRun {
    return runsOf(this, {
      ...more,
      cells: this.cells,
      tasks,
      footprint: { roots: { table: this.table }, exempt: isSource },
      state: () => ({
        tables: this.source.alive.size,
        mapped: this.mapped.size,
        'unmapped bytes': this.unmappedBytes,
      }),
      check: () => {
        this.check();
        more.check?.();
      },
    });
  }

  /** Tables that level 1 entries point to. */
  linked(): number[] {
    const { table } = this;
    const words = table.l1Words();
    const linked: number[] = [];
    for (let slot = 0; slot < table.l1Entries; slot++) {
      const entry = words[table.l1Base + slot]!;
      if ((entry & 3) === 1) linked.push(table.tableAddr(entry));
    }
    return linked;
  }

  /** @throws ModelViolation */
  check(): void {
    const linked = this.linked();
    const { alive } = this.source;
    if (linked.length !== alive.size || linked.some((addr) => !alive.has(addr)))
      throw new ModelViolation(
        'tables in use = level 1 entries of type table',
        `${alive.size} in use, ${linked.length} linked`,
      );
    const { registers } = this.table;
    const read = (addr: number): number => this.memory.read32(addr);
    for (const [iova, pa] of this.mapped) {
      const found = walk(read, { ttbr0: registers.ttbr, prrr: registers.prrr, nmrr: registers.nmrr }, iova);
      const at = found.ok ? found.translation.pa : null;
      if (at !== (pa < 0 ? null : pa))
        throw new ModelViolation('an IOVA translates as it was mapped last', `0x${iova.toString(16)}: ${at}`);
    }
  }
}

/** Tables in the source are all alike: it does not matter who gets which. */
const isSource = (path: string): boolean => path.startsWith('table.source');

/** Maps pages of 4 KiB, each an IOVA and its physical address. */
export function* mapTask(
  world: TablesWorld,
  ctx: Context,
  pages: ReadonlyArray<readonly [number, number]>,
): Steps<void> {
  for (const [iova, pa] of pages) {
    const answer = yield* mapPages(ctx, world.table, iova, pa, 4096, 1, WRITABLE, GFP_KERNEL);
    if (answer !== 0)
      throw new ModelViolation('a map over nothing succeeds', `0x${iova.toString(16)}: ${answer}`);
    world.mapped.set(iova, pa);
  }
}

/** Unmaps pages of 4 KiB that are mapped. */
export function* unmapTask(world: TablesWorld, ctx: Context, iovas: readonly number[]): Steps<void> {
  for (const iova of iovas) {
    const bytes = yield* unmapPages(ctx, world.table, iova, 4096, 1);
    if (bytes !== 4096)
      throw new ModelViolation(
        'an unmap of what is mapped is done',
        `0x${iova.toString(16)}: ${bytes} bytes`,
      );
    world.unmappedBytes += bytes;
    world.mapped.set(iova, -1);
  }
}
