import { OptionError, checkInteger } from '@mm/printk';

import type { RamRange } from './memory-map.js';
import type { ZoneConfig } from './zone-types.js';

/** What distinguishes one kind of machine from another. Every field can be overridden. */
export interface ZonePreset {
  readonly name: PresetName;
  readonly config: ZoneConfig;
  /** First address that is not in ZONE_DMA, for RAM that begins at `ramStart`. */
  readonly dmaEnd: number;
  /** First address that is not in ZONE_DMA32. */
  readonly dma32End: number;
  /** First address that is high memory; Infinity where all memory is mapped. */
  readonly lowmemEnd: number;
  /** Where RAM begins. */
  readonly ramStart: number;
  /** Boot never hands out memory below this address: a PC keeps its first MiB for firmware. */
  readonly bootKeepsBelow: number;
  /** log2 of the pages of a pageblock. */
  readonly pageblockOrder: number;
  /** Bits of a long. */
  readonly bits: 32 | 64;
  /** Where the kernel maps physical address 0 (or ramStart, on arm): PAGE_OFFSET as two 32-bit words. */
  readonly pageOffset: readonly [low: number, high: number];
  /** RAM as the firmware of such a machine leaves it. */
  readonly memoryMap: (ramBytes: number) => RamRange[];
}

/** The machines known by name. */
export const PRESET_NAMES = ['arm64-2018', 'arm64', 'arm', 'arm-lpae', 'x86_64', 'i386', 'i386-pae'] as const;
/** A machine known by name. */
export type PresetName = (typeof PRESET_NAMES)[number];

const MiB = 2 ** 20;
const GiB = 2 ** 30;

const oneRange =
  (start: number) =>
  (ramBytes: number): RamRange[] => [{ start, end: start + ramBytes }];

/** A PC: the hole below 1 MiB, 128 KiB of firmware tables at the end of low memory, the rest above 4 GiB. */
function pcMap(ramBytes: number): RamRange[] {
  const low = Math.min(ramBytes, ramBytes > 3.5 * GiB ? 3 * GiB : ramBytes);
  const ranges = [
    { start: 0x1000, end: 0x9fc00 },
    { start: MiB, end: low - 128 * 1024 },
  ];
  if (ramBytes > low) ranges.push({ start: 4 * GiB, end: 4 * GiB + ramBytes - low });
  return ranges;
}

const arm = { ramStart: GiB, bootKeepsBelow: 0, bits: 32, dma32End: 0, pageOffset: [0xc0000000, 0] } as const;
/** 1 GiB of kernel addresses less 240 MiB of vmalloc and 16 MiB of fixed mappings leave 768 MiB of low memory. */
const armLowmemEnd = GiB + 768 * MiB;
const pc = { ramStart: 0, bootKeepsBelow: MiB, dmaEnd: 16 * MiB, memoryMap: pcMap } as const;
const arm64 = {
  ramStart: GiB,
  bootKeepsBelow: 0,
  dma32End: 4 * GiB,
  lowmemEnd: Infinity,
  bits: 64,
  pageblockOrder: 9,
  pageOffset: [0, 0xffff0000],
} as const;
const i386 = {
  dma32End: 0,
  bits: 32,
  pageOffset: [0xc0000000, 0],
  config: { dma: true, dma32: false, highmem: true },
} as const;

const PRESETS: Readonly<Record<PresetName, Omit<ZonePreset, 'name'>>> = {
  // ZONE_DMA32 takes the place that ZONE_DMA has had since 5.5.
  'arm64-2018': {
    ...arm64,
    config: { dma: false, dma32: true, highmem: false },
    dmaEnd: 0,
    pageOffset: [0, 0xffff8000],
    memoryMap: oneRange(GiB),
  },
  arm64: {
    ...arm64,
    config: { dma: true, dma32: true, highmem: false },
    dmaEnd: 4 * GiB,
    memoryMap: oneRange(GiB),
  },
  arm: {
    ...arm,
    config: { dma: true, dma32: false, highmem: true },
    dmaEnd: armLowmemEnd,
    lowmemEnd: armLowmemEnd,
    pageblockOrder: 10,
    memoryMap: oneRange(GiB),
  },
  'arm-lpae': {
    ...arm,
    config: { dma: true, dma32: false, highmem: true },
    dmaEnd: armLowmemEnd,
    lowmemEnd: armLowmemEnd,
    pageblockOrder: 9,
    memoryMap: oneRange(GiB),
  },
  x86_64: {
    ...pc,
    config: { dma: true, dma32: true, highmem: false },
    dma32End: 4 * GiB,
    lowmemEnd: Infinity,
    pageblockOrder: 9,
    bits: 64,
    pageOffset: [0, 0xffff8880],
  },
  // Low memory ends where vmalloc and the fixed mappings begin; with PAE the latter are smaller.
  i386: { ...pc, ...i386, lowmemEnd: 0x36bfe000, pageblockOrder: 10 },
  'i386-pae': { ...pc, ...i386, lowmemEnd: 0x36ffe000, pageblockOrder: 9 },
};

/** 32-bit ARM maps memory from a multiple of 2 MiB on. */
const ARM_MAPPING_ALIGN = 2 * MiB;
/** Its ZONE_DMA, where no board says otherwise, ends with the last whole page below 4 GiB - 1. */
const ARM_DMA_END = 4 * GiB - 4096;

/**
 * A machine by its name.
 *
 * @param ramStart where its RAM begins, bytes, if not where that of the preset does: zones of ARM machines end elsewhere then. Low memory
 * of 32-bit ARM is the first 768 MiB. On arm64, whose RAM begins above 4 GiB, ZONE_DMA and ZONE_DMA32 are all memory; until 5.4, in
 * `arm64-2018`, ZONE_DMA32 ended at the next multiple of 4 GiB.
 * @throws OptionError for a name that is not in {@link PRESET_NAMES}, and an address that is no integer from 0.
 * @example
 * zonePreset('arm64-2018').config; // { dma: false, dma32: true, highmem: false }
 * zonePreset('arm', 2 ** 31).lowmemEnd; // 0xb0000000
 * @see linux 6.1 arch/arm64/mm/init.c max_zone_phys; arch/arm/mm/mmu.c adjust_lowmem_bounds
 */
export function zonePreset(name: string, ramStart?: number): ZonePreset {
  if (!PRESET_NAMES.includes(name as PresetName))
    throw new OptionError('preset', `one of ${PRESET_NAMES.join(', ')}`, name);
  const preset = { name: name as PresetName, ...PRESETS[name as PresetName] };
  if (ramStart === undefined) return preset;
  checkInteger('ramStart', ramStart, 0, Number.MAX_SAFE_INTEGER);
  return { ...preset, ...endsFor(preset, ramStart) };
}

/** What is different with RAM from `ramStart` on. */
function endsFor({ name, ramStart: own }: ZonePreset, ramStart: number): Partial<ZonePreset> {
  if (name === 'arm' || name === 'arm-lpae') {
    const lowmemEnd = ramStart - (ramStart % ARM_MAPPING_ALIGN) + armLowmemEnd - own;
    return { ramStart, lowmemEnd, dmaEnd: Math.min(lowmemEnd, ARM_DMA_END) };
  }
  if (name === 'arm64')
    return ramStart < 4 * GiB ? { ramStart } : { ramStart, dmaEnd: Infinity, dma32End: Infinity };
  if (name === 'arm64-2018') return { ramStart, dma32End: (Math.floor(ramStart / (4 * GiB)) + 1) * 4 * GiB };
  return {};
}
