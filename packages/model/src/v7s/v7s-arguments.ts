import type { Op } from '../subsystem.js';
import { WINDOW } from './v7s-world.js';

const SIZES = [0x1000, 0x10000, 0x100000, 0x1000000] as const;
const ODD_SIZES = [0x400, 0x2000, 0x8000, 0x40000, 0x200000] as const;

/** A range of a map or an unmap. Pages count from the start of the window. */
export interface RangeArguments {
  readonly size: number;
  readonly count: number;
  readonly iova: number;
  readonly pa: number;
  readonly write: boolean;
  readonly first: number;
  readonly last: number;
}

/** The range that an operation's numbers stand for; small pages are most frequent. */
export function rangeOf(op: Op): RangeArguments {
  const size = SIZES[[0, 0, 0, 1, 1, 2, 2, 3][op.a % 8]!]!;
  const count = 1 + ((op.a >>> 3) % (size >= 0x100000 ? 2 : 20));
  const iova = WINDOW.start + Math.floor((((op.a >>> 8) % WINDOW.pages) * 0x1000) / size) * size;
  const pa = Math.floor((((op.b >>> 2) % 0x1000) * 0x100000 + (op.b % 256) * 0x1000) / size) * size;
  const first = (iova - WINDOW.start) / 0x1000;
  return { size, count, iova, pa, write: (op.b & 1) === 1, first, last: first + (size * count) / 0x1000 - 1 };
}

/** A page size that the format does not have. */
export const oddSizeOf = (op: Op): number => ODD_SIZES[op.b % ODD_SIZES.length]!;

/** An address that is no IOVA of 32 bits; its lower 32 bits lie in the window. */
export const farAddressOf = (op: Op): number => 2 ** 32 + WINDOW.start + (op.a % WINDOW.pages) * 0x1000;
