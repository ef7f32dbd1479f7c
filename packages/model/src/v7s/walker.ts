/*
 * A translation table walk by the rules of the ARM Architecture Reference Manual (ARMv7-A, B3.5, short-descriptor
 * format): TTBCR.N = 0, TEX remap on (SCTLR.TRE), access flag model on (SCTLR.AFE), domain checks as client. It reads bytes of
 * memory and nothing else, and shares no code with the page table.
 */

/** Reads the 32 bits at a physical address, little-endian; `null` where there is no memory. */
export type ReadWord = (addr: number) => number | null;

/** The registers that an MMU walks with. */
export interface WalkRegisters {
  readonly ttbr0: number;
  readonly prrr: number;
  readonly nmrr: number;
}

/** What the hardware does that is not ARM's. */
export interface WalkOptions {
  /** MediaTek: descriptor bits 9, 4, 5 are address bits 32, 33, 34; TTBR bits 2..0 too; no permissions. */
  readonly mediatek?: boolean;
  /** MediaTek's tables too may lie above 4 GiB. */
  readonly highTables?: boolean;
  /** Hardware that has no permissions: their bits say nothing. MediaTek's has none. */
  readonly noPermissions?: boolean;
  /** Bits of an IOVA: 32, or up to 34 with MediaTek. */
  readonly inputBits?: number;
}

/** What kind of memory a translation leads to. */
export type MemoryType = 'strongly-ordered' | 'device' | 'normal';

/** A successful walk: where it leads and what is allowed. */
export interface Translation {
  readonly pa: number;
  /** Bytes that the entry translates: 4 KiB, 64 KiB, 1 MiB, 16 MiB. */
  readonly size: number;
  readonly privileged: { readonly read: boolean; readonly write: boolean };
  readonly user: { readonly read: boolean; readonly write: boolean };
  readonly executeNever: boolean;
  readonly nonSecure: boolean;
  readonly memory: MemoryType;
  readonly shareable: boolean;
  readonly global: boolean;
}

/** A walk that ends without a translation. */
export type Fault = 'translation' | 'access-flag' | 'external-abort';
/** What a walk found: a translation or a fault. */
export type WalkResult =
  | { readonly ok: true; readonly translation: Translation }
  | { readonly ok: false; readonly fault: Fault; readonly level: 1 | 2 };

const bit = (word: number, n: number): boolean => ((word >>> n) & 1) === 1;
const field = (word: number, high: number, low: number): number =>
  (word >>> low) & ((1 << (high - low + 1)) - 1);

/** Divided and multiplied, not shifted: addresses have up to 35 bits. */
const above = (addr: number, bits: number): number => Math.floor(addr / (1 << bits)) * (1 << bits);
const below = (addr: number, bits: number): number => addr - above(addr, bits);

/** MediaTek's bits 9, 4 and 5 of a descriptor: address bits 32, 33 and 34. */
export function highBits(word: number): number {
  return (Number(bit(word, 9)) + 2 * Number(bit(word, 4)) + 4 * Number(bit(word, 5))) * 2 ** 32;
}

/**
 * Walks the tables for `va`.
 *
 * @example
 * const result = walk((addr) => memory.read32(addr), { ttbr0, prrr, nmrr }, 0x10000000);
 */
export function walk(
  read: ReadWord,
  registers: WalkRegisters,
  va: number,
  options: WalkOptions = {},
): WalkResult {
  const { mediatek = false, highTables = false, inputBits = 32 } = options;
  const index = Math.floor(va / 2 ** 20);
  if (index < 0 || index >= 1 << (inputBits - 20)) return { ok: false, fault: 'translation', level: 1 };
  // The base takes as many bits as the table leaves: 14 for 4096 entries of 4 bytes.
  const tableBits = Math.max(inputBits - 20 + 2, 12);
  const base = above(registers.ttbr0, tableBits) + (mediatek ? field(registers.ttbr0, 2, 0) * 2 ** 32 : 0);
  const first = read(base + index * 4);
  if (first === null) return { ok: false, fault: 'external-abort', level: 1 };
  switch (first & 3) {
    case 1: {
      const table = above(first, 10) + (mediatek && highTables ? highBits(first) : 0);
      const second = read(table + field(va, 19, 12) * 4);
      if (second === null) return { ok: false, fault: 'external-abort', level: 2 };
      if ((second & 3) === 0) return { ok: false, fault: 'translation', level: 2 };
      return done(registers, second, second & 2 ? SMALL : LARGE, va, options, bit(first, 3), 2);
    }
    case 2:
      return done(registers, first, bit(first, 18) ? SUPERSECTION : SECTION, va, options, bit(first, 19), 1);
    default:
      // 0 is a fault; 3 is reserved without the privileged-execute-never extension.
      return { ok: false, fault: 'translation', level: 1 };
  }
}

/** Where the fields of a leaf lie. */
interface Layout {
  readonly bits: number;
  readonly tex: number;
  readonly ap: number;
  readonly ap2: number;
  readonly s: number;
  readonly ng: number;
  readonly xn: number;
}
const SECTION: Layout = { bits: 20, tex: 12, ap: 10, ap2: 15, s: 16, ng: 17, xn: 4 };
const SUPERSECTION: Layout = { ...SECTION, bits: 24 };
const LARGE: Layout = { bits: 16, tex: 12, ap: 4, ap2: 9, s: 10, ng: 11, xn: 15 };
const SMALL: Layout = { bits: 12, tex: 6, ap: 4, ap2: 9, s: 10, ng: 11, xn: 0 };

function done(
  registers: WalkRegisters,
  leaf: number,
  layout: Layout,
  va: number,
  { mediatek = false, noPermissions = mediatek }: WalkOptions,
  nonSecure: boolean,
  level: 1 | 2,
): WalkResult {
  const ap0 = bit(leaf, layout.ap);
  const ap1 = bit(leaf, layout.ap + 1);
  const ap2 = bit(leaf, layout.ap2);
  // AP[0] is the access flag.
  if (!noPermissions && !ap0) return { ok: false, fault: 'access-flag', level };
  const write = noPermissions || !ap2;
  const user = noPermissions || ap1;
  const attribute = memoryType(registers, leaf, layout);
  return {
    ok: true,
    translation: {
      pa: above(leaf >>> 0, layout.bits) + below(va, layout.bits) + (mediatek ? highBits(leaf) : 0),
      size: 1 << layout.bits,
      privileged: { read: true, write },
      user: { read: user, write: user && write },
      executeNever: !noPermissions && bit(leaf, layout.xn),
      nonSecure,
      memory: attribute,
      shareable: attribute !== 'normal' || bit(leaf, layout.s),
      global: !bit(leaf, layout.ng),
    },
  };
}

/** TEX remap: TEX[0], C and B number a field of PRRR. */
function memoryType(registers: WalkRegisters, leaf: number, layout: Layout): MemoryType {
  const n = Number(bit(leaf, layout.tex)) * 4 + field(leaf, 3, 2);
  const types: readonly MemoryType[] = ['strongly-ordered', 'device', 'normal', 'normal'];
  return types[field(registers.prrr, n * 2 + 1, n * 2)]!;
}
