import { PhysicalMemory } from '@mm/memory';
import { KernelLog, OptionError, checkInstance, checkInteger, checkObject, checkText } from '@mm/printk';
import { type Cell, CellSpace } from '@mm/steps';

import {
  NMRR,
  PAGE_SIZES,
  PRRR,
  Quirk,
  type TlbCallbacks,
  type V7sBehaviour,
  type V7sConfig,
  type V7sRegisters,
  type V7sSeries,
  checkConfig,
  refusesConfig,
  ttbrOf,
} from './config.js';
import { entryToCont, mtkBits, mtkHigh, protToEntry } from './descriptors.js';
import { type TableGfp, tableGfp } from './table-gfp.js';
import type { TableSource } from './table-source.js';

/** What a page table is made over. */
export interface V7sParts {
  readonly memory: PhysicalMemory;
  readonly source: TableSource;
  readonly log: KernelLog;
  readonly cells: CellSpace;
}

const KINDS: readonly TableSource['kind'][] = ['plain', 'page', 'page-frag', 'genalloc', 'slab'];

/** @throws OptionError for what a part is not. */
export function checkParts(parts: V7sParts): void {
  checkObject('parts', parts, 'an object with memory, source, log and cells');
  checkInstance('memory', parts.memory, PhysicalMemory);
  checkInstance('log', parts.log, KernelLog);
  checkInstance('cells', parts.cells, CellSpace);
  checkObject('source', parts.source, 'a source of tables');
  if (!KINDS.includes(parts.source.kind))
    throw new OptionError('source.kind', `one of ${KINDS.join(', ')}`, parts.source.kind);
}

/** Cells that entries share: entry i of a level has cell i mod this. */
export const ENTRY_CELLS = 256;

/** The first of the cells of a level's entries. */
export const entryCell = (table: V7sPgtable, level: number): Cell =>
  level === 1 ? table.l1Cell : table.l2Cell;

/**
 * A page table: its configuration, and where its level 1 table lies. The entries themselves are words in
 * memory.
 *
 *   an IOVA is mapped ⇔ its level 1 entry is a block, or a table whose level 2 entry is valid
 *   tables alive = level 1 entries of type table, + 1
 *
 * Made by `allocPgtable`.
 * @example
 * table.ttbr.toString(16);
 */
export class V7sPgtable {
  readonly memory: PhysicalMemory;
  readonly source: TableSource;
  readonly log: KernelLog;
  readonly behaviour: V7sBehaviour;
  readonly series: V7sSeries;
  readonly quirks: number;
  readonly ias: number;
  readonly oas: number;
  /** The sizes asked for that the format has. */
  readonly pgsizeBitmap: number;
  readonly coherentWalk: boolean;
  readonly deviceMaskBits: number | null;
  readonly tlb: TlbCallbacks | null;
  readonly gfp: TableGfp;
  readonly mtk: boolean;
  readonly ttbrExt: boolean;
  /** A table descriptor holds its address as it stands: blocks and translations of `corrected` can go the short way. */
  readonly shortBlocks: boolean;
  /** The same, and 4 KiB pages are mapped: in that `linux-6.1` and `corrected` do not differ. */
  readonly shortPages: boolean;
  /** Sizes of blocks that go the short way: sections and supersections of `corrected`, where both addresses have room for one. */
  readonly blockSizes: number;
  /** 4 KiB pages of IOVA, and of physical addresses, where they have 32 bits at most. */
  readonly iovaPages: number;
  readonly paPages: number;
  /** First address behind what an IOVA, or a physical address, may be. */
  readonly iovaEnd: number;
  readonly paEnd: number;
  readonly l1Entries: number;
  readonly l1Mask: number;
  /** Physical address of the level 1 table. */
  l1Addr = 0;
  /** WARN_ONs so far. */
  warnings = 0;
  /** The bits of a leaf by prot (0..63): level 1 single, level 1 group, level 2 single, level 2 group. */
  readonly leafBits = new Int32Array(256);
  /** Buffers of 16 entries for unmap, so that it allocates none. */
  readonly spare: Int32Array[] = [];

  readonly l1Cell: Cell;
  readonly l2Cell: Cell;
  readonly splitLockCell: Cell;

  // The level 1 table's words; stale when the memory has been restored from a snapshot.
  #words: Int32Array = new Int32Array(0);
  #chunks: unknown = null;
  l1Base = 0;

  /** @throws OptionError for a malformed configuration, one that no kernel makes a table for, and what a part is not. */
  constructor(config: V7sConfig, parts: V7sParts) {
    checkConfig(config);
    checkParts(parts);
    if (refusesConfig(config))
      throw new OptionError('config', 'one that this kernel makes a table for', config);
    this.memory = parts.memory;
    this.source = parts.source;
    this.log = parts.log;
    this.behaviour = config.behaviour ?? 'corrected';
    this.series = config.series ?? 'merged';
    this.quirks = config.quirks ?? 0;
    this.ias = config.ias;
    this.oas = config.oas;
    this.pgsizeBitmap = config.pgsizeBitmap & PAGE_SIZES;
    this.coherentWalk = config.coherentWalk ?? true;
    this.deviceMaskBits = config.deviceMaskBits ?? null;
    this.tlb = config.tlb ?? null;
    this.gfp = tableGfp(this.series, this.quirks, config.zoneDma32 ?? true);
    this.mtk = (this.quirks & Quirk.ARM_MTK_EXT) !== 0;
    this.ttbrExt = (this.quirks & Quirk.ARM_MTK_TTBR_EXT) !== 0;
    const plain = !this.mtk && this.series !== '4.15';
    this.shortBlocks = plain && this.behaviour === 'corrected';
    this.shortPages = plain && (this.pgsizeBitmap & 0x1000) !== 0;
    this.iovaPages = Math.floor(2 ** (config.ias - 12));
    this.paPages = Math.floor(2 ** (config.oas - 12));
    const pages = Math.min(this.iovaPages, this.paPages);
    const room = pages >= 4096 ? 0x1100000 : pages >= 256 ? 0x100000 : 0;
    this.blockSizes = this.shortBlocks ? this.pgsizeBitmap & room : 0;
    this.iovaEnd = 2 ** config.ias;
    this.paEnd = 2 ** config.oas;
    this.l1Entries = 2 ** (config.ias - 20);
    this.l1Mask = this.l1Entries - 1;
    for (let prot = 0; prot < 64; prot++) {
      for (const level of [1, 2]) {
        const entry = protToEntry(prot, level, this.quirks);
        this.leafBits[(level - 1) * 128 + prot] = entry;
        this.leafBits[(level - 1) * 128 + 64 + prot] = entryToCont(entry, level);
      }
    }
    this.l1Cell = parts.cells.claim('v7s.l1', ENTRY_CELLS);
    this.l2Cell = parts.cells.claim('v7s.l2', ENTRY_CELLS);
    this.splitLockCell = parts.cells.claim('v7s.split_lock');
  }

  /** Bytes of the level 1 table. */
  get l1Bytes(): number {
    return this.l1Entries * 4;
  }

  /** The registers for the hardware. */
  get registers(): V7sRegisters {
    return { ttbr: ttbrOf(this.l1Addr, this.mtk, this.coherentWalk), tcr: 0, prrr: PRRR, nmrr: NMRR };
  }

  /** Sets where the level 1 table lies. @throws OptionError for what is no address of a page in memory. */
  placeL1(addr: number): void {
    checkInteger('addr', addr, 0, Number.MAX_SAFE_INTEGER);
    this.memory.read32(addr);
    this.l1Addr = addr;
    const pfn = Math.floor(addr / 4096);
    this.l1Base = this.memory.wordIndexOf(pfn);
    this.#chunks = null;
  }

  /** The words that hold the level 1 table; entry i is at `l1Base + i`. At most 64 KiB, aligned: one array. */
  l1Words(): Int32Array {
    return this.#chunks === this.memory.chunks ? this.#words : this.#findWords();
  }

  #findWords(): Int32Array {
    this.#words = this.memory.wordsOf(Math.floor(this.l1Addr / 4096));
    this.#chunks = this.memory.chunks;
    return this.#words;
  }

  /** The page frame that a table descriptor points into. */
  tablePfn(entry: number): number {
    return this.mtk ? (entry >>> 12) + (mtkHigh(entry) << 20) : entry >>> 12;
  }

  /** The physical address that a table descriptor holds. */
  tableAddr(entry: number): number {
    return this.tablePfn(entry) * 4096 + (entry & 0xc00);
  }

  /** The address bits of a leaf at `level` for physical address `pa`. @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c paddr_to_iopte */
  leafAddrBits(pa: number, level: number): number {
    const bits = level === 1 ? pa & 0xfff00000 : pa & 0xfffff000;
    return this.mtk ? bits | mtkBits(pa) : bits;
  }

  /** A WARN_ON that fired, at a place such as `file.c:454 function`. @throws OptionError for what is no text. */
  warn(place: string): void {
    checkText('place', place);
    this.warnings++;
    this.log.warn(place);
  }

  flushWalk(iova: number, size: number, granule: number): void {
    const { tlb } = this;
    if (tlb !== null && tlb.flushWalk !== undefined) tlb.flushWalk(iova, size, granule);
  }
}
