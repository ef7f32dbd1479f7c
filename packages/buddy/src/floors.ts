import { AllocFlag } from './alloc-flags.js';
import { checkAllocator } from './check-arguments.js';
import { PLAN_PCP } from './allocation-plan.js';
import type { PageAllocator } from './page-allocator.js';
import { STATE_FLOORS, ZONE_WORDS, ZoneWord } from './zone-state.js';

/** The floor of a plan for which only the full check can tell. */
export const NO_FLOOR = 0x7fffffff;

// Local constants: imported ones are read from their module each time.
const NONE = NO_FLOOR;
const PCP = PLAN_PCP;
const FLOORS = STATE_FLOORS;
const ZONE_SHIFT = 3;
const HIGHATOMIC = ZoneWord.reservedHighatomic;
const FREE_CMA = ZoneWord.freeCma;
const FLAGS = ZoneWord.flags;
const LOW: number = AllocFlag.wmarkLow;
const MAY_CMA = AllocFlag.cma << 8;

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
 * It is {@link floorOf} for every plan, written out: a write to a sysctl waits for it, and 32 calls take twice as long.
 *
 * @throws OptionError for what is no PageAllocator.
 * @example
 * zones.wmark[1] = 500;
 * updateFloors(pages);
 */
export function updateFloors(pages: PageAllocator): void {
  const { state, zoneState, nrZones } = checkAllocator(pages);
  const { wmark, watermarkBoost, lowmemReserve } = pages.zones;
  const failing = pages.faults !== null;
  for (let bits = 0; bits < 32; bits++) {
    const plan = state[bits]!;
    let floor = NONE;
    // Where allocations are to fail, each must be looked at.
    if (plan >= PCP && !failing) {
      const zone = plan & 7;
      const at = zone << ZONE_SHIFT;
      const looked =
        zoneState[at | FLAGS] !== 0 || (zoneState[at | FREE_CMA] !== 0 && (plan & MAY_CMA) === 0);
      const reserve = lowmemReserve[zone * nrZones + ((plan >> 3) & 7)]!;
      const sum = wmark[zone * 4 + LOW]! + watermarkBoost[zone]! + reserve + zoneState[at | HIGHATOMIC]!;
      if (!looked && sum < NONE) floor = sum;
    }
    state[FLOORS | bits] = floor;
  }
}
