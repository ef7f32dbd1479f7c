import { expect, test } from 'vitest';

import {
  GFP_ATOMIC,
  GFP_HIGHUSER_MOVABLE,
  GFP_KERNEL,
  VmSysctls,
  Zones,
  __GFP_DMA,
  __GFP_DMA32,
  __GFP_HIGHMEM,
  __GFP_MOVABLE,
  __GFP_RECLAIMABLE,
  __GFP_ZERO,
  defaultMinFreeKbytes,
  findMovableStart,
  formatGfp,
  gfpMigratetype,
  gfpZone,
  gfpZoneTable,
  initPerZoneWmarkMin,
  isBadGfpZone,
  layOutZones,
  parseGfp,
  parseProcIomem,
  pcpBatchOf,
  statThresholdOf,
  toPfnSpans,
  writeVmSysctl,
  zoneConfigOf,
  zonePreset,
} from './index.js';

const MiB = 256;
const GiB = 1024 * MiB;

/** One zone Normal of so many pages, from pfn 0. */
/** DMA, Normal and Movable of one MiB each. */
const threeZones = (): Zones =>
  new Zones(
    (['DMA', 'Normal', 'Movable'] as const).map((name, i) => ({
      name,
      startPfn: i * MiB,
      spannedPages: MiB,
      presentPages: MiB,
      managedPages: MiB,
    })),
  );

const oneZone = (pages: number): Zones =>
  new Zones([
    { name: 'Normal', startPfn: 0, spannedPages: pages, presentPages: pages, managedPages: pages },
    { name: 'Movable', startPfn: 0, spannedPages: 0, presentPages: 0, managedPages: 0 },
  ]);

test('flags are printed with the longest names first, unknown bits as a number at the end', () => {
  expect(formatGfp(0)).toBe('');
  expect(formatGfp(GFP_KERNEL | __GFP_ZERO)).toBe('GFP_KERNEL|__GFP_ZERO');
  expect(formatGfp(GFP_ATOMIC)).toBe('GFP_ATOMIC');
  expect(formatGfp(GFP_KERNEL | 0x8100_0000)).toBe('GFP_KERNEL|0x81000000');
  expect(parseGfp('GFP_KERNEL|__GFP_ZERO')).toBe(GFP_KERNEL | __GFP_ZERO);
  expect(() => parseGfp('GFP_NICE')).toThrow(
    'gfp: expected flag names or numbers joined by |, got "GFP_NICE"',
  );
});

test('a zone that is not configured stands for Normal', () => {
  const arm64 = gfpZoneTable({ dma: false, dma32: true, highmem: false });
  const names = ['DMA32', 'Normal', 'Movable'];
  expect(names[gfpZone(arm64, GFP_KERNEL)]).toBe('Normal');
  expect(names[gfpZone(arm64, GFP_KERNEL | __GFP_DMA32)]).toBe('DMA32');
  expect(names[gfpZone(arm64, GFP_KERNEL | __GFP_DMA)]).toBe('Normal');
  expect(names[gfpZone(arm64, GFP_KERNEL | __GFP_HIGHMEM)]).toBe('Normal');
  expect(names[gfpZone(arm64, GFP_HIGHUSER_MOVABLE)]).toBe('Movable');
});

test('two of DMA, DMA32 and HIGHMEM contradict each other', () => {
  expect(isBadGfpZone(__GFP_DMA | __GFP_DMA32)).toBe(true);
  expect(isBadGfpZone(__GFP_DMA32 | __GFP_HIGHMEM)).toBe(true);
  expect(isBadGfpZone(__GFP_MOVABLE | __GFP_HIGHMEM)).toBe(false);
});

test('movable and reclaimable together are no migrate type', () => {
  expect(gfpMigratetype(GFP_KERNEL)).toBe(0);
  expect(gfpMigratetype(GFP_HIGHUSER_MOVABLE)).toBe(1);
  expect(gfpMigratetype(GFP_KERNEL | __GFP_RECLAIMABLE)).toBe(2);
  expect(gfpMigratetype(GFP_KERNEL | __GFP_RECLAIMABLE | __GFP_MOVABLE)).toBe(null);
});

// The table in the kernel's documentation of min_free_kbytes.
test.each([
  [16, 512],
  [32, 724],
  [64, 1024],
  [256, 2048],
  [1024, 4096],
  [4096, 8192],
  [8192, 11_585],
])('%i MiB keep %i KiB free', (mebibytes, kbytes) => {
  expect(defaultMinFreeKbytes(oneZone(mebibytes * MiB))).toBe(kbytes);
});

test('low and high watermarks lie a quarter and a half above min', () => {
  const zones = oneZone(64 * MiB);
  const vm = new VmSysctls(zones, 1);
  initPerZoneWmarkMin(vm, 4000);
  expect([...zones.wmark.subarray(0, 3)]).toEqual([1000, 1250, 1500]);
  expect(writeVmSysctl(vm, 'watermark_scale_factor', '1000')).toBe(0);
  // A tenth of the zone is more than a quarter of min.
  expect(zones.wmark[1]! - zones.wmark[0]!).toBe(1638);
  expect(writeVmSysctl(vm, 'watermark_scale_factor', '0')).toBe(-22);
  expect(zones.wmark[1]! - zones.wmark[0]!).toBe(1638);
});

test.each<[text: string, kbytes: number | null]>([
  ['4096', 4096],
  ['\t 4096\n', 4096],
  ['010000', 4096],
  ['0x1000', 4096],
  ['0X1fff 7', 0x1fff],
  ['4096 kB', 4096],
  ['00000000000000010000', 4096],
  ['000000000000000010000', null],
  ['0x', null],
  ['0xg', null],
  ['00004096', null],
  ['4096\v', null],
  ['4096 1', 4096],
  ['-0', 0],
  ['2147483647', 2 ** 31 - 1],
  ['2147483648', null],
  ['00000004096', null],
  ['-1', null],
  ['+1', null],
  ['- 1', null],
  ['1-', null],
  ['4096kB', null],
  ['1,2', null],
  ['\u00a01', null],
  [' ', null],
  ['', null],
])('min_free_kbytes takes "%s" for %s', (text, kbytes) => {
  const vm = new VmSysctls(oneZone(64 * MiB), 1);
  initPerZoneWmarkMin(vm, 1000);
  expect(writeVmSysctl(vm, 'min_free_kbytes', text)).toBe(kbytes === null ? -22 : 0);
  expect(vm.minFreeKbytes).toBeCloseTo(kbytes ?? 1000, 9);
});

test.each([
  ['100 200 300', [100, 200, 300]],
  ['7', [7, 32, 0]],
  ['0x10 010 -5', [16, 8, 0]],
  ['9 none 4', [9, 32, 0]],
  ['none', [256, 32, 0]],
  ['1 2 3 4 5', [1, 2, 3]],
])('lowmem_reserve_ratio takes of "%s" what comes before the first that is no number', (text, ratio) => {
  const vm = new VmSysctls(threeZones(), 1);
  initPerZoneWmarkMin(vm, 1000);
  vm.zones.lowmemReserve.fill(7);
  expect(writeVmSysctl(vm, 'lowmem_reserve_ratio', text)).toBe(0);
  expect(vm.reserveRatio).toEqual(ratio);
  // Also where nothing is taken the reserves are worked out anew.
  expect(vm.zones.lowmemReserve[1]).toBe(ratio[0] === 0 ? 0 : Math.floor(vm.zones.managed[1]! / ratio[0]!));
});

test('per-cpu batches and counter thresholds are those of a PC', () => {
  expect(pcpBatchOf(4 * GiB)).toBe(63);
  expect(pcpBatchOf(GiB)).toBe(63);
  expect(pcpBatchOf(16 * MiB)).toBe(1);
  expect(statThresholdOf(5 * GiB, 2)).toBe(28);
  expect(statThresholdOf(1.5 * GiB, 2)).toBe(20);
  expect(statThresholdOf(20 * GiB, 1024)).toBe(125);
});

test('arm64 with RAM from 1 GiB on: the first 3 GiB are below the 4 GiB line', () => {
  const preset = zonePreset('arm64-2018');
  const zones = layOutZones(toPfnSpans(preset.memoryMap(4 * 2 ** 30)), preset);
  const shown = zones.map(({ name, startPfn, presentPages }) => [name, startPfn, presentPages]);
  expect(shown).toEqual([
    ['DMA32', GiB, 3 * GiB],
    ['Normal', 4 * GiB, GiB],
    ['Movable', expect.anything(), 0],
  ]);
  expect(zoneConfigOf(['DMA32', 'Normal', 'Movable']).dma32).toBe(true);
});

test('movablecore takes the end of memory, kernelcore leaves the beginning', () => {
  const spans = [{ startPfn: 0, endPfn: 4 * GiB }];
  expect(findMovableStart(spans, 0, { movablecore: '1G' })).toBe(3 * GiB);
  expect(findMovableStart(spans, 0, { kernelcore: '1G' })).toBe(GiB);
  expect(findMovableStart(spans, 0, { movablecore: '25%' })).toBe(3 * GiB);
  expect(findMovableStart(spans, 0, {})).toBe(0);
  // Both given: what leaves more outside of ZONE_MOVABLE wins.
  expect(findMovableStart(spans, 0, { kernelcore: '1G', movablecore: '1G' })).toBe(3 * GiB);
  expect(findMovableStart(spans, 0, { kernelcore: '3584M', movablecore: '1G' })).toBe(3.5 * GiB);
  expect(findMovableStart(spans, 0, { kernelcore: '100%', movablecore: '1G' })).toBe(0);
  expect(() => findMovableStart(spans, 0, { movablecore: 'some' })).toThrow(
    'movablecore: expected bytes with K, M, G or T, or a share of 0% to 100%, got "some"',
  );
});

test('a ZONE_MOVABLE that takes the whole of high memory is high memory still', () => {
  const preset = zonePreset('arm');
  // 768 of 2048 MiB are low; the kernel's 500 MiB are among them.
  const spans = [{ startPfn: GiB, endPfn: 3 * GiB }];
  const made = layOutZones(spans, preset, { kernelcore: '500M' });
  expect(made.find(({ name }) => name === 'HighMem')!.spannedPages).toBe(0);
  const zones = new Zones(made.map((zone) => ({ ...zone, managedPages: zone.presentPages })));
  expect(zones.managed[zones.indexOf('Movable')]).toBe(1.25 * GiB);
  initPerZoneWmarkMin(new VmSysctls(zones, 1), 3453);
  // Low memory has the reserve to itself; of high memory 128 pages.
  expect(zones.wmark[zones.indexOf('DMA') * 4]).toBe(863);
  expect(zones.wmark[zones.indexOf('Movable') * 4]).toBe(128);
});

test('System RAM of /proc/iomem is read, what lies inside it and other lines are not', () => {
  const text =
    '00000000-00000fff : Reserved\n00001000-0009fbff : System RAM\n  00002000-00002fff : Kernel code\n100000000-1ffffffff : System RAM\n';
  expect(parseProcIomem(text)).toEqual([
    { start: 0x1000, end: 0x9fc00 },
    { start: 0x100000000, end: 0x200000000 },
  ]);
});

test.each([
  ['00000000-00000000 : System RAM\n', 'iomem line 1: expected addresses (the file must be read as root)'],
  ['00002000-00001000 : System RAM\n', 'iomem line 1: expected an end that is not below the start'],
  ['00001000-00001fff : Reserved\n', 'iomem: expected at least one line "START-END : System RAM"'],
  ['xyz\n', 'iomem line 1: expected "START-END : NAME" in hexadecimal'],
])('/proc/iomem text %j is refused', (text, message) => {
  expect(() => parseProcIomem(text)).toThrow(message);
});

test.each([
  [[], 'memoryMap: expected at least one range of RAM'],
  [[{ start: 0x2000, end: 0x1000 }], 'memoryMap[0].end: expected an address above start 0x2000'],
  [[{ start: 1.5, end: 0x1000 }], 'memoryMap[0].start: expected a byte address'],
  [
    [
      { start: 0, end: 0x2000 },
      { start: 0x1000, end: 0x3000 },
    ],
    'memoryMap[1].start: expected at least 0x2000',
  ],
  [[{ start: 1, end: 4096 }], 'memoryMap: expected at least one whole page'],
])('a memory map %j is refused', (ranges, message) => {
  expect(() => toPfnSpans(ranges)).toThrow(message);
});

test('flags are read as names and numbers of up to 32 bits, and nothing else', () => {
  expect(parseGfp('GFP_KERNEL | 0x100')).toBe(0xcc0 | 0x100);
  expect(parseGfp('12345')).toBe(12345);
  expect(parseGfp('0x80000000') >>> 0).toBe(0x80000000);
  for (const odd of ['0x', '0xg', '4294967296', '0x100000000', 'x1', '1x', 'GFP', '-1'])
    expect(() => parseGfp(odd)).toThrow('gfp: expected flag names or numbers joined by |');
});
