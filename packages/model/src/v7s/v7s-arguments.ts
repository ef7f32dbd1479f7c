import { Prot } from '@iommu/v7s-pgtable';

import type { Op } from '../subsystem.js';
import type { V7sShape } from './v7s-shapes.js';

/** IOVAs that programs use: the last 64 MiB of the space, so that ranges meet and run over its end. */
export const WINDOW_PAGES = 2 ** 14;

/** The first of these IOVAs. */
export const windowStart = ({ ias }: V7sShape): number => 2 ** ias - WINDOW_PAGES * 0x1000;

const SIZES = [0x1000, 0x10000, 0x100000, 0x1000000] as const;
const ODD_SIZES = [0x400, 0x2000, 0x8000, 0x40000, 0x200000] as const;

/** A range of a map or an unmap. Pages count from the start of the window. */
export interface RangeArguments {
  readonly size: number;
  readonly count: number;
  readonly iova: number;
  readonly pa: number;
  /** `Prot` bits. */
  readonly prot: number;
  readonly first: number;
  readonly last: number;
}

/** Reading always; the other rights by bits that choose nothing else. */
function protOf({ a, b }: Op): number {
  const chosen = (bit: number, prot: number): number => ((a >>> bit) & 1 ? prot : 0);
  const kind =
    chosen(22, Prot.CACHE) | chosen(23, Prot.NOEXEC) | chosen(24, Prot.MMIO) | chosen(25, Prot.PRIV);
  return Prot.READ | (b & 1 ? Prot.WRITE : 0) | kind;
}

/** The range that an operation's numbers stand for; small pages are most frequent. */
export function rangeOf(op: Op, shape: V7sShape): RangeArguments {
  const start = windowStart(shape);
  const size = SIZES[[0, 0, 0, 1, 1, 2, 2, 3][op.a % 8]!]!;
  const count = 1 + ((op.a >>> 3) % (size >= 0x100000 ? 2 : 20));
  const iova = start + Math.floor((((op.a >>> 8) % WINDOW_PAGES) * 0x1000) / size) * size;
  const sections = 2 ** (shape.oas - 20);
  const pa = Math.floor((((op.b >>> 2) % sections) * 0x100000 + (op.b % 256) * 0x1000) / size) * size;
  const first = (iova - start) / 0x1000;
  return { size, count, iova, pa, prot: protOf(op), first, last: first + (size * count) / 0x1000 - 1 };
}

/** A page size that the format does not have. */
export const oddSizeOf = (op: Op): number => ODD_SIZES[op.b % ODD_SIZES.length]!;

/** An address that is no IOVA; its lower bits lie in the window. */
export const farAddressOf = (op: Op, shape: V7sShape): number =>
  2 ** shape.ias + windowStart(shape) + (op.a % WINDOW_PAGES) * 0x1000;
