import type { V7sPgtable } from '@iommu/v7s-pgtable';
import type { PhysicalMemory } from '@mm/memory';

import type { V7sDump, V7sEntries } from './v7s-trace-schema.js';

/** Descriptor bits that stand for address bits 32..34 of a table, by ARM_MTK_TTBR_EXT. */
const TTBR_EXT_BITS = 0x230;

const HIGH = 2 ** 32;
const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

/** All entries of a table as words, unsigned. */
function wordsAt(memory: PhysicalMemory, addr: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => memory.read32(addr + i * 4));
}

/** Where the table of a level 1 descriptor lies. */
function tableAddr(entry: number, mtk: boolean): number {
  const high = mtk ? ((entry >>> 9) & 1) + ((entry >>> 4) & 1) * 2 + ((entry >>> 5) & 1) * 4 : 0;
  return (entry & 0xfffffc00) + (entry & 0x80000000 ? HIGH : 0) + high * HIGH;
}

/** What is to be compared with a recorded dump, brought into the form of {@link expandDump}. */
export interface TableWords {
  /** Non-zero level 1 entries that point to no table: slot → value. */
  readonly l1: Record<number, string>;
  /** By slot. */
  readonly l2: Record<number, { table: number; attr: string; zone: string; entries: Record<number, string> }>;
}

/** The tables in memory; `ordinals` numbers them by slot. */
export function readTables(table: V7sPgtable, ordinals: ReadonlyMap<number, number>): TableWords {
  const found: TableWords = { l1: {}, l2: {} };
  const { memory } = table;
  for (const [slot, entry] of wordsAt(memory, table.l1Addr, table.l1Entries).entries()) {
    if ((entry & 3) !== 1) {
      if (entry !== 0) found.l1[slot] = hex(entry);
      continue;
    }
    const addr = tableAddr(entry, table.mtk);
    const entries: Record<number, string> = {};
    for (const [i, word] of wordsAt(memory, addr, 256).entries()) if (word !== 0) entries[i] = hex(word);
    found.l2[slot] = {
      table: ordinals.get(slot) ?? 0,
      attr: hex(entry & 0x3ff & ~(table.ttbrExt ? TTBR_EXT_BITS : 0)),
      zone: addr >= HIGH ? 'Normal' : 'DMA32',
      entries,
    };
  }
  return found;
}

/** A recorded dump with its runs expanded. The table's own address bits are the machine's, and left out. */
export function expandDump(dump: V7sDump, ttbrExt: boolean): TableWords {
  const l2: TableWords['l2'] = {};
  for (const recorded of dump.l2) {
    l2[recorded.slot] = {
      table: recorded.table,
      attr: hex(Number(recorded.attr) & ~(ttbrExt ? TTBR_EXT_BITS : 0)),
      zone: recorded.zone ?? 'DMA32',
      entries: expand(recorded.entries),
    };
  }
  return { l1: expand(dump.l1), l2 };
}

function expand(runs: readonly V7sEntries[]): Record<number, string> {
  const all: Record<number, string> = {};
  for (const [index, value, count = 1, step = '0x0'] of runs) {
    for (let k = 0; k < count; k++) {
      const word = (Number(value) + k * Number(step)) % HIGH;
      all[index + k] = hex(word);
    }
  }
  return all;
}
