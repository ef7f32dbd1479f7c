import {
  PageTableSource,
  Prot,
  type V7sPgtable,
  allocPgtable,
  iovaToPhys,
  mapPages,
  tableGfp,
} from '@iommu/v7s-pgtable';
import { type MachineOptions, createMachine } from '@mm/machine';
import { OptionError } from '@mm/printk';
import { Context } from '@mm/steps';
import { GFP_KERNEL } from '@mm/zones';

import { randomFrom } from './option-values.js';

/** Tables in memory, and what walking them must give. All numbers are hex strings. */
export interface TableImage {
  readonly ttbr0: string;
  readonly prrr: string;
  readonly nmrr: string;
  readonly memory: readonly { readonly addr: string; readonly words: readonly string[] }[];
  /** `pa` null: no translation. `write`: a privileged write is allowed. */
  readonly expect: readonly { readonly iova: string; readonly pa: string | null; readonly write: boolean }[];
}

export interface ImageOptions {
  readonly seed: number;
  /** Ranges to map. */
  readonly maps: number;
  readonly preset: string;
  readonly ram: string;
}

interface Range {
  readonly iova: number;
  readonly bytes: number;
  readonly pa: number;
  readonly write: boolean;
}

const SIZES = [0x1000, 0x10000, 0x100000, 0x1000000] as const;
const SPACE = 2 ** 32;
const hex = (value: number): string => `0x${value.toString(16)}`;

/**
 * Maps random ranges of all sizes and rights, and returns the tables with what to expect of them: every edge of
 * every range, addresses inside, and addresses that are not mapped.
 *
 * @throws OptionError for options the machine does not take, and when its memory does not hold the tables.
 * @example
 * const image = makeImage({ seed: 1, maps: 64, preset: 'arm64-2018', ram: '512M' });
 */
export function makeImage(options: ImageOptions): TableImage {
  const pick = randomFrom(options.seed);
  const machine = createMachine({ preset: options.preset, ramBytes: options.ram } as MachineOptions);
  const zoneDma32 = machine.preset.config.dma32 === true;
  const source = new PageTableSource(machine.pages, tableGfp('merged', 0, zoneDma32).l1);
  const ctx = new Context();
  const table = allocPgtable(
    ctx,
    { ias: 32, oas: 32, pgsizeBitmap: 0x1111000, zoneDma32 },
    { source, memory: machine.memory, log: machine.log, cells: machine.cells },
  );
  if (table === null) throw new OptionError('ram', 'enough memory below 4 GiB for a page table', options.ram);
  const ranges: Range[] = [];
  // Ranges that meet others are tried again elsewhere, a bounded number of times.
  for (let tries = 0; ranges.length < options.maps && tries < options.maps * 20 + 100; tries++) {
    const range = tryMap(ctx, table, pick);
    if (range !== null) ranges.push(range);
  }
  if (ranges.length < options.maps) {
    throw new OptionError('maps', `a number that fits (${ranges.length} did)`, options.maps);
  }
  const { ttbr, prrr, nmrr } = table.registers;
  return {
    ttbr0: hex(ttbr),
    prrr: hex(prrr),
    nmrr: hex(nmrr),
    memory: tablesOf(table),
    expect: expectations(ctx, table, ranges, pick),
  };
}

/** One random range: `null` when it meets another. */
function tryMap(ctx: Context, table: V7sPgtable, pick: (below: number) => number): Range | null {
  const size = SIZES[pick(4)]!;
  const count = 1 + pick(size < 0x100000 ? 24 : 3);
  const bytes = size * count;
  const place = (): number => Math.floor((pick(SPACE / 0x1000) * 0x1000) / size) * size;
  // Some at the very end of the space.
  const iova = pick(16) === 0 ? SPACE - bytes : place();
  const pa = place();
  if (iova + bytes > SPACE || pa + bytes > SPACE) return null;
  const prot = (1 + pick(3)) | (pick(16) << 2);
  if (mapPages(ctx, table, iova, pa, size, count, prot, GFP_KERNEL) !== 0) return null;
  return { iova, bytes, pa, write: (prot & Prot.WRITE) !== 0 };
}

function expectations(
  ctx: Context,
  table: V7sPgtable,
  ranges: readonly Range[],
  pick: (below: number) => number,
): TableImage['expect'] {
  const asked = new Set<number>([0, SPACE - 1]);
  for (const { iova, bytes } of ranges) {
    for (const at of [iova - 1, iova, iova + 1, iova + bytes - 1, iova + bytes]) asked.add(at);
    for (let i = 0; i < 4; i++) asked.add(iova + pick(bytes));
  }
  for (let i = 0; i < ranges.length; i++) asked.add(pick(SPACE));
  const inSpace = [...asked].filter((at) => at >= 0 && at < SPACE).sort((a, b) => a - b);
  return inSpace.map((at) => {
    const range = ranges.find(({ iova, bytes }) => at >= iova && at < iova + bytes);
    const pa = range === undefined ? null : range.pa + (at - range.iova);
    if (iovaToPhys(ctx, table, at) !== pa) throw new Error(`the page table disagrees at ${hex(at)}`);
    return { iova: hex(at), pa: pa === null ? null : hex(pa), write: range?.write ?? false };
  });
}

const block = (addr: number, all: number[]): TableImage['memory'][number] => ({
  addr: hex(addr),
  words: all.map(hex),
});

/** The words of the level 1 table and of every level 2 table. */
function tablesOf(table: V7sPgtable): TableImage['memory'] {
  const words = (addr: number, count: number): number[] =>
    Array.from({ length: count }, (_, i) => table.memory.read32(addr + i * 4));
  const first = words(table.l1Addr, table.l1Entries);
  const tables = first.filter((entry) => (entry & 3) === 1).map((entry) => table.tableAddr(entry));
  return [block(table.l1Addr, first), ...tables.map((addr) => block(addr, words(addr, 256)))];
}
