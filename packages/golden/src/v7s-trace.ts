import {
  ArenaTableSource,
  type TlbCallbacks,
  type V7sPgtable,
  allocPgtable,
  freePgtable,
  iovaToPhys,
  mapPages,
  unmapPages,
} from '@iommu/v7s-pgtable';
import { PhysicalMemory } from '@mm/memory';
import { checkArray, checkFunction, checkObject, KernelLog } from '@mm/printk';
import { CellSpace, Context } from '@mm/steps';

import type { Mismatch } from './mismatch.js';
import type { V7sCase, V7sFlush, V7sMapOp, V7sOp, V7sUnmapOp } from './v7s-trace-schema.js';
import { expandDump, readTables } from './v7s-trace-tables.js';

const GIB = 2 ** 30;
const TTBR_EXT = 0x10;
const GFP = { kernel: 0xcc0, atomic: 0xa20, nowait: 0x800 };

const hex = (value: number): string => `0x${value.toString(16)}`;
const address = (text: string): number | bigint => {
  const value = BigInt(text);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
};

/** The callbacks as they are recorded: runs of the same page flush are one element. */
class FlushRecord {
  readonly calls: V7sFlush[] = [];
  #run: { iova: number; granule: number; count: number } | null = null;

  page(iova: number, granule: number): void {
    const run = this.#run;
    if (run !== null && run.granule === granule && iova === run.iova + run.count * granule) run.count++;
    else {
      this.#close();
      this.#run = { iova, granule, count: 1 };
    }
  }

  add(flush: V7sFlush): void {
    this.#close();
    this.calls.push(flush);
  }

  #close(): void {
    if (this.#run !== null)
      this.calls.push(['page', hex(this.#run.iova), this.#run.granule, this.#run.count]);
    this.#run = null;
  }

  take(): V7sFlush[] {
    this.#close();
    return this.calls.splice(0);
  }
}

function callbacks(kind: V7sCase['cfg']['tlb'], record: FlushRecord): TlbCallbacks | null {
  if (kind === 'null') return null;
  const two: TlbCallbacks = {
    flushAll: () => record.add(['all']),
    flushWalk: (iova, size, granule) => record.add(['walk', hex(iova), size, granule]),
  };
  if (kind === 'no-add-page') return two;
  return { ...two, addPage: (_gather, iova, granule) => record.page(iova, granule) };
}

/**
 * Where the recording machine's ordinary memory began: 4 GiB; in the repeated cases -v1 and -v2 12 and 16.
 * It is part of the input, and stands in the name alone where no table was made.
 */
function normalStart(recorded: V7sCase): number {
  if (recorded.name.endsWith('-v1')) return 12 * GIB;
  if (recorded.name.endsWith('-v2')) return 16 * GIB;
  return 4 * GIB;
}

/** Told of each translation of a recording that is played. */
export type V7sTranslated = (table: V7sPgtable, iova: number | bigint, pa: number | null) => void;

interface Playing {
  readonly translated: V7sTranslated | undefined;
  readonly ctx: Context;
  readonly table: V7sPgtable;
  readonly source: ArenaTableSource;
  readonly flushes: FlushRecord;
  /** Ordinals of tables alive by slot, and by what the descriptor was. */
  readonly ordinals: Map<number, number>;
  readonly descriptors: Map<number, number>;
  next: number;
}

/**
 * Plays one case of a `v7s-trace` recording, behaviour `linux-6.1`. Input: `cfg`, the operations with their arguments,
 * `l2_limit`, and the place of ordinary memory (`-v1`, `-v2`). Expectation: everything else: `out`, results,
 * warnings, flushes, tables made and freed, every word of every table. Of a table's address only its zone is compared.
 *
 * @param translated told of each translation: what was asked, and the physical address or null, with the tables as they stand.
 * @throws OptionError for what is no case; its inner parts are checked by `checkCases`.
 * @example
 * playV7sCase(recorded, (table, iova, pa) => console.log(table.ias, iova, pa));
 */
export function playV7sCase(recorded: V7sCase, translated?: V7sTranslated): Mismatch | null {
  checkObject('recorded', recorded, 'a case of a v7s-trace recording');
  if (translated !== undefined) checkFunction('translated', translated);
  const cfg = checkObject('recorded.cfg', recorded.cfg, 'the configuration of a table');
  for (const [i, op] of checkArray('recorded.ops', recorded.ops, 'operations').entries())
    checkObject(`recorded.ops[${i}]`, op, 'an operation');
  const quirks = Number(cfg.quirks);
  const start = normalStart(recorded);
  const memory = new PhysicalMemory([
    { startPfn: 0x40000, endPfn: 0x50000 },
    { startPfn: start / 4096, endPfn: (start + GIB) / 4096 },
  ]);
  const source = new ArenaTableSource(
    memory,
    { start: GIB, end: GIB + 0x10000000 },
    { start, end: start + GIB },
    (quirks & TTBR_EXT) !== 0,
  );
  const flushes = new FlushRecord();
  const ctx = new Context();
  const table = allocPgtable(
    ctx,
    {
      ias: cfg.ias,
      oas: cfg.oas,
      pgsizeBitmap: Number(cfg.pgsize_bitmap),
      quirks,
      coherentWalk: cfg.coherent_walk,
      tlb: callbacks(cfg.tlb, flushes),
      behaviour: 'linux-6.1',
      ...(cfg.device_mask_bits === undefined ? {} : { deviceMaskBits: cfg.device_mask_bits }),
    },
    { memory, source, log: new KernelLog(), cells: new CellSpace() },
  );
  const made = compare('out', recorded.out, table === null ? null : outOf(table));
  if (made !== null || table === null) return made;
  const playing: Playing = {
    translated,
    ctx,
    table,
    source,
    flushes,
    ordinals: new Map(),
    descriptors: new Map(),
    next: 1,
  };
  for (const [i, op] of recorded.ops.entries()) {
    const mismatch = playOp(playing, op, `ops[${i}]`);
    if (mismatch !== null) return mismatch;
  }
  const end = compareTables(playing, { l1: [], l2: [], ...recorded.final }, 'final');
  if (end !== null) return end;
  freePgtable(ctx, table);
  if (source.l2Alive !== 0) return { path: 'tables alive', expected: 0, actual: source.l2Alive };
  return compare('free_flush', recorded.free_flush ?? [], flushes.take());
}

function outOf(table: V7sPgtable): V7sCase['out'] {
  const { ttbr, tcr, nmrr, prrr } = table.registers;
  const high = Math.floor(table.l1Addr / 2 ** 32);
  return {
    pgsize_bitmap: hex(table.pgsizeBitmap),
    ttbr_attr: hex(((ttbr ^ table.l1Addr) & 0xfff) >>> 0),
    tcr: hex(tcr),
    nmrr: hex(nmrr),
    prrr: hex(prrr),
    l1_entries: table.l1Entries,
    l1_zone: high === 0 ? 'DMA32' : 'Normal',
    ...(high === 0 ? {} : { l1_hi: high }),
  };
}

function playOp(playing: Playing, op: V7sOp, path: string): Mismatch | null {
  const { ctx, table, source } = playing;
  switch (op.op) {
    case 'l2_limit':
      source.l2Left = op.free;
      return null;
    case 'iova_to_phys': {
      const iova = address(op.iova);
      const pa = iovaToPhys(ctx, table, iova);
      playing.translated?.(table, iova, pa);
      return compare(`${path} iova_to_phys`, op.pa, hex(pa ?? 0));
    }
    case 'dump':
      return compareTables(playing, op, path);
    case 'map':
      return compare(`${path} map`, effectsOf(op), playMap(playing, op));
    case 'unmap':
      return compare(`${path} unmap`, effectsOf(op), playUnmap(playing, op));
  }
}

const effectsOf = (op: V7sMapOp | V7sUnmapOp): unknown => ({
  ret: op.ret,
  mapped: 'mapped' in op ? op.mapped : undefined,
  warn: op.warn ?? 0,
  flush: op.flush ?? [],
  l2_new: op.l2_new ?? [],
  l2_freed: op.l2_freed ?? [],
});

function playMap(playing: Playing, op: V7sMapOp): unknown {
  const before = playing.table.warnings;
  const mapped = op.via === undefined ? { bytes: 0 } : null;
  const ret = mapPages(
    playing.ctx,
    playing.table,
    address(op.iova),
    address(op.pa),
    op.pgsize,
    op.count,
    op.prot,
    GFP[op.gfp ?? 'kernel'],
    mapped,
  );
  return { ret, mapped: mapped?.bytes, ...effects(playing, before) };
}

function playUnmap(playing: Playing, op: V7sUnmapOp): unknown {
  const before = playing.table.warnings;
  const gather = op.gather === undefined ? null : { queued: op.gather === 'queued' };
  const ret = unmapPages(playing.ctx, playing.table, address(op.iova), op.pgsize, op.count, gather);
  return { ret, mapped: undefined, ...effects(playing, before) };
}

/** Warnings, flushes, and the tables that came and went, in the recordings' form. */
function effects(playing: Playing, warningsBefore: number): object {
  const { table, ordinals, descriptors } = playing;
  const made: [number, number][] = [];
  const gone: number[] = [];
  const words = table.l1Words();
  for (let slot = 0; slot < table.l1Entries; slot++) {
    const entry = words[table.l1Base + slot]!;
    const now = (entry & 3) === 1;
    const old = ordinals.get(slot);
    if (old !== undefined && (!now || descriptors.get(slot) !== entry)) {
      gone.push(old);
      ordinals.delete(slot);
    }
    if (!now || ordinals.has(slot)) continue;
    made.push([playing.next, slot]);
    ordinals.set(slot, playing.next++);
    descriptors.set(slot, entry);
  }
  return {
    warn: table.warnings - warningsBefore,
    flush: playing.flushes.take(),
    l2_new: made,
    l2_freed: gone,
  };
}

function compareTables(
  playing: Playing,
  dump: Parameters<typeof expandDump>[0],
  path: string,
): Mismatch | null {
  const expected = expandDump(dump, playing.table.ttbrExt);
  return compare(path, expected, readTables(playing.table, playing.ordinals));
}

/** The first difference, by path; keys in any order. */
function compare(path: string, expected: unknown, actual: unknown): Mismatch | null {
  if (typeof expected !== 'object' || expected === null || typeof actual !== 'object' || actual === null) {
    return expected === actual ? null : { path, expected, actual };
  }
  const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  for (const key of keys) {
    const found = compare(
      `${path}.${key}`,
      (expected as Record<string, unknown>)[key],
      (actual as Record<string, unknown>)[key],
    );
    if (found !== null) return found;
  }
  return null;
}
