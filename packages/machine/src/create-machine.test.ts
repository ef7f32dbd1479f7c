import { ZoneWord, checkBuddyInvariants, freeListPfns, freePagesOf } from '@mm/buddy';
import { OptionError } from '@mm/printk';
import { GFP_DMA32, GFP_KERNEL } from '@mm/zones';
import { describe, expect, it } from 'vitest';

import { createMachine } from './create-machine.js';
import type { MachineOptions } from './options.js';

const GiB = 2 ** 30;

describe('a machine that has just booted', () => {
  it('has every managed page free', () => {
    const machine = createMachine({ preset: 'arm64', ramBytes: '2G', cpus: 2 });
    for (const zone of machine.zones.indices())
      expect(freePagesOf(machine.pages, zone)).toBe(machine.zones.managed[zone]);
  });

  it('of a PC keeps the first MiB: ZONE_DMA has 3840 pages, of all others none is split', () => {
    const { pages, zones } = createMachine({ ramBytes: '1G', pageblockOrder: 10 });
    expect(zones.managed[0]).toBe(3840);
    const free = [10, 9, 8, 7].map((order) =>
      [0, 1, 2].flatMap((type) => [...freeListPfns(pages, 0, order, type)]).sort((a, b) => a - b),
    );
    expect(free).toEqual([[1024, 2048, 3072], [512], [256], []]);
  });

  it('with 4 GiB as on MT8173 puts a DMA32 page below 4 GiB and a kernel page above', () => {
    const machine = createMachine({ preset: 'arm64-2018', ramBytes: '4G' });
    expect(machine.allocPages(GFP_DMA32, 0)! * 4096).toBeLessThan(4 * GiB);
    expect(machine.allocPages(GFP_KERNEL, 0)! * 4096).toBeGreaterThanOrEqual(4 * GiB);
  });

  it('gives pages back to where they came from', () => {
    const machine = createMachine({ cpus: 2 });
    const pfn = machine.on(1).allocPages(GFP_KERNEL, 4)!;
    machine.on(1).freePages(pfn, 4);
    expect(machine.zones.indices().map((zone) => freePagesOf(machine.pages, zone))).toEqual([
      ...machine.zones.managed,
    ]);
  });

  it('takes its memory map from /proc/iomem text', () => {
    const machine = createMachine({
      preset: 'arm64',
      memoryMap: '40000000-7fffffff : System RAM\n  40080000-40ffffff : Kernel code\n',
    });
    expect(machine.zones.present[0]).toBe(262_144);
  });

  it('answers order 11 with null and a warning', () => {
    const machine = createMachine();
    expect(machine.allocPages(GFP_KERNEL, 11)).toBeNull();
    expect(machine.log.lines.length).toBeGreaterThan(0);
  });

  it('sizes per-cpu lists anew when a sysctl is written', () => {
    const machine = createMachine();
    expect(machine.writeSysctl('percpu_pagelist_high_fraction', '8')).toBe(0);
    expect(machine.zones.pcpHigh[1]).toBe(machine.zones.managed[1]! >> 3);
    expect(machine.writeSysctl('percpu_pagelist_high_fraction', '7')).toBe(-22);
  });
});

const wrong: ReadonlyArray<readonly [field: string, options: unknown]> = [
  ['options', null],
  ['options', 'arm64'],
  ['options.ram', { ram: 5 }],
  ['preset', { preset: 'vax' }],
  ['preset', { preset: 5 }],
  ['ramBytes', { ramBytes: 5000 }],
  ['ramBytes', { ramBytes: -4096 }],
  ['ramBytes', { ramBytes: 0 }],
  ['ramBytes', { ramBytes: Number.NaN }],
  ['ramBytes', { ramBytes: Infinity }],
  ['ramBytes', { ramBytes: '4X' }],
  ['ramBytes', { ramBytes: '' }],
  ['ramBytes', { ramBytes: '1.5G' }],
  ['ramBytes', { ramBytes: '8T' }],
  ['ramBytes', { ramBytes: '1M' }],
  ['ramBytes', { ramBytes: 4n }],
  ['ramBytes', { ramBytes: '1G', memoryMap: [{ start: 0, end: GiB }] }],
  ['cpus', { cpus: 0 }],
  ['cpus', { cpus: 257 }],
  ['cpus', { cpus: 1.5 }],
  ['cpus', { cpus: '2' }],
  ['series', { series: '5.1' }],
  ['strict', { strict: 1 }],
  ['pageblockOrder', { pageblockOrder: 0 }],
  ['pageblockOrder', { pageblockOrder: 11 }],
  ['minFreeKbytes', { minFreeKbytes: -1 }],
  ['zones', { zones: 3 }],
  ['zones.dmaStart', { zones: { dmaStart: 3 } }],
  ['zones.dmaEnd', { zones: { dmaEnd: -3 } }],
  ['zones.dmaEnd', { zones: { dmaEnd: 1.5 } }],
  ['zones.dma32End', { zones: { dma32End: 4097 } }],
  ['zones.dma32End', { zones: { dma32End: 2 ** 24, dmaEnd: 2 ** 32 } }],
  ['zones.dma32End', { zones: { dmaEnd: 5 * GiB } }],
  ['zones.dmaEnd', { preset: 'arm64-2018', zones: { dmaEnd: GiB } }],
  ['zones.dma32End', { preset: 'i386', zones: { dma32End: GiB } }],
  ['zones.lowmemEnd', { preset: 'i386', zones: { dmaEnd: GiB } }],
  ['zones.lowmemEnd', { zones: { lowmemEnd: GiB / 2 } }],
  ['zones.lowmemEnd', { zones: { config: { dma: true, dma32: true, highmem: true }, lowmemEnd: GiB } }],
  ['zones.lowmemEnd', { preset: 'arm', zones: { config: { dma: true, dma32: false, highmem: false } } }],
  ['kernelConfig.failslab', { failslab: '1,100,0,-1', kernelConfig: { failslab: false } }],
  ['zones.config.device', { zones: { config: { dma: true, dma32: true, highmem: false, device: 'x' } } }],
  ['ramBytes', { ramBytes: null }],
  ['memoryMap[0]', { memoryMap: [null] }],
  ['zones.config.dma', { zones: { config: { dma32: true, highmem: false } } }],
  ['zones.config.cma', { zones: { config: { dma: true, dma32: true, highmem: false, cma: true } } }],
  ['boot.slub_debug', { boot: { slub_debug: 'F' } }],
  ['kernelcore', { boot: { kernelcore: 'mirror' } }],
  ['movablecore', { boot: { movablecore: '101%' } }],
  ['kernelConfig.slubstats', { kernelConfig: { slubstats: true } }],
  ['kernelConfig.slubStats', { kernelConfig: { slubStats: 1 } }],
  ['managedPages.Low', { managedPages: { Low: 3 } }],
  ['managedPages.HighMem', { managedPages: { HighMem: 3 } }],
  ['managedPages.DMA', { managedPages: { DMA: 2.5 } }],
  ['managedPages.DMA', { managedPages: { DMA: 5000 } }],
  ['memoryMap', { memoryMap: 5 }],
  ['memoryMap', { memoryMap: [] }],
  ['memoryMap', { memoryMap: [{ start: 0, end: 100 }] }],
  ['memoryMap[0].start', { memoryMap: [{ start: -1, end: 8192 }] }],
  ['memoryMap[0].end', { memoryMap: [{ start: 8192, end: 4096 }] }],
  ['memoryMap[0].end', { memoryMap: [{ start: 0, end: '4G' }] }],
  [
    'memoryMap[1].start',
    {
      memoryMap: [
        { start: 0, end: GiB },
        { start: 4096, end: 2 * GiB },
      ],
    },
  ],
  ['iomem', { memoryMap: '' }],
  ['iomem line 1', { memoryMap: 'garbage' }],
  ['iomem line 1', { memoryMap: '00000000-00000000 : System RAM' }],
];

it.each(wrong)('refuses a wrong %s by name', (field, options) => {
  const make = (): unknown => createMachine(options as MachineOptions);
  expect(make).toThrow(OptionError);
  expect(make).toThrow(`${field}: expected`);
});

it('allocations heed a watermark that is raised while the machine runs', () => {
  const machine = createMachine({ preset: 'x86_64', ramBytes: '64M', cpus: 1 });
  const first = machine.allocPages(GFP_KERNEL, 0);
  expect(first).not.toBe(null);
  const woken = (): number =>
    machine.pages.zoneState[machine.zones.indexOf('DMA32') * 8 + ZoneWord.kswapdWakeups]!;
  const before = woken();
  expect(machine.writeSysctl('min_free_kbytes', '80000')).toBe(0);
  expect(machine.allocPages(GFP_KERNEL, 0)).toBe(null);
  expect(woken()).toBeGreaterThan(before);
  machine.readSysctl('lowmem_reserve_ratio');
  expect(checkBuddyInvariants(machine.pages)).toEqual([]);
});

it.each([
  ['arm', 2 * GiB, 2 * GiB, { DMA: 768 * 256, HighMem: 1280 * 256 }],
  ['arm-lpae', 8 * GiB, 2 * GiB, { Normal: 768 * 256, HighMem: 1280 * 256 }],
  ['arm64', 8 * GiB, 2 * GiB, { DMA: 2048 * 256 }],
  ['arm64', 3 * GiB, 2 * GiB, { DMA: 1024 * 256, Normal: 1024 * 256 }],
  ['arm64-2018', 11 * GiB, 3 * GiB, { DMA32: 1024 * 256, Normal: 2048 * 256 }],
  ['x86_64', 8 * GiB, GiB, { Normal: 1024 * 256 }],
] as const)('zones of %s end where RAM from %i on has them', (preset, start, bytes, present) => {
  const { zones } = createMachine({ preset, memoryMap: [{ start, end: start + bytes }] });
  const found = zones.indices().filter((zone) => zones.present[zone]! > 0);
  expect(Object.fromEntries(found.map((zone) => [zones.names[zone], zones.present[zone]]))).toEqual(present);
});
