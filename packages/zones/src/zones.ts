import { OptionError, checkArray, checkBoolean, checkInteger, checkObject } from '@mm/printk';

import { type GfpZoneTable, gfpZoneTable } from './gfp-zone.js';
import type { ZoneBounds } from './lay-out-zones.js';
import { type ZoneConfig, ZONE_NAMES, type ZoneName, zoneConfigOf } from './zone-types.js';

/** CPUs of a machine, at most. */
export const CPUS_MAX = 256;
/** Pages of a zone, at most: they are counted by int32. */
export const PAGES_MAX: number = 2 ** 31 - 1;

/** Index of a watermark within `wmark[zone * 4 + ...]`. @see linux 6.1 include/linux/mmzone.h enum zone_watermarks */
export const Watermark = { min: 0, low: 1, high: 2, promo: 3 } as const;

/** A zone as it lies in memory, with the pages that boot gave to the page allocator. */
export interface ZoneSpec extends ZoneBounds {
  /** Pages that the page allocator manages, 0..presentPages. */
  readonly managedPages: number;
}

/**
 * The zones of a machine with one node, as arrays by zone index, lowest zone first.
 *
 *   0 ≤ managed ≤ present ≤ spanned
 *   min ≤ low ≤ high ≤ promo;   reserve[z][h] = Σ managed(z+1..h) / ratio[z]
 *
 * Amounts are pages of 4096 bytes.
 * @example
 * machine.zones.managed[machine.zones.indexOf('Normal')];
 */
export class Zones {
  readonly count: number;
  readonly names: readonly ZoneName[];
  readonly config: ZoneConfig;
  /** Which zone a gfp mask asks for. */
  readonly gfpTable: GfpZoneTable;
  readonly startPfn: Int32Array;
  readonly spanned: Int32Array;
  readonly present: Int32Array;
  readonly managed: Int32Array;
  /** `wmark`, `watermarkBoost` and `lowmemReserve` one after the other: every allocation reads all three. */
  readonly words: Int32Array;
  /** `zone * 4 + {min, low, high, promo}`, without the boost. */
  readonly wmark: Int32Array;
  /** Pages added to every watermark for a while, after a mixed pageblock. */
  readonly watermarkBoost: Int32Array;
  /** `zone * count + highest zone of the caller`: pages such a caller may not take here. */
  readonly lowmemReserve: Int32Array;
  /** Pages a CPU's lists may hold before they are given back. */
  readonly pcpHigh: Int32Array;
  /** Pages moved at once between a CPU's lists and the free lists. */
  readonly pcpBatch: Int32Array;
  /** How far a CPU's counter may run before it is folded. */
  readonly statThreshold: Int32Array;
  /** Below so many free pages the counters are summed exactly; 0 = never. */
  readonly driftMark: Int32Array;
  /** 1: the kernel must map the zone's pages before it can touch them. See {@link isHighmem}. */
  readonly highmem: Uint8Array;
  /** Whether ZONE_MOVABLE is taken from high memory. */
  readonly movableIsHighmem: boolean;
  /** CPUs that are online, which share the limits of per-cpu lists: 1..256. */
  cpusOnline = 1;
  /** percpu_pagelist_high_fraction; 0: the limits follow from the low watermark. */
  highFraction = 0;
  /** Zones that have managed pages, in fallback order: highest first. */
  readonly zonelist: Int32Array;

  /** @throws OptionError when a zone's numbers contradict each other. */
  constructor(specs: readonly ZoneSpec[]) {
    for (const [i, spec] of checkArray('specs', specs, 'zones').entries()) checkSpec(spec, i);
    this.count = specs.length;
    this.names = specs.map((spec) => spec.name);
    this.config = zoneConfigOf(this.names);
    this.gfpTable = gfpZoneTable(this.config);
    this.startPfn = new Int32Array(specs.map((spec) => spec.startPfn));
    this.spanned = new Int32Array(specs.map((spec) => spec.spannedPages));
    this.present = new Int32Array(specs.map((spec) => spec.presentPages));
    this.managed = new Int32Array(specs.map((spec) => spec.managedPages));
    const n = this.count;
    this.words = new Int32Array(n * 5 + n * n);
    this.wmark = this.words.subarray(0, n * 4);
    this.watermarkBoost = this.words.subarray(n * 4, n * 5);
    this.lowmemReserve = this.words.subarray(n * 5);
    this.pcpHigh = new Int32Array(this.count);
    this.pcpBatch = new Int32Array(this.count);
    this.statThreshold = new Int32Array(this.count);
    this.driftMark = new Int32Array(this.count);
    this.movableIsHighmem =
      specs.find((spec) => spec.name === 'Movable')?.fromHighmem ??
      specs.some((spec) => spec.name === 'HighMem' && spec.spannedPages > 0);
    this.highmem = new Uint8Array(n);
    for (const [z, name] of this.names.entries())
      if (name === 'HighMem' || (name === 'Movable' && this.movableIsHighmem)) this.highmem[z] = 1;
    const populated = this.indices().filter((z) => this.managed[z]! > 0);
    this.zonelist = new Int32Array(populated.toReversed());
  }

  /** 0..count-1. */
  indices(): number[] {
    return this.names.map((_, z) => z);
  }

  /** The index of a zone by name, -1 when it is not configured. */
  indexOf(name: ZoneName): number {
    return this.names.indexOf(name);
  }

  /** The zone whose span holds `pfn`, or -1, as for all that is no page frame. Holes inside a span count as inside. */
  zoneOfPfn(pfn: number): number {
    if (typeof pfn !== 'number') return -1;
    for (let z = 0; z < this.count; z++) {
      const offset = pfn - this.startPfn[z]!;
      if (offset >= 0 && offset < this.spanned[z]!) return z;
    }
    return -1;
  }

  /**
   * Whether the kernel must map the zone's pages before it can touch them.
   * @throws OptionError when `zone` is no index of a zone.
   * @see linux 6.1 include/linux/mmzone.h is_highmem_idx
   */
  isHighmem(zone: number): boolean {
    checkInteger('zone', zone, 0, this.count - 1);
    return this.highmem[zone] === 1;
  }

  /**
   * Zone indices for a caller that may use `highest` and below, in fallback order; 255 ends each list early.
   * At `highest * count`.
   */
  zonelists(): Uint8Array {
    const lists = new Uint8Array(this.count * this.count).fill(255);
    for (let highest = 0; highest < this.count; highest++) {
      let at = highest * this.count;
      for (const z of this.zonelist) if (z <= highest) lists[at++] = z;
    }
    return lists;
  }
}

function checkSpec(spec: ZoneSpec, i: number): void {
  const { name, startPfn, spannedPages, presentPages, managedPages, fromHighmem } = checkObject(
    `specs[${i}]`,
    spec,
    'a zone',
  );
  if (!ZONE_NAMES.includes(name))
    throw new OptionError(`specs[${i}].name`, `one of ${ZONE_NAMES.join(', ')}`, name);
  const check = (field: string, value: number, max: number): void => {
    if (!Number.isInteger(value) || value < 0 || value > max)
      throw new OptionError(`zones.${name}.${field}`, `an integer of 0 to ${max}`, value);
  };
  if (fromHighmem !== undefined) checkBoolean(`specs[${i}].fromHighmem`, fromHighmem);
  check('startPfn', startPfn, 2 ** 31 - 1);
  check('spannedPages', spannedPages, 2 ** 31 - 1 - startPfn);
  check('presentPages', presentPages, spannedPages);
  check('managedPages', managedPages, presentPages);
}
