import { OptionError, checkObject } from '@mm/printk';

import { type PfnSpan, checkRam, clipSpans, countPages } from './memory-map.js';
import { type MovableOptions, findMovableStart } from './movable-zone.js';
import type { ZonePreset } from './presets.js';
import { type ZoneName, zoneNamesOf } from './zone-types.js';

/**
 * Where a zone lies. An empty zone has zeros.
 *
 *   spanned = present + holes;   present = managed + what boot keeps
 */
export interface ZoneBounds {
  readonly name: ZoneName;
  readonly startPfn: number;
  readonly spannedPages: number;
  readonly presentPages: number;
  /**
   * Of ZONE_MOVABLE: it is taken from high memory, perhaps the whole of it. By default, whether ZONE_HIGHMEM spans any.
   * @see linux 6.1 mm/page_alloc.c find_usable_zone_for_movable
   */
  readonly fromHighmem?: boolean;
}

/** The fields of a {@link ZonePreset} that decide where zones lie. */
export type ZoneLimits = Pick<ZonePreset, 'config' | 'dmaEnd' | 'dma32End' | 'lowmemEnd'>;

const pfnOf = (bytes: number): number => (bytes === Infinity ? Infinity : Math.floor(bytes / 4096));

/**
 * The zones of a machine with one node, lowest first.
 *
 * @param spans RAM, ascending.
 * @throws OptionError naming what is no span, no limit of a zone or no amount of movable memory.
 * @example
 * layOutZones([{ startPfn: 0x40000, endPfn: 0x140000 }], PRESETS['arm64-2018']);
 * @see linux 6.1 mm/page_alloc.c free_area_init, zone_spanned_pages_in_node
 */
export function layOutZones(
  spans: readonly PfnSpan[],
  limits: ZoneLimits,
  movable: MovableOptions = {},
): ZoneBounds[] {
  const first = checkRam(spans)[0]!.startPfn;
  checkLimits(limits);
  const last = spans.at(-1)!.endPfn;
  const names = zoneNamesOf(limits.config);
  const ends: Partial<Record<ZoneName, number>> = {
    DMA: pfnOf(limits.dmaEnd),
    DMA32: pfnOf(limits.dma32End),
    Normal: pfnOf(limits.lowmemEnd),
    HighMem: Infinity,
  };
  let low = first;
  const possible = names.map((name) => {
    const start = low;
    low = Math.max(low, Math.min(last, ends[name] ?? low));
    return { name, start, end: low };
  });
  const highest = possible.findLast((zone) => zone.end > zone.start)!;
  const movableStart = findMovableStart(spans, highest.start, movable);
  return possible.map(({ name, start, end }) => {
    if (name === 'Movable')
      return {
        ...bounds(name, spans, movableStart === 0 ? last : movableStart, last),
        fromHighmem: highest.name === 'HighMem',
      };
    // Memory above the start of ZONE_MOVABLE belongs to it.
    return bounds(name, spans, start, movableStart === 0 ? end : Math.min(end, movableStart));
  });
}

/** @throws OptionError naming a limit that is no number of bytes. */
function checkLimits(limits: ZoneLimits): void {
  checkObject('limits', limits, 'an object with config, dmaEnd, dma32End and lowmemEnd');
  for (const field of ['dmaEnd', 'dma32End', 'lowmemEnd'] as const)
    if (typeof limits[field] !== 'number' || !(limits[field] >= 0))
      throw new OptionError(`limits.${field}`, 'bytes from 0, or Infinity', limits[field]);
}

function bounds(name: ZoneName, spans: readonly PfnSpan[], start: number, end: number): ZoneBounds {
  if (end <= start) return { name, startPfn: 0, spannedPages: 0, presentPages: 0 };
  return {
    name,
    startPfn: start,
    spannedPages: end - start,
    presentPages: countPages(clipSpans(spans, start, end)),
  };
}
