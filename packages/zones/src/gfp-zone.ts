import { OptionError, checkFlags } from '@mm/printk';

import { GFP_ZONEMASK, __GFP_DMA, __GFP_DMA32, __GFP_HIGHMEM, __GFP_MOVABLE } from './gfp.js';
import { type ZoneConfig, type ZoneName, zoneNamesOf } from './zone-types.js';

/** The three tables that decide the zone of an allocation, as the kernel computes them at compile time. */
export interface GfpZoneTable {
  /** Bits of a zone number in `table`. */
  readonly shift: number;
  /** Zone number of each combination, `shift` bits each. Wider than 32 bits with many zones. */
  readonly table: bigint;
  /** Bit n is set when the combination n of zone modifiers is refused. */
  readonly bad: number;
  /** Zone index for each of the 16 combinations; a bad one reads as index 0, as the table's zeros do. */
  readonly zones: Uint8Array;
}

/** At most one of DMA, DMA32 and HIGHMEM; MOVABLE may join any. */
const isBad = (bits: number): boolean => {
  const address = bits & (__GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32);
  return (address & (address - 1)) !== 0;
};

/** What a good combination asks for, before what is not configured falls back to Normal. */
const wanted = (bits: number): ZoneName => {
  if ((bits & __GFP_DMA) !== 0) return 'DMA';
  if ((bits & __GFP_DMA32) !== 0) return 'DMA32';
  if ((bits & __GFP_HIGHMEM) === 0) return 'Normal';
  return (bits & __GFP_MOVABLE) !== 0 ? 'Movable' : 'HighMem';
};

/**
 * The tables for a configuration.
 *
 * Up to two zones take 1 bit, up to four 2, more 3. ZONE_DEVICE is never asked for: with it, up to five
 * zones take 2.
 * @throws OptionError naming a field that is not true or false.
 * @example
 * gfpZoneTable({ dma: true, dma32: true, highmem: false }).shift; // 2 bits a zone
 * @see linux 6.1 include/linux/gfp.h GFP_ZONE_TABLE, include/linux/page-flags-layout.h ZONES_SHIFT
 */
export function gfpZoneTable(config: ZoneConfig): GfpZoneTable {
  const names = zoneNamesOf(config);
  const shift = config.device === true && names.length <= 5 ? 2 : Math.ceil(Math.log2(names.length));
  const zones = new Uint8Array(GFP_ZONEMASK + 1);
  let table = 0n;
  let bad = 0;
  for (let bits = 0; bits <= GFP_ZONEMASK; bits++) {
    if (isBad(bits)) {
      bad |= 1 << bits;
      continue;
    }
    const index = names.indexOf(wanted(bits));
    const zone = index === -1 ? names.indexOf('Normal') : index;
    zones[bits] = zone;
    table |= BigInt(zone) << BigInt(bits * shift);
  }
  return { shift, table, bad, zones };
}

/**
 * The index of the highest zone that an allocation with these flags may use.
 * A bad combination answers 0, the lowest zone, as a kernel without debug checks does.
 *
 * @throws OptionError for what is no table, and flags that are not an integer of 32 bits.
 * @example
 * const table = gfpZoneTable({ dma: true, dma32: true, highmem: false });
 * gfpZone(table, __GFP_DMA32); // 1
 * @see linux 6.1 include/linux/gfp.h gfp_zone
 */
export function gfpZone(table: GfpZoneTable, gfp: number): number {
  const zones: unknown = table?.zones;
  if (!(zones instanceof Uint8Array) || zones.length !== GFP_ZONEMASK + 1)
    throw new OptionError('table', 'what gfpZoneTable() returned', table);
  return zones[checkFlags('gfp', gfp) & GFP_ZONEMASK]!;
}

/**
 * Whether the zone modifiers contradict each other: `VM_BUG_ON` in a debug kernel.
 * @throws OptionError when `gfp` is not an integer of 32 bits.
 * @example
 * isBadGfpZone(__GFP_DMA | __GFP_DMA32); // true
 */
export function isBadGfpZone(gfp: number): boolean {
  return isBad(checkFlags('gfp', gfp) & GFP_ZONEMASK);
}
