import {
  Prot,
  Quirk,
  type SlabTableSource,
  type TlbCallbacks,
  type V7sBehaviour,
  type V7sPgtable,
  allocPgtable,
  iovaToPhys,
} from '@iommu/v7s-pgtable';
import { allocPages, freePages } from '@mm/buddy';
import type { Machine } from '@mm/machine';
import { HoleError } from '@mm/memory';
import { KernelBug, OptionError } from '@mm/printk';
import { SlabCache, walkSlab } from '@mm/slab';
import { headSlotOf, walkSlub } from '@mm/slub';
import { Context } from '@mm/steps';

import { type BuddyWorld, buddyWorld } from '../buddy/buddy-world.js';
import { checkWorldOptions } from '../engine/check-world-options.js';
import { ModelViolation } from '../model-violation.js';
import type { WorldOptions } from '../subsystem.js';
import { beginFaults, withoutFaults } from './v7s-faults.js';
import { WINDOW_PAGES, windowStart } from './v7s-arguments.js';
import { type V7sShape, shapeOf } from './v7s-shapes.js';
import { liveTables, otherPages, tableSource, tablesInUse } from './v7s-tables.js';
import { type ReadWord, type Translation, type WalkOptions, type WalkRegisters, walk } from './walker.js';

/** A page range that an operation works on. Other operations keep off it. */
export interface BusyRange {
  readonly first: number;
  readonly last: number;
}

/** A machine with one page table, and the model of what is mapped. */
export interface V7sWorld {
  readonly machine: Machine;
  readonly table: V7sPgtable;
  readonly shape: V7sShape;
  /** The first IOVA that programs use. */
  readonly start: number;
  /** Pages in use besides blocks that commands took, before the first level 2 table. */
  readonly pagesBefore: number;
  readonly buddy: BuddyWorld;
  /** By page of the window: physical page + 1; 0: not mapped. */
  readonly mapped: Int32Array;
  /** `Prot` bits asked for, by page of the window. */
  readonly prot: Uint8Array;
  readonly busy: BusyRange[];
  /** For checks, which are no steps of a task. */
  readonly ctx: Context;
  readonly registers: WalkRegisters;
  readonly hardware: WalkOptions;
  readonly read: ReadWord;
  /** What the driver was told to flush since no operation was under way. */
  readonly flushed: Array<readonly [from: number, to: number]>;
}

/** Highest address that a device reaches. */
const GiB4 = 2 ** 32;
/** Frames of 8 GiB. */
const ROOM_MAX = 2 ** 21;

/**
 * A booted machine with a page table over one of the sources of tables. Its level 1 table was made while memory above 4 GiB was in use, as on
 * a machine that is lucky, so that programs go on to level 2 tables whatever the series asks for.
 * @example
 * const world = v7sWorld({ preset: 'arm64-2018', behaviour: 'linux-6.1' });
 */
export function v7sWorld(options: WorldOptions): V7sWorld {
  checkWorldOptions(options, 'options');
  const preset = options.preset ?? 'arm64-2018';
  const buddy = buddyWorld({ ...withoutFaults(options), preset });
  const { machine } = buddy;
  const flushed: Array<readonly [number, number]> = [];
  const tlb: TlbCallbacks = {
    addPage: (_gather, iova, granule) => void flushed.push([iova, iova + granule]),
    flushWalk: (iova, size) => void flushed.push([iova, iova + size]),
    flushAll: () => void flushed.push([0, 2 ** 34]),
  };
  const shape = shapeOf(options);
  const anywhere = (shape.quirks & Quirk.ARM_MTK_TTBR_EXT) !== 0;
  const zoneDma32 = machine.preset.config.dma32;
  const source = tableSource(machine, options.tables ?? 'slab', shape.quirks);
  const ctx = new Context();
  // Programs use up all memory, and so does what follows.
  machine.frames.makeRoom(Math.min(framesOf(machine), ROOM_MAX));
  const high = anywhere ? [] : takeHighBlocks(machine);
  const config = {
    ...shape,
    tlb,
    series: machine.series,
    behaviour: (options.behaviour ?? 'corrected') satisfies V7sBehaviour,
    zoneDma32,
  };
  const { memory, log, cells } = machine;
  const table = allocPgtable(ctx, config, { memory, log, cells, source });
  for (const [pfn, order] of high) freePages(ctx, machine.pages, pfn, order);
  beginFaults(machine, options);
  if (table === null) throw new OptionError('preset', 'a machine with memory below 4 GiB', preset);
  return {
    machine,
    table,
    shape,
    start: windowStart(shape),
    pagesBefore: otherPages(machine, buddy.model.held),
    buddy,
    mapped: new Int32Array(WINDOW_PAGES),
    prot: new Uint8Array(WINDOW_PAGES),
    busy: [],
    ctx,
    registers: { ttbr0: table.registers.ttbr, prrr: table.registers.prrr, nmrr: table.registers.nmrr },
    hardware: {
      mediatek: (shape.quirks & Quirk.ARM_MTK_EXT) !== 0,
      highTables: anywhere,
      noPermissions: (shape.quirks & Quirk.NO_PERMS) !== 0,
      inputBits: shape.ias,
    },
    read: (addr) => (memory.map.has(Math.floor(addr / 4096)) ? memory.read32(addr) : null),
    flushed,
  };
}

const framesOf = ({ zones }: Machine): number =>
  zones.indices().reduce((frames, zone) => frames + zones.spanned[zone]!, 0);

/** All blocks above 4 GiB that could hold a level 1 table: of order 2 and more. Their pages and orders. */
function takeHighBlocks({ pages }: Machine): Array<readonly [pfn: number, order: number]> {
  const ctx = new Context();
  const taken: Array<readonly [number, number]> = [];
  for (let order = 10; order >= 2; order--)
    for (;;) {
      const pfn = allocPages(ctx, pages, 0x2800, order);
      if (pfn === null) break;
      taken.push([pfn, order]);
      if (pfn * 4096 < GiB4) {
        taken.pop();
        freePages(ctx, pages, pfn, order);
        break;
      }
    }
  return taken;
}

/**
 * Whether a translation of the page is as the model says, by the package and by the walker.
 * @param gained the invariant that breaks when there is a translation and should be none.
 * @throws ModelViolation
 */
export function checkPage(world: V7sWorld, page: number, invariant: string, gained = invariant): void {
  const { table, mapped, ctx, registers, read, hardware } = world;
  const iova = world.start + page * 4096 + 0x123;
  const wanted = mapped[page] === 0 ? null : (mapped[page]! - 1) * 4096 + 0x123;
  let answer: number | null;
  try {
    answer = iovaToPhys(ctx, table, iova);
  } catch (error) {
    throw cutAddress(error);
  }
  if (answer !== wanted)
    throw new ModelViolation(
      wanted === null ? gained : invariant,
      `iova ${hex(iova)}: ${hex(answer)}, mapped to ${hex(wanted)}`,
    );
  const found = walk(read, registers, iova, hardware);
  const walked = found.ok ? found.translation.pa : null;
  if (walked !== wanted)
    throw new ModelViolation(
      'a walk over memory finds what is mapped',
      `iova ${hex(iova)}: ${hex(walked)}, mapped to ${hex(wanted)}`,
    );
  if (found.ok) checkRights(world, found.translation, world.prot[page]!, iova);
}

/** Whether a translation allows and is what was asked for. Without permissions everything is allowed. @throws ModelViolation */
function checkRights({ shape }: V7sWorld, found: Translation, prot: number, iova: number): void {
  const asked = (bit: number): boolean => (prot & bit) !== 0;
  const permissions = (shape.quirks & Quirk.NO_PERMS) === 0;
  const write = asked(Prot.WRITE) || !permissions;
  const user = !asked(Prot.PRIV) || !permissions;
  const { privileged, executeNever } = found;
  if (
    !privileged.read ||
    privileged.write !== write ||
    found.user.read !== user ||
    found.user.write !== (user && write) ||
    executeNever !== (asked(Prot.NOEXEC) && permissions)
  )
    throw new ModelViolation(
      'a walk finds the rights that were asked for',
      `iova ${hex(iova)}, prot ${prot}`,
    );
  const kind = asked(Prot.MMIO) ? 'device' : 'normal';
  if (
    found.memory !== kind ||
    found.global ||
    !found.shareable ||
    found.nonSecure !== ((shape.quirks & Quirk.ARM_NS) !== 0)
  )
    throw new ModelViolation(
      'a walk finds the kind of memory that was asked for',
      `iova ${hex(iova)}, prot ${prot}: ${found.memory}, ${found.nonSecure ? 'non-secure' : 'secure'}`,
    );
}

/** An access through a table's address that is no table is a violation; other errors stay what they are. */
export function cutAddress(error: unknown): unknown {
  const cut =
    error instanceof HoleError || (error instanceof KernelBug && error.message.includes('table walk'));
  return cut ? new ModelViolation(WHOLE_ADDRESS, error.message) : error;
}

const WHOLE_ADDRESS = 'a descriptor holds the whole address of its table';

/** Checks the pages around a range: of the whole 16 MiB that it touches, one in `stride`, and its ends. */
export function checkAround(
  world: V7sWorld,
  first: number,
  last: number,
  stride: number,
  invariant: string,
  gained = invariant,
): void {
  const from = Math.max(0, first & ~4095);
  const to = Math.min(WINDOW_PAGES - 1, last | 4095);
  for (let page = from + (first % stride); page <= to; page += stride)
    if (!isBusy(world, page)) checkPage(world, page, invariant, gained);
  for (const page of [first - 1, first, last, last + 1])
    if (page >= 0 && page < WINDOW_PAGES && !isBusy(world, page)) checkPage(world, page, invariant, gained);
}

/** Whether another operation works on the page now. */
export const isBusy = (world: V7sWorld, page: number): boolean =>
  world.busy.some(({ first, last }) => page >= first && page <= last);

/** One page in three of the window, every table: where it lies, and that none is lost. @throws ModelViolation */
export function checkV7sWhole(world: V7sWorld): void {
  const { machine, table } = world;
  const { source } = table;
  const { frames } = machine;
  const seen = new Set<number>();
  const used = tablesInUse(machine, table);
  for (const address of used) {
    if (seen.has(address)) throw new ModelViolation('no page has two owners', `table ${hex(address)}`);
    seen.add(address);
    if (source.kind !== 'slab') continue;
    if (frames.owner0[headSlotOf(frames, Math.floor(address / 4096))] !== source.cache.id)
      throw new ModelViolation(WHOLE_ADDRESS, `${hex(address)} is no table`);
  }
  const { live, wrong } = liveTables(machine, table, used, world.pagesBefore, world.buddy.model.held);
  if (wrong.length > 0)
    throw new ModelViolation('the structures of the source of tables agree with each other', wrong[0]!);
  if (live !== used.length)
    throw new ModelViolation('no table is lost', `${live} are allocated, ${used.length} are in use`);
  for (let page = 0; page < WINDOW_PAGES; page += 3)
    checkPage(world, page, 'a translation leads where the map says');
}

const hex = (value: number | null): string => (value === null ? 'nothing' : `0x${value.toString(16)}`);

const walkOf = ({ cache }: SlabTableSource): { slabs: number } =>
  cache instanceof SlabCache ? walkSlab(cache) : walkSlub(cache);

/** The state in words: what is mapped, and the tables that it takes. */
export function describeV7s({
  machine,
  table,
  pagesBefore,
  mapped,
  buddy,
}: V7sWorld): Record<string, number> {
  const used = tablesInUse(machine, table);
  let sections = 0;
  for (let entry = 0; entry < table.l1Entries; entry++)
    if ((machine.memory.read32(table.l1Addr + entry * 4) & 3) === 2) sections++;
  const { source } = table;
  const { live } = liveTables(machine, table, used, pagesBefore, buddy.model.held);
  const slabs = source.kind === 'slab' ? walkOf(source).slabs : 0;
  return {
    'pages mapped': mapped.reduce((sum, page) => sum + (page === 0 ? 0 : 1), 0),
    'L1 entries that are tables': used.length,
    'L1 entries that are sections': sections,
    'tables allocated': live,
    'slabs of tables': slabs,
    'blocks held': buddy.model.live.length,
  };
}
