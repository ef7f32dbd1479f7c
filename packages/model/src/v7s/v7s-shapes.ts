import { Quirk } from '@iommu/v7s-pgtable';
import { OptionError } from '@mm/printk';

import type { WorldOptions } from '../subsystem.js';

/** What a page table is made for, beside where its tables come from. */
export interface V7sShape {
  /** Bits of an IOVA. */
  readonly ias: number;
  /** Bits of a physical address. */
  readonly oas: number;
  readonly pgsizeBitmap: number;
  /** `Quirk` bits. */
  readonly quirks: number;
}

const ALL = 0x1111000;
const MTK = Quirk.NO_PERMS | Quirk.ARM_MTK_EXT;

/** The shapes that seeds choose from: each quirk, each part of the page sizes that a driver could ask for, narrow and wide addresses. */
export const V7S_SHAPES: readonly V7sShape[] = [
  { ias: 32, oas: 32, pgsizeBitmap: ALL, quirks: 0 },
  { ias: 32, oas: 32, pgsizeBitmap: 0x101000, quirks: 0 },
  { ias: 30, oas: 31, pgsizeBitmap: ALL, quirks: Quirk.ARM_NS },
  { ias: 32, oas: 32, pgsizeBitmap: 0x11000, quirks: Quirk.NO_PERMS },
  { ias: 27, oas: 32, pgsizeBitmap: 0x1100000, quirks: Quirk.ARM_NS | Quirk.NO_PERMS },
  { ias: 32, oas: 32, pgsizeBitmap: 0x1110000, quirks: 0 },
  { ias: 34, oas: 35, pgsizeBitmap: ALL, quirks: MTK },
  { ias: 33, oas: 34, pgsizeBitmap: ALL, quirks: MTK | Quirk.ARM_MTK_TTBR_EXT },
];

/** The shapes before MediaTek's extensions, which the kernels of 4.15 and just before the series do not know. */
const PLAIN_SHAPES = V7S_SHAPES.filter(({ quirks }) => (quirks & Quirk.ARM_MTK_EXT) === 0).length;

/** The shape that a world's options ask for; by default the first. @throws OptionError */
export function shapeOf({ shape = 0 }: WorldOptions): V7sShape {
  const found = V7S_SHAPES[shape];
  if (found === undefined)
    throw new OptionError('shape', `an integer of 0 to ${V7S_SHAPES.length - 1}`, shape);
  return found;
}

/** Options with a shape that the seed chooses. Its lowest bit is left out: that chooses between sequence and interleaving. */
export function withShape(options: WorldOptions, seed: number): WorldOptions {
  if (options.shape !== undefined) return options;
  const old = options.series === '4.15' || options.series === 'none';
  return { ...options, shape: (seed >>> 1) % (old ? PLAIN_SHAPES : V7S_SHAPES.length) };
}

const QUIRK_NAMES = Object.entries(Quirk);

/** A shape in words. */
export function describeShape(options: WorldOptions): string {
  const { ias, oas, pgsizeBitmap, quirks } = shapeOf(options);
  const names = QUIRK_NAMES.flatMap(([name, bit]) => ((quirks & bit) === 0 ? [] : [name]));
  const sizes = [4, 64, 1024, 16_384].filter((kib) => (pgsizeBitmap & (kib * 1024)) !== 0);
  return `page table: IOVAs of ${ias} bits, addresses of ${oas}, pages of ${sizes.join(', ')} KiB${names.length === 0 ? '' : `, ${names.join(', ')}`}`;
}
