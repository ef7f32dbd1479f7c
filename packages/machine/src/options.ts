import { PageFaults, parseFaultRate } from '@mm/buddy';
import { type Series, SlabFaults } from '@mm/kmem';
import { OptionError } from '@mm/printk';
import { KERNEL_CONFIG, type KernelConfig } from '@mm/sysfs';
import {
  PRESET_NAMES,
  type MovableOptions,
  type PfnSpan,
  type PresetName,
  type RamRange,
  ZONE_NAMES,
  type ZoneConfig,
  type ZoneName,
  type ZonePreset,
  parseProcIomem,
  toPfnSpans,
  zonePreset,
} from '@mm/zones';

import { parseSize } from './parse-size.js';

/** Which state of the patch series the machine runs. */
export const SERIES: readonly Series[] = ['4.15', 'none', 'v4', 'merged'];

/** What a machine is made of. Every field has a default. */
export interface MachineOptions {
  /** The kind of machine. Default `x86_64`. */
  readonly preset?: PresetName;
  /** RAM, bytes or text like `4G`. Default 1 GiB. Not together with `memoryMap`. */
  readonly ramBytes?: number | string;
  /** RAM as ranges of bytes, or as the text of a `/proc/iomem`. */
  readonly memoryMap?: readonly RamRange[] | string;
  /** CPUs, 1..256. Default 1. */
  readonly cpus?: number;
  /** Default `merged`. Matters to slab caches and page tables. */
  readonly series?: Series;
  /** Refuse misuse that the kernel does not notice. Default false. */
  readonly strict?: boolean;
  /**
   * Where zones end and which are configured, in place of the preset's. Ends must ascend, belong to zones that are configured, and leave no
   * RAM without a zone.
   */
  readonly zones?: Partial<Pick<ZonePreset, 'config' | 'dmaEnd' | 'dma32End' | 'lowmemEnd'>>;
  /** log2 of the pages of a pageblock, 1..10. Default the preset's. */
  readonly pageblockOrder?: number;
  /** `kernelcore=` and `movablecore=`. */
  readonly boot?: MovableOptions;
  /**
   * Pages that the page allocator manages, by zone. Default: all present pages but one in 64, the size of the
   * kernel's own page metadata.
   */
  readonly managedPages?: Readonly<Partial<Record<ZoneName, number>>>;
  /** Parameters of the slab allocator as on a kernel command line: `slub_nomerge slub_debug=FZ,dentry`. */
  readonly cmdline?: string;
  /** The allocator behind caches. Default `slub`. */
  readonly slab?: 'slub' | 'slab';
  /** The kernel of a SLAB machine is built with DEBUG_SLAB. Default false. */
  readonly debugSlab?: boolean;
  /** Seed of the order of objects in new slabs, of SLUB. Default: ascending. */
  readonly randomFreelist?: number;
  /** Seed of the secrets that free pointers are mixed with, of SLUB. Default: plain pointers. */
  readonly hardenedFreelist?: number;
  /** In place of what boot computes. KiB. */
  readonly minFreeKbytes?: number;
  /**
   * Makes allocations of pages fail although there is memory, from the end of boot on: `interval,probability,space,times` as in the
   * kernel's `fail_page_alloc=`, space in pages. Default: none fails.
   */
  readonly faults?: string;
  /**
   * Makes allocations of objects fail although there is memory: `interval,probability,space,times` as in the kernel's `failslab=`.
   * The kernel is then built with CONFIG_FAILSLAB. Default: none fails.
   */
  readonly failslab?: string;
  /** Options that the kernel is built with, where they differ from the recorded kernel's. They decide what /sys and /proc show. */
  readonly kernelConfig?: Partial<KernelConfig>;
}

/** Options with their defaults filled in. */
export interface CheckedOptions {
  readonly preset: ZonePreset;
  readonly ranges: readonly RamRange[];
  readonly cpus: number;
  readonly series: Series;
  readonly strict: boolean;
  readonly pageblockOrder: number;
  readonly boot: MovableOptions;
  readonly managedPages: Readonly<Partial<Record<ZoneName, number>>>;
  readonly minFreeKbytes: number | undefined;
  readonly faults: PageFaults | null;
  readonly failslab: SlabFaults | null;
  readonly cmdline: string;
  readonly slab: 'slub' | 'slab';
  readonly debugSlab: boolean;
  readonly randomFreelist: number | undefined;
  readonly hardenedFreelist: number | undefined;
  readonly config: KernelConfig;
}

const FIELDS: ReadonlySet<string> = new Set([
  'preset',
  'ramBytes',
  'memoryMap',
  'cpus',
  'series',
  'strict',
  'zones',
  'pageblockOrder',
  'boot',
  'managedPages',
  'minFreeKbytes',
  'faults',
  'failslab',
  'kernelConfig',
  'cmdline',
  'slab',
  'debugSlab',
  'randomFreelist',
  'hardenedFreelist',
]);

const GiB = 2 ** 30;

function integer(value: unknown, field: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    throw new OptionError(field, `an integer of ${min} to ${max}`, value);
  return value;
}

function record(value: unknown, field: string, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new OptionError(field, `an object with ${known.join(', ')}`, value);
  for (const key of Object.keys(value))
    if (!known.includes(key)) throw new OptionError(`${field}.${key}`, `one of ${known.join(', ')}`, key);
  return value as Readonly<Record<string, unknown>>;
}

/**
 * Checks options and fills in defaults.
 * @throws OptionError naming the field, its value and what was expected.
 */
export function checkOptions(options: MachineOptions): CheckedOptions {
  record(options, 'options', [...FIELDS]);
  const { preset: name = 'x86_64', series = 'merged', strict = false, cpus = 1 } = options;
  if (!PRESET_NAMES.includes(name))
    throw new OptionError('preset', `one of ${PRESET_NAMES.join(', ')}`, name);
  if (!SERIES.includes(series)) throw new OptionError('series', `one of ${SERIES.join(', ')}`, series);
  if (typeof strict !== 'boolean') throw new OptionError('strict', 'true or false', strict);
  const ranges = rangesOf(options, zonePreset(name));
  const spans = toPfnSpans(ranges);
  const preset = overridden(zonePreset(name, spans[0]!.startPfn * 4096), options.zones ?? {}, spans);
  const boot = record(options.boot ?? {}, 'boot', ['kernelcore', 'movablecore']) as MovableOptions;
  const managed = record(options.managedPages ?? {}, 'managedPages', ZONE_NAMES);
  for (const [zone, pages] of Object.entries(managed)) integer(pages, `managedPages.${zone}`, 0, 2 ** 31 - 1);
  return {
    preset,
    ranges,
    cpus: integer(cpus, 'cpus', 1, 256),
    series,
    strict,
    pageblockOrder: integer(options.pageblockOrder ?? preset.pageblockOrder, 'pageblockOrder', 1, 10),
    boot,
    cmdline: text(options.cmdline ?? '', 'cmdline'),
    slab: oneOf(options.slab ?? 'slub', ['slub', 'slab'] as const, 'slab'),
    debugSlab: debugSlabOf(options),
    randomFreelist: listSeed(options, 'randomFreelist'),
    hardenedFreelist: listSeed(options, 'hardenedFreelist'),
    managedPages: managed as CheckedOptions['managedPages'],
    config: {
      ...kernelConfig(options.kernelConfig ?? {}, preset),
      ...(options.failslab === undefined ? {} : withFailslab(options.kernelConfig)),
    },
    faults: options.faults === undefined ? null : new PageFaults(parseFaultRate(options.faults, 'faults')),
    failslab:
      options.failslab === undefined ? null : new SlabFaults(parseFaultRate(options.failslab, 'failslab')),
    minFreeKbytes:
      options.minFreeKbytes === undefined
        ? undefined
        : integer(options.minFreeKbytes, 'minFreeKbytes', 0, 2 ** 31 - 1),
  };
}

function debugSlabOf({ debugSlab = false, slab = 'slub' }: MachineOptions): boolean {
  if (typeof debugSlab !== 'boolean') throw new OptionError('debugSlab', 'true or false', debugSlab);
  if (debugSlab && slab !== 'slab')
    throw new OptionError('debugSlab', "false unless slab is 'slab'; SLUB has slub_debug", debugSlab);
  return debugSlab;
}

function listSeed(options: MachineOptions, field: 'randomFreelist' | 'hardenedFreelist'): number | undefined {
  const value = options[field];
  if (value === undefined) return undefined;
  if (options.slab === 'slab') throw new OptionError(field, "none where slab is 'slab'", value);
  return integer(value, field, 0, 2 ** 32 - 1);
}

function oneOf<T extends string>(value: T, known: readonly T[], field: string): T {
  if (!known.includes(value)) throw new OptionError(field, `one of ${known.join(', ')}`, value);
  return value;
}

function text(value: unknown, field: string): string {
  if (typeof value !== 'string') throw new OptionError(field, 'text', value);
  return value;
}

function overridden(
  preset: ZonePreset,
  zones: NonNullable<MachineOptions['zones']>,
  spans: readonly PfnSpan[],
): ZonePreset {
  const { config, ...ends } = record(zones, 'zones', ['config', 'dmaEnd', 'dma32End', 'lowmemEnd']);
  for (const [field, end] of Object.entries(ends))
    if (typeof end !== 'number' || !(end >= 0) || (end !== Infinity && end % 4096 !== 0))
      throw new OptionError(`zones.${field}`, 'a multiple of 4096 from 0, or Infinity', end);
  const checked = config === undefined ? preset.config : zoneConfig(config);
  const zoned = { ...preset, ...ends, config: checked };
  checkEnds(zoned, ends, spans.at(-1)!.endPfn * 4096);
  return zoned;
}

/** @throws OptionError naming an end that the zones as configured cannot have. */
function checkEnds(
  { config, dmaEnd, dma32End, lowmemEnd }: ZonePreset,
  given: Readonly<Record<string, unknown>>,
  ramEnd: number,
): void {
  if (!config.dma && given['dmaEnd'] !== undefined)
    throw new OptionError('zones.dmaEnd', 'nothing without zones.config.dma', given['dmaEnd']);
  if (!config.dma32 && given['dma32End'] !== undefined)
    throw new OptionError('zones.dma32End', 'nothing without zones.config.dma32', given['dma32End']);
  if (config.dma && config.dma32 && dmaEnd > dma32End)
    throw new OptionError('zones.dma32End', `at least zones.dmaEnd, ${dmaEnd}`, dma32End);
  const low = config.dma32 ? dma32End : config.dma ? dmaEnd : 0;
  if (config.highmem && low > lowmemEnd)
    throw new OptionError('zones.lowmemEnd', `at least where ZONE_DMA and ZONE_DMA32 end, ${low}`, lowmemEnd);
  if (!config.highmem && ramEnd > lowmemEnd)
    throw new OptionError(
      'zones.lowmemEnd',
      `at least the end of RAM, ${ramEnd}, without zones.config.highmem`,
      lowmemEnd,
    );
}

/** @throws OptionError when the kernel is said to be built without what `failslab` asks for. */
function withFailslab(config: MachineOptions['kernelConfig']): Partial<KernelConfig> {
  if (config?.failslab === false)
    throw new OptionError('kernelConfig.failslab', 'true, as objects are to fail (failslab)', false);
  return { failslab: true };
}

/** Memory of 32-bit machines is not mapped in sections. */
function kernelConfig(given: unknown, preset: ZonePreset): KernelConfig {
  const fields = record(given, 'kernelConfig', Object.keys(KERNEL_CONFIG));
  for (const [field, value] of Object.entries(fields))
    if (typeof value !== 'boolean') throw new OptionError(`kernelConfig.${field}`, 'true or false', value);
  return { ...KERNEL_CONFIG, sparsemem: !preset.config.highmem, ...fields };
}

function zoneConfig(config: unknown): ZoneConfig {
  const fields = record(config, 'zones.config', ['dma', 'dma32', 'highmem', 'device']);
  for (const key of ['dma', 'dma32', 'highmem', 'device'])
    if (typeof fields[key] !== 'boolean' && (key !== 'device' || fields[key] !== undefined))
      throw new OptionError(`zones.config.${key}`, 'true or false', fields[key]);
  return fields as unknown as ZoneConfig;
}

function rangesOf(options: MachineOptions, preset: ZonePreset): readonly RamRange[] {
  const { memoryMap, ramBytes } = options;
  if (memoryMap === undefined)
    return preset.memoryMap(
      checkedRam(parseSize(ramBytes === undefined ? GiB : ramBytes, 'ramBytes'), ramBytes),
    );
  if (ramBytes !== undefined)
    throw new OptionError('ramBytes', 'nothing beside memoryMap, which says it all', ramBytes);
  if (typeof memoryMap === 'string') return parseProcIomem(memoryMap);
  if (!Array.isArray(memoryMap))
    throw new OptionError('memoryMap', 'ranges { start, end } or the text of /proc/iomem', memoryMap);
  for (const [i, range] of memoryMap.entries())
    if (typeof range !== 'object' || range === null)
      throw new OptionError(`memoryMap[${i}]`, 'a range { start, end }', range);
  return memoryMap as readonly RamRange[];
}

/** 4 MiB hold one block of the top order; beyond 4 TiB frame numbers of a preset could leave int32. */
function checkedRam(bytes: number, given: unknown): number {
  if (bytes < 4 * 2 ** 20 || bytes > 4 * 2 ** 40) throw new OptionError('ramBytes', '4M to 4T', given);
  return bytes;
}
