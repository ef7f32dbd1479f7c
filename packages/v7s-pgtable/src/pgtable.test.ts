import { PhysicalMemory } from '@mm/memory';
import { KernelBug, KernelLog } from '@mm/printk';
import { CellSpace, Context, runToEnd } from '@mm/steps';
import { describe, expect, test } from 'vitest';

import {
  ArenaTableSource,
  Quirk,
  type V7sConfig,
  type V7sPgtable,
  allocPgtable,
  freePgtable,
  iovaToPhys,
  mapPages,
  unmapPages,
} from './index.js';
import { mapPages as mapPagesStepped } from './stepped/index.js';

const GFP_KERNEL = 0xcc0;
const MIB = 0x100000;
const ctx = new Context();

interface Made {
  readonly table: V7sPgtable;
  readonly source: ArenaTableSource;
  readonly log: KernelLog;
}

function make(changes: Partial<V7sConfig> = {}, low = 0x40000000): Made {
  const startPfn = low / 4096;
  const memory = new PhysicalMemory([
    { startPfn: 0x40000, endPfn: 0x41000 },
    ...(low === 0x40000000 ? [] : [{ startPfn, endPfn: startPfn + 0x1000 }]),
  ]);
  const source = new ArenaTableSource(
    memory,
    { start: 0x40000000, end: 0x41000000 },
    { start: low, end: low + 0x1000000 },
    low !== 0x40000000,
  );
  const log = new KernelLog();
  const config = { ias: 32, oas: 32, pgsizeBitmap: 0x1111000, ...changes };
  return { table: allocPgtable(ctx, config, { memory, source, log, cells: new CellSpace() })!, source, log };
}

const map = (
  table: V7sPgtable,
  iova: number,
  pa: number,
  size: number,
  count = 1,
  mapped = { bytes: 0 },
): number => mapPages(ctx, table, iova, pa, size, count, 3, GFP_KERNEL, mapped);

describe('the live bugs of Linux 6.1, and their correction', () => {
  test('L1: a split section keeps its physical address', () => {
    for (const [behaviour, pa] of [
      ['linux-6.1', 0x5000],
      ['corrected', 0x80005000],
    ] as const) {
      const { table } = make({ behaviour });
      map(table, 0x10000000, 0x80000000, MIB);
      expect(unmapPages(ctx, table, 0x10000000, 0x1000, 1)).toBe(0x1000);
      expect(iovaToPhys(ctx, table, 0x10005000)).toBe(pa);
    }
  });

  test('L2: a page of a supersection is unmapped with the first call', () => {
    for (const [behaviour, bytes] of [
      ['linux-6.1', 0],
      ['corrected', 0x1000],
    ] as const) {
      const { table } = make({ behaviour });
      map(table, 0x10000000, 0x80000000, 16 * MIB);
      expect(unmapPages(ctx, table, 0x10800000, 0x1000, 1)).toBe(bytes);
    }
  });

  test('L3: a section does not take the place of small mappings', () => {
    for (const [behaviour, ret, pa] of [
      ['linux-6.1', 0, 0x90001000],
      ['corrected', -17, 0x80000000],
    ] as const) {
      const { table } = make({ behaviour });
      map(table, 0x10001000, 0x80000000, 0x1000);
      expect(map(table, 0x10000000, 0x90000000, MIB)).toBe(ret);
      expect(iovaToPhys(ctx, table, 0x10001000)).toBe(pa);
    }
  });

  test('L4: a supersection that is refused frees nothing', () => {
    for (const [behaviour, alive] of [
      ['linux-6.1', 0],
      ['corrected', 1],
    ] as const) {
      const { table, source } = make({ behaviour });
      map(table, 0x10000000, 0x80000000, 0x1000);
      map(table, 0x10100000, 0x80100000, MIB);
      expect(map(table, 0x10000000, 0x90000000, 16 * MIB)).toBe(-17);
      expect(source.l2Alive).toBe(alive);
    }
  });

  test('L5: a size that the table does not have makes no table, and ends', () => {
    const linux = make({ behaviour: 'linux-6.1' });
    expect(map(linux.table, 0x10000000, 0x80000000, 0x800)).toBe(-22);
    expect(linux.source.l2Alive).toBe(1);
    map(linux.table, 0x20000000, 0x80000000, MIB);
    expect(() => unmapPages(ctx, linux.table, 0x20000000, 0x800, 1)).toThrow(KernelBug);
    const { table, source } = make({ pgsizeBitmap: 0x101000 });
    expect(map(table, 0x10000000, 0x80000000, 0x800)).toBe(-22);
    expect(map(table, 0x10000000, 0x80000000, 0x10000)).toBe(-22);
    expect(source.l2Alive).toBe(0);
  });

  test('L6: all of a range is checked, and a translation beyond the space is none', () => {
    const end = 2 ** 32 - 0x1000;
    for (const [behaviour, ret, pa] of [
      ['linux-6.1', 0, 0x5000],
      ['corrected', -34, null],
    ] as const) {
      const { table } = make({ behaviour });
      expect(map(table, end, 0, 0x1000, 2)).toBe(ret);
      // Linux has mapped the first page by now, as its tables wrap around.
      unmapPages(ctx, table, 0, 0x1000, 1);
      expect(map(table, 0, 0x5000, 0x1000)).toBe(0);
      expect(iovaToPhys(ctx, table, 2 ** 32)).toBe(pa);
    }
  });
});

const l2 = (config: Partial<V7sConfig>): number => make(config).table.gfp.l2;
const slab = (config: Partial<V7sConfig>): number => make(config).table.gfp.slabFlags;

describe('by series', () => {
  const high = 2 ** 32;

  test('4.15 cuts the address of a table, and the walk goes astray', () => {
    const { table, source } = make({ series: '4.15', behaviour: 'linux-6.1' }, high);
    expect(map(table, 0, 0x80000000, 0x1000)).toBe(0);
    expect(source.l2Alive).toBe(1);
    expect(() => iovaToPhys(ctx, table, 0)).toThrow(KernelBug);
  });

  test('none refuses a table above 4 GiB without a word, v4 and merged name its address', () => {
    for (const [series, lines] of [
      ['none', 0],
      ['v4', 1],
      ['merged', 1],
    ] as const) {
      const { table, source, log } = make({ series }, high);
      expect(map(table, 0, 0x80000000, 0x1000)).toBe(-12);
      expect(source.l2Alive).toBe(0);
      expect(log.dmesg()).toHaveLength(lines);
    }
  });

  test('flags: DMA before the series, DMA32 where it is configured after, none under MTK_TTBR_EXT', () => {
    expect([l2({ series: 'none' }), slab({ series: 'none' })]).toEqual([1, 0x4000]);
    expect([l2({ series: 'v4' }), slab({ series: 'v4' })]).toEqual([4, 0x8000]);
    expect([l2({ series: 'v4', zoneDma32: false }), slab({ zoneDma32: false })]).toEqual([1, 0x4000]);
    expect([l2({}), slab({})]).toEqual([0, 0x8000]);
    const quirks = Quirk.NO_PERMS | Quirk.ARM_MTK_EXT | Quirk.ARM_MTK_TTBR_EXT;
    expect(slab({ quirks })).toBe(0);
  });
});

test('a corrected map without memory for its second table writes nothing', () => {
  const { table, source } = make();
  source.l2Left = 1;
  const mapped = { bytes: 0 };
  expect(map(table, 0x100ff000, 0x80000000, 0x1000, 2, mapped)).toBe(-12);
  expect(mapped.bytes).toBe(0);
  expect(iovaToPhys(ctx, table, 0x100ff000)).toBeNull();
});

test.each([
  ['small pages', 0x1000, 0x1000],
  ['large pages', 0x10000, 0x1000],
])('a map of %s over the 4 GiB line leads to both sides of it', (_, size, stride) => {
  const table = make({ oas: 34, quirks: Quirk.NO_PERMS | Quirk.ARM_MTK_EXT }).table;
  const pa = 0x1_0000_0000 - 2 * size;
  expect(map(table, 0x10000000, pa, size, 4)).toBe(0);
  const offsets = Array.from({ length: (4 * size) / stride }, (__, i) => i * stride + 0x123);
  expect(offsets.map((offset) => iovaToPhys(ctx, table, 0x10000000 + offset))).toEqual(
    offsets.map((offset) => pa + offset),
  );
});

test('two maps in one section, step by step in turn, leave one table and both mappings', () => {
  const { table, source } = make();
  const tasks = [0, 1].map((i) =>
    mapPagesStepped(ctx, table, 0x10000000 + i * 0x1000, 0x80000000 + i * 0x1000, 0x1000, 1, 3, GFP_KERNEL),
  );
  const ended = [false, false];
  while (ended.includes(false)) {
    for (const [i, task] of tasks.entries()) ended[i] = ended[i] === true || task.next(true).done === true;
  }
  expect(source.l2Alive).toBe(1);
  expect([0, 1].map((i) => iovaToPhys(ctx, table, 0x10000000 + i * 0x1000))).toEqual([
    0x80000000, 0x80001000,
  ]);
});

/** What the log says of a warning there. */
const warningAt = (line: string): string[] => [
  '------------[ cut here ]------------',
  `WARNING: CPU: 0 PID: 1 at drivers/iommu/io-pgtable-arm-v7s.c:${line}+0x0/0x0`,
];

describe("linux-6.1 warns and refuses in the kernel's order", () => {
  test('each warning names its line', () => {
    const { table, log } = make({ behaviour: 'linux-6.1' });
    expect(map(table, 2 ** 40, 0, 0x1000)).toBe(-34);
    expect(log.take()).toEqual(warningAt('551 arm_v7s_map_pages'));
    expect(unmapPages(ctx, table, 2 ** 40, 0x1000, 1)).toBe(0);
    expect(log.take()).toEqual(warningAt('751 arm_v7s_unmap_pages'));
    expect(unmapPages(ctx, table, 0, 0x1000, 1)).toBe(0);
    expect(log.take()).toEqual(warningAt('689 __arm_v7s_unmap'));
    expect(map(table, 0, 0, 0x100)).toBe(-22);
    expect(log.take()).toEqual(warningAt('514 __arm_v7s_map'));
    expect(map(table, 0, 0, 0x1000)).toBe(0);
    expect(map(table, 0, 0, 0x1000)).toBe(-17);
    expect(log.take()).toEqual(warningAt('454 arm_v7s_init_pte'));
    expect(unmapPages(ctx, table, 0, 0x100, 1)).toBe(0);
    expect(log.take()).toEqual(warningAt('682 __arm_v7s_unmap'));
    expect(map(table, MIB, 0, MIB)).toBe(0);
    expect(map(table, MIB, 0, 0x1000)).toBe(-17);
    expect(log.take()).toEqual(warningAt('536 __arm_v7s_map'));
    expect(table.warnings).toBe(7);
    expect(log.taintText).toContain('W');
  });

  test('what is not mapped is found before a group is too long or runs over the end of its table', () => {
    const { table } = make({ behaviour: 'linux-6.1' });
    expect(unmapPages(ctx, table, 0, 32 * MIB, 1)).toBe(0);
    expect(unmapPages(ctx, table, 4095 * MIB, 16 * MIB, 1)).toBe(0);
    map(table, 0xff000, 0, 0x1000);
    expect(unmapPages(ctx, table, 0, 0x20000, 1)).toBe(0);
    expect(map(table, 0xff000, 0, 0x10000)).toBe(-17);
    map(table, 4095 * MIB, 0, MIB);
    expect(map(table, 4095 * MIB, 0, 16 * MIB)).toBe(-17);
    expect(() => unmapPages(ctx, table, 0xff000, 0x10000, 1)).toThrow('over the end of its table');
    expect(() => unmapPages(ctx, table, 4095 * MIB, 16 * MIB, 1)).toThrow('over the end of its table');
    map(table, 0, 0, 0x10000);
    map(table, 0x10000, 0, 0x1000);
    expect(() => unmapPages(ctx, table, 0, 0x11000, 1)).toThrow('more than 16 entries');
  });
});

test('the stepped form gives what the erased form gives', () => {
  const { table } = make();
  expect(runToEnd(ctx, mapPagesStepped(ctx, table, 0, 0x80000000, 0x10000, 3, 3, GFP_KERNEL))).toBe(0);
  expect(iovaToPhys(ctx, table, 0x2ffff)).toBe(0x8002ffff);
});

test('addresses are taken as bigints too, and nonsense is refused', () => {
  const { table } = make();
  expect(mapPages(ctx, table, 0x1000n, 0x2000n, 0x1000, 1, 3, GFP_KERNEL)).toBe(0);
  expect(iovaToPhys(ctx, table, 0x1004n)).toBe(0x2004);
  expect(mapPages(ctx, table, 2n ** 64n - 0x1000n, 0n, 0x1000, 1, 3, GFP_KERNEL)).toBe(-34);
  expect(iovaToPhys(ctx, table, 2n ** 64n - 1n)).toBeNull();
  expect(() => iovaToPhys(ctx, table, -1)).toThrow('address: expected');
  expect(() => map(table, 0.5, 0, 0x1000)).toThrow('address: expected');
});

describe('arguments that only a caller in TypeScript can get wrong', () => {
  const { table } = make();
  const no = undefined as never;
  const parts = null as never;
  test.each<[string, () => unknown]>([
    ['config', () => allocPgtable(ctx, no, parts)],
    ['table', () => freePgtable(ctx, no)],
    ['address', () => mapPages(ctx, table, no, 0, 0x1000, 1, 3, GFP_KERNEL)],
    ['address', () => mapPages(ctx, table, 0, no, 0x1000, 1, 3, GFP_KERNEL)],
    ['pageSize', () => mapPages(ctx, table, 0, 0, no, 1, 3, GFP_KERNEL)],
    ['count', () => mapPages(ctx, table, 0, 0, 0x1000, 1.5, 3, GFP_KERNEL)],
    ['prot', () => mapPages(ctx, table, 0, 0, 0x1000, 1, no, GFP_KERNEL)],
    ['gfp', () => mapPages(ctx, table, 0, 0, 0x1000, 1, 3, no)],
    ['mapped', () => mapPages(ctx, table, 0, 0, 0x1000, 1, 3, GFP_KERNEL, true as never)],
    ['pageSize', () => unmapPages(ctx, table, 0, no, 1)],
    ['count', () => unmapPages(ctx, table, 0, 0x1000, -1)],
    ['gather', () => unmapPages(ctx, table, 0, 0x1000, 1, 'x' as never)],
    ['address', () => iovaToPhys(ctx, table, no)],
  ])('%s is named', (field, call) => {
    expect(call).toThrow(new RegExp(`^${field}: expected `, 'u'));
    expect(iovaToPhys(ctx, table, 0)).toBeNull();
  });
});
