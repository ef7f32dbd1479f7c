import { OptionError, checkBoolean, checkFunction, checkInteger, checkObject } from '@mm/printk';

/** Rights and memory type asked for in `prot`. @see linux 6.1 include/linux/iommu.h IOMMU_READ */
export const Prot = {
  READ: 1,
  WRITE: 2,
  /** DMA cache coherency. */
  CACHE: 4,
  NOEXEC: 8,
  /** Device memory; wins over CACHE. */
  MMIO: 16,
  /** Only privileged accesses. */
  PRIV: 32,
} as const;

/** Deviations of the hardware. @see linux 6.1 include/linux/io-pgtable.h io_pgtable_cfg */
export const Quirk = {
  /** Sets the non-secure bits. */
  ARM_NS: 1 << 0,
  /** No access permissions and no execute-never in the entries. */
  NO_PERMS: 1 << 1,
  /** Physical address bits 32..34 in entry bits 9, 4 and 5. Needs NO_PERMS. */
  ARM_MTK_EXT: 1 << 3,
  /** The tables too may lie above 4 GiB. Needs ARM_MTK_EXT. */
  ARM_MTK_TTBR_EXT: 1 << 4,
} as const;

const QUIRKS_KNOWN = Quirk.ARM_NS | Quirk.NO_PERMS | Quirk.ARM_MTK_EXT | Quirk.ARM_MTK_TTBR_EXT;

/** The four page sizes of the format, as a bitmap: 4 KiB, 64 KiB, 1 MiB, 16 MiB. */
export const PAGE_SIZES = 0x1111000;

/** Which kernel asks for the tables: flags, refusals and messages. */
export type V7sSeries = '4.15' | 'none' | 'v4' | 'merged';

/** `linux-6.1` has the live bugs L1..L6 of that kernel; `corrected` has none of them. */
export type V7sBehaviour = 'linux-6.1' | 'corrected';

/** What a caller of unmap collects. @see linux 6.1 include/linux/iommu.h iommu_iotlb_gather */
export interface IotlbGather {
  /** Flushes are deferred: no callback per entry. */
  readonly queued: boolean;
}

/**
 * What the driver of the hardware is told to flush. Sizes and granules in bytes. A missing callback is
 * not called.
 * @see linux 6.1 include/linux/io-pgtable.h iommu_flush_ops
 */
export interface TlbCallbacks {
  readonly flushAll?: () => void;
  /** Entries of any level that were cached on the way to `iova`..`iova + size - 1`. */
  readonly flushWalk?: (iova: number, size: number, granule: number) => void;
  /** One entry of `granule` bytes at `iova`. */
  readonly addPage?: (gather: IotlbGather | null, iova: number, granule: number) => void;
}

/** What a page table is made for. @see linux 6.1 include/linux/io-pgtable.h io_pgtable_cfg */
export interface V7sConfig {
  /** Bits of an IOVA, 20..32 (34 with ARM_MTK_EXT). */
  readonly ias: number;
  /** Bits of a physical address, up to 32 (35 with ARM_MTK_EXT). */
  readonly oas: number;
  /** Page sizes the hardware supports; others than the four of the format are dropped. */
  readonly pgsizeBitmap: number;
  /** {@link Quirk} bits. */
  readonly quirks?: number;
  /** Whether table walks see the CPU's caches. Default true. */
  readonly coherentWalk?: boolean;
  readonly tlb?: TlbCallbacks | null;
  /** Bits of the addresses the device can reach; looked at without `coherentWalk` only. */
  readonly deviceMaskBits?: number;
  readonly behaviour?: V7sBehaviour;
  readonly series?: V7sSeries;
  /** Whether the kernel has ZONE_DMA32: chooses DMA32 or DMA for the tables. Default true. */
  readonly zoneDma32?: boolean;
}

/** The registers that the driver writes. Unsigned 32 bits. @see linux 6.1 include/linux/io-pgtable.h arm_v7s_cfg */
export interface V7sRegisters {
  readonly ttbr: number;
  readonly tcr: number;
  readonly prrr: number;
  readonly nmrr: number;
}

/** Whether this kernel makes no page table for that configuration. @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_alloc_pgtable */
export function refusesConfig(config: V7sConfig): boolean {
  const quirks = config.quirks ?? 0;
  const mtk = (quirks & Quirk.ARM_MTK_EXT) !== 0;
  if (config.ias > (mtk ? 34 : 32)) return true;
  if (config.oas > (mtk ? 35 : 32)) return true;
  if ((quirks & ~QUIRKS_KNOWN) !== 0) return true;
  if (mtk && (quirks & Quirk.NO_PERMS) === 0) return true;
  return (quirks & Quirk.ARM_MTK_TTBR_EXT) !== 0 && !mtk;
}

const SERIES: readonly V7sSeries[] = ['4.15', 'none', 'v4', 'merged'];
const BEHAVIOURS: readonly V7sBehaviour[] = ['linux-6.1', 'corrected'];

/** Where none is given the default holds; what is given is an integer, which the kernel may still refuse. */
function checkFrom(field: string, value: number | undefined, low: number): void {
  if (value !== undefined && (!Number.isInteger(value) || value < low))
    throw new OptionError(field, `an integer from ${low}`, value);
}

function checkWord(field: string, value: string | undefined, known: readonly string[]): void {
  if (value !== undefined && !known.includes(value))
    throw new OptionError(field, `one of ${known.join(', ')}`, value);
}

/** @throws OptionError for what is no series. */
export function checkSeries(series: V7sSeries): void {
  if (!SERIES.includes(series)) throw new OptionError('series', `one of ${SERIES.join(', ')}`, series);
}

function checkTlb(tlb: TlbCallbacks | null | undefined): void {
  if (tlb === undefined || tlb === null) return;
  checkObject('tlb', tlb, 'an object with flushAll, flushWalk and addPage, or null');
  for (const name of ['flushAll', 'flushWalk', 'addPage'] as const)
    if (tlb[name] !== undefined) checkFunction(`tlb.${name}`, tlb[name]);
}

/** @throws OptionError for what no kernel could be given. */
export function checkConfig(config: V7sConfig): void {
  checkObject('config', config, 'an object with ias, oas and pgsizeBitmap');
  // Below 20 bits the kernel shifts by a negative number to size its level 1 table.
  for (const field of ['ias', 'oas', 'pgsizeBitmap'] as const)
    if (config[field] === undefined) throw new OptionError(field, 'an integer', undefined);
  checkFrom('ias', config.ias, 20);
  checkFrom('oas', config.oas, 1);
  checkFrom('pgsizeBitmap', config.pgsizeBitmap, 0);
  if (config.quirks !== undefined) checkInteger('quirks', config.quirks, 0, Number.MAX_SAFE_INTEGER);
  checkFrom('deviceMaskBits', config.deviceMaskBits, 1);
  checkWord('series', config.series, SERIES);
  checkWord('behaviour', config.behaviour, BEHAVIOURS);
  for (const field of ['coherentWalk', 'zoneDma32'] as const)
    if (config[field] !== undefined) checkBoolean(field, config[field]);
  checkTlb(config.tlb);
}

/** PRRR: types 1 device, 4 and 7 normal; DS0, DS1, NS1; NOS7. @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_alloc_pgtable */
export const PRRR = 0x800b8204;
/** NMRR: type 7 write-back, write-allocate, inner and outer. */
export const NMRR = 0x40004000;

/**
 * TTBR0 of a level 1 table at `addr`: the shareability and cacheability of walks in bits 6, 5, 4..3, 1, 0, or with
 * ARM_MTK_EXT the address bits from 32 on in bits 2..0.
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_alloc_pgtable
 */
export function ttbrOf(addr: number, mtk: boolean, coherentWalk: boolean): number {
  if (mtk) return (addr | Math.floor(addr / 2 ** 32)) >>> 0;
  return (addr | (coherentWalk ? 0x6a : 0x02)) >>> 0;
}
