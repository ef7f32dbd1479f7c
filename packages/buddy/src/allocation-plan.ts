import { AllocFlag } from './alloc-flags.js';
import { MigrateType } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';

/**
 * What of an allocation follows from the lowest five bits of its gfp mask.
 *
 * | bits  | meaning                                                              |
 * | ----- | -------------------------------------------------------------------- |
 * | 0..2  | the first zone to try                                                |
 * | 3..5  | the highest zone that may be used                                    |
 * | 6..7  | migrate type                                                         |
 * | 8..19 | AllocFlag bits of the first attempt, but for kswapd                   |
 * | 20    | orders 0..3 may come from per-cpu lists                               |
 *
 * -1: no zone to try.
 */
export const PLAN_PCP: number = 1 << 20;
const NO_ZONE = 255;

/**
 * Fills in the plans.
 * @see linux 6.1 mm/page_alloc.c prepare_alloc_pages, alloc_flags_nofragment
 */
export function makePlans(pages: PageAllocator): void {
  for (let bits = 0; bits < 32; bits++) {
    const highest = pages.gfpZones[bits & 15]!;
    const zone = pages.zonelists[highest * pages.nrZones]!;
    const type = pages.groupByMobilityDisabled ? MigrateType.UNMOVABLE : bits >> 3;
    let flags: number = AllocFlag.wmarkLow;
    if (type === MigrateType.MOVABLE) flags |= pages.cmaFlag;
    if (zone === pages.nofragmentZone) flags |= AllocFlag.noFragment;
    const pcp = type === MigrateType.HIGHATOMIC ? 0 : PLAN_PCP;
    pages.state[bits] = zone === NO_ZONE ? -1 : zone | (highest << 3) | (type << 6) | (flags << 8) | pcp;
  }
}
