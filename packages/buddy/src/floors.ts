import { AllocFlag } from './alloc-flags.js';
import { checkAllocator } from './check-arguments.js';
import { PLAN_PCP } from './allocation-plan.js';
import type { PageAllocator } from './page-allocator.js';
import { STATE_FLOORS, ZONE_WORDS, ZoneWord } from './zone-state.js';

/** The floor of a plan for which only the full check can tell. */
export const NO_FLOOR = 0x7fffffff;

/**
 * With more free pages than this in its first zone, a single page may be taken from the per-cpu lists without a
 * further look: the low watermark holds, nothing is kept apart for others, and nobody is to be woken.
 *
 *   floor = low watermark + boost + reserve against the caller's highest zone + high-atomic reserve
 * @see linux 6.1 mm/page_alloc.c zone_watermark_fast
 */
export function floorOf(pages: PageAllocator, plan: number): number {
  // Where allocations are to fail, each must be looked at.
  if (plan < PLAN_PCP || pages.faults !== null) return NO_FLOOR;
  const { zones, zoneState } = pages;
  const zone = plan & 7;
  const at = zone * ZONE_WORDS;
  const mayCma = (plan & (AllocFlag.cma << 8)) !== 0;
  if (zoneState[at + ZoneWord.flags] !== 0) return NO_FLOOR;
  if (zoneState[at + ZoneWord.freeCma] !== 0 && !mayCma) return NO_FLOOR;
  const reserve = zones.lowmemReserve[zone * pages.nrZones + ((plan >> 3) & 7)]!;
  const low = zones.wmark[zone * 4 + AllocFlag.wmarkLow]! + zones.watermarkBoost[zone]!;
  return Math.min(low + reserve + zoneState[at + ZoneWord.reservedHighatomic]!, NO_FLOOR);
}

/**
 * Works the floors out anew. Due whenever a watermark, a boost, a reserve, a zone's flags or whether there are
 * free CMA pages has changed; all of that is rare, and allocations are not. {@link applySizes} does it, and all
 * operations of this package do; only who writes these numbers by hand has to.
 *
 * @throws OptionError for what is no PageAllocator.
 * @example
 * zones.wmark[1] = 500;
 * updateFloors(pages);
 */
export function updateFloors(pages: PageAllocator): void {
  checkAllocator(pages);
  for (let bits = 0; bits < 32; bits++) pages.state[STATE_FLOORS + bits] = floorOf(pages, pages.state[bits]!);
}
