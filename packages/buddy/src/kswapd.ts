import { updateFloors } from './floors.js';
import type { PageAllocator } from './page-allocator.js';
import { ZONE_WORDS, ZoneFlag, ZoneWord } from './zone-state.js';

/**
 * Counts that kswapd would be woken for every zone that the allocation could use. It does not run.
 * @see linux 6.1 mm/page_alloc.c wake_all_kswapds
 */
export function wakeAllKswapds(pages: PageAllocator, highest: number): void {
  for (let i = highest * pages.nrZones, end = i + pages.nrZones; i < end; i++) {
    const zone = pages.zonelists[i]!;
    if (zone === 255) return;
    pages.zoneState[zone * ZONE_WORDS + ZoneWord.kswapdWakeups]!++;
  }
}

/** After a boost the next allocation wakes kswapd. @see linux 6.1 mm/page_alloc.c rmqueue */
export function wakeKswapdIfBoosted(pages: PageAllocator, zone: number): void {
  const { zoneState } = pages;
  const at = zone * ZONE_WORDS;
  if ((zoneState[at + ZoneWord.flags]! & ZoneFlag.boostedWatermark) === 0) return;
  zoneState[at + ZoneWord.flags]! &= ~ZoneFlag.boostedWatermark;
  zoneState[at + ZoneWord.kswapdWakeups]!++;
  updateFloors(pages);
}
