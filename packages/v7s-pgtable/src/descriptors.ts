import { Prot, Quirk } from './config.js';

/*
 * Bits of a descriptor, as signed 32-bit words. Level 1 covers 1 MiB an entry, level 2 covers 4 KiB.
 *
 * | bits  | table (L1)  | section (L1)        | supersection (L1) | large page (L2) | small page (L2) |
 * | ----- | ----------- | ------------------- | ----------------- | --------------- | --------------- |
 * | 31..  | base, to 10 | base, to 20         | base, to 24       | base, to 16     | base, to 12     |
 * | 19    | base        | NS                  | NS                | base            | base            |
 * | 18    | base        | 0                   | 1                 | base            | base            |
 * | 17,16 | base        | nG, S               | nG, S             | base            | base            |
 * | 15    | base        | AP2                 | AP2               | XN              | base            |
 * | 14..12| base        | TEX                 | TEX               | TEX             | base            |
 * | 11..9 | base, PA32  | AP1, AP0, PA32      | same              | nG, S, AP2/PA32 | same            |
 * | 8..6  | domain      | domain              | domain            | 0               | TEX             |
 * | 5, 4  | PA34, PA33  | PA34, XN/PA33       | same              | AP1, AP0        | AP1, AP0        |
 * | 3, 2  | NS, 0       | C, B                | C, B              | C, B            | C, B            |
 * | 1, 0  | 01          | 10                  | 10                | 01              | 1, XN           |
 *
 * PA32..PA34 are MediaTek's physical address bits; with them there are no permissions and no XN.
 */
export const TYPE_TABLE = 1;
export const NS_TABLE = 1 << 3;
export const CONT_SECTION = 1 << 18;
const TYPE_PAGE = 2;
const TYPE_CONT_PAGE = 1;
const NS_SECTION = 1 << 19;
const ATTR_B = 1 << 2;
const ATTR_C = 1 << 3;
// The attribute bits before they are moved to their level's place: 10 bits up at level 1, 4 at level 2.
const AP0 = 1 << 0;
const AP1 = 1 << 1;
const TEX_0 = 1 << 2;
const TEX_ALL = 7 << 2;
const AP2 = 1 << 5;
const SHARED = 1 << 6;
const NOT_GLOBAL = 1 << 7;

/** Entries of a contiguous group: a supersection or a large page. */
export const CONT_ENTRIES = 16;
/** Entries of a level 2 table. */
export const L2_ENTRIES = 256;
/** Bytes of a level 2 table, and its alignment. */
export const L2_BYTES = 1024;

export const SIZE_4K = 0x1000;
export const SIZE_1M = 0x100000;

const attrShift = (level: number): number => 16 - level * 6;
const xnBit = (level: number): number => 1 << (4 * (2 - level));

/**
 * The bits of an entry for `prot`, without address, for one entry of its own.
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_prot_to_pte
 */
export function protToEntry(prot: number, level: number, quirks: number): number {
  const permissions = (quirks & Quirk.NO_PERMS) === 0;
  let attr = NOT_GLOBAL | SHARED;
  if ((prot & Prot.MMIO) === 0) attr |= TEX_0;
  if (permissions) {
    attr |= AP0;
    if ((prot & Prot.PRIV) === 0) attr |= AP1;
    if ((prot & Prot.WRITE) === 0) attr |= AP2;
  }
  let entry = attr << attrShift(level);
  if ((prot & Prot.NOEXEC) !== 0 && permissions) entry |= xnBit(level);
  if ((prot & Prot.MMIO) !== 0) entry |= ATTR_B;
  else if ((prot & Prot.CACHE) !== 0) entry |= ATTR_B | ATTR_C;
  entry |= TYPE_PAGE;
  if (level === 1 && (quirks & Quirk.ARM_NS) !== 0) entry |= NS_SECTION;
  return entry;
}

/**
 * The `prot` that an entry stands for; always with READ.
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_pte_to_prot
 */
export function entryToProt(entry: number, level: number): number {
  const attr = entry >>> attrShift(level);
  let prot: number = Prot.READ;
  if ((attr & AP2) === 0) prot |= Prot.WRITE;
  if ((attr & AP1) === 0) prot |= Prot.PRIV;
  if ((attr & TEX_ALL) === 0) prot |= Prot.MMIO;
  else if ((entry & ATTR_C) !== 0) prot |= Prot.CACHE;
  if ((entry & xnBit(level)) !== 0) prot |= Prot.NOEXEC;
  return prot;
}

/**
 * An entry as one of a contiguous group. At level 2 XN and TEX move up to bits 15 and 14..12.
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_pte_to_cont
 */
export function entryToCont(entry: number, level: number): number {
  if (level === 1) return entry | CONT_SECTION;
  const xn = entry & 1;
  const tex = entry & (7 << 6);
  return (entry ^ (xn | tex | TYPE_PAGE)) | (xn << 15) | (tex << 6) | TYPE_CONT_PAGE;
}

/**
 * An entry of a contiguous group as an entry of its own.
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_cont_to_pte
 */
export function contToEntry(entry: number, level: number): number {
  if (level === 1) return entry & ~CONT_SECTION;
  const xn = entry & (1 << 15);
  const tex = entry & (7 << 12);
  return (entry ^ (xn | tex | TYPE_CONT_PAGE)) | (xn >>> 15) | (tex >>> 6) | TYPE_PAGE;
}

/** Whether an entry is one of a contiguous group. @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c arm_v7s_pte_is_cont */
export function isCont(entry: number, level: number): boolean {
  if (level === 1) return (entry & 3) !== TYPE_TABLE && (entry & CONT_SECTION) !== 0;
  return (entry & TYPE_PAGE) === 0;
}

/**
 * MediaTek's bits for address bits 32..34.
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c to_mtk_iopte
 */
export function mtkBits(addr: number): number {
  const high = Math.floor(addr / 2 ** 32);
  return ((high & 1) << 9) | ((high & 2) << 3) | ((high & 4) << 3);
}

/** Address bits 32..34 of an entry with MediaTek's bits, as a number 0..7. */
export const mtkHigh = (entry: number): number =>
  ((entry >>> 9) & 1) | ((entry >>> 3) & 2) | ((entry >>> 3) & 4);
