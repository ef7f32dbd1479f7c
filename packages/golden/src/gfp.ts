import * as zones from '@mm/zones';
import { z } from 'zod';

import { cacheZonesCase, playCacheZones } from './cache-zones.js';
import { firstDifference } from './first-difference.js';
import { kernelConstants } from './kernel-constants.js';
import type { Mismatch } from './mismatch.js';
import type { Recording } from './read-recording.js';

const ZONE_OF_OPTION: Readonly<Record<string, keyof zones.ZoneConfig>> = {
  CONFIG_ZONE_DMA: 'dma',
  CONFIG_ZONE_DMA32: 'dma32',
  CONFIG_HIGHMEM: 'highmem',
  CONFIG_ZONE_DEVICE: 'device',
};

const zoneRow = z.tuple([z.number().int(), z.string(), z.number()]);

/** The cases of kind `gfp`: of flags, and of the zones that slab caches take their memory from. */
export const gfpCase = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('values'),
    gfp_flags: z.record(z.string(), z.number()),
    slab_flags: z.record(z.string(), z.number()).optional(),
    migratetypes: z.record(z.string(), z.number()).optional(),
    MAX_ORDER: z.number().optional(),
    NR_PCP_LISTS: z.number().optional(),
    PAGE_ALLOC_COSTLY_ORDER: z.number().optional(),
    gfp_zone: z.array(zoneRow),
    gfp_migratetype: z.array(z.tuple([z.number().int(), z.number().nullable()])),
    zone_names: z.array(z.string()),
    MAX_NR_ZONES: z.number(),
    GFP_ZONES_SHIFT: z.number(),
    GFP_ZONE_TABLE: z.number(),
    GFP_ZONE_BAD: z.number(),
  }),
  z.looseObject({
    type: z.literal('zone-table'),
    options: z.array(z.enum(Object.keys(ZONE_OF_OPTION))),
    zones: z.array(z.string()),
    gfp_zone: z.array(zoneRow),
    MAX_NR_ZONES: z.number(),
    GFP_ZONES_SHIFT: z.number(),
    GFP_ZONE_TABLE: z.number(),
    GFP_ZONE_BAD: z.number(),
  }),
  cacheZonesCase,
]);

const kernelName = (name: string): string => `ZONE_${name.toUpperCase()}`;

function tables(
  config: zones.ZoneConfig,
  rows: readonly (readonly [number, string, number])[],
): Record<string, unknown> {
  const table = zones.gfpZoneTable(config);
  const zoneNames = zones.zoneNamesOf(config);
  // The running kernel answered with the names it prints, the computed tables with those of its enumeration.
  const names = rows.some(([, name]) => name.startsWith('ZONE_')) ? zoneNames.map(kernelName) : zoneNames;
  return {
    GFP_ZONES_SHIFT: table.shift,
    GFP_ZONE_TABLE: Number(table.table),
    GFP_ZONE_BAD: table.bad,
    gfp_zone: rows.map(([bits]) => [
      bits,
      names[zones.gfpZone(table, bits)],
      zones.isBadGfpZone(bits) ? 1 : 0,
    ]),
    zones: names,
    zone_names: names,
    MAX_NR_ZONES: names.length,
  };
}

/**
 * Plays a case that speaks of flags. Input: the configured zones and the masks asked about. Expectation: values of GFP flags,
 * of flags of caches and of migrate types, the largest orders, tables, zones. What `struct page` takes is not simulated.
 */
export function playGfpCase(recording: Recording, index: number): Mismatch | null {
  const recorded = gfpCase.parse(recording.cases[index]);
  if (recorded.type === 'cache-zones') return playCacheZones(recorded);
  if (recorded.type === 'zone-table') {
    const config = Object.fromEntries(
      Object.entries(ZONE_OF_OPTION).map(([option, key]) => [key, recorded.options.includes(option)]),
    ) as unknown as zones.ZoneConfig;
    const { gfp_zone, GFP_ZONES_SHIFT, GFP_ZONE_TABLE, GFP_ZONE_BAD, MAX_NR_ZONES } = recorded;
    const expected = {
      zones: recorded.zones,
      MAX_NR_ZONES,
      GFP_ZONES_SHIFT,
      GFP_ZONE_TABLE,
      GFP_ZONE_BAD,
      gfp_zone,
    };
    return firstDifference('', expected, tables(config, gfp_zone));
  }
  if (recorded.type !== 'values') return null;
  const built = recording.source.config;
  const config = {
    dma: built['ZONE_DMA'] === 1,
    dma32: built['ZONE_DMA32'] === 1,
    highmem: built['HIGHMEM'] === 1,
  };
  const { gfp_zone, GFP_ZONES_SHIFT, GFP_ZONE_TABLE, GFP_ZONE_BAD, MAX_NR_ZONES, zone_names } = recorded;
  const shape = { GFP_ZONES_SHIFT, GFP_ZONE_TABLE, GFP_ZONE_BAD, MAX_NR_ZONES, zone_names, gfp_zone };
  const { expected, actual } = kernelConstants(recorded);
  return (
    firstDifference('', expected, actual) ??
    firstDifference('', shape, tables(config, gfp_zone)) ??
    firstDifference(
      'gfp_migratetype',
      recorded.gfp_migratetype,
      recorded.gfp_migratetype.map(([gfp]) => [gfp, zones.gfpMigratetype(gfp)]),
    )
  );
}
