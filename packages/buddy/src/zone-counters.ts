import { checkAllocator, checkZone } from './check-arguments.js';
import { updateFloors } from './floors.js';
import { MigrateType } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { PcpWord, ZONE_WORDS, ZoneWord, pcpAt } from './zone-state.js';

// Local constants: imported ones are read from their module each time.
const THRESHOLD = PcpWord.statThreshold;
const FREE = ZoneWord.free;
const FREE_DIFF = PcpWord.freeDiff;
const ZONE_SHIFT = 3;
const CMA = MigrateType.CMA;

/**
 * Adds `delta` to a zone counter by way of this CPU's part of it: the part is folded into the global
 * counter when it grows beyond the CPU's threshold.
 *
 *   true value = global + Σ over CPUs of their parts
 * @see linux 6.1 mm/vmstat.c __mod_zone_page_state
 */
function modZonePageState(
  pages: PageAllocator,
  cpu: number,
  zone: number,
  globalWord: number,
  partWord: number,
  delta: number,
): void {
  const { pcpState, zoneState } = pages;
  const at = pcpAt(cpu, zone);
  const mine = at | partWord;
  const part = (pcpState[mine]! + delta) | 0;
  const threshold = pcpState[at | THRESHOLD]! | 0;
  if (part > threshold || part < -threshold) {
    const all = (zone << ZONE_SHIFT) | globalWord;
    zoneState[all] = (zoneState[all]! + part) | 0;
    pcpState[mine] = 0;
  } else pcpState[mine] = part;
}

/** Counts free pages of a zone. @see linux 6.1 mm/page_alloc.c __mod_zone_page_state */
export function modFreePages(pages: PageAllocator, cpu: number, zone: number, delta: number): void {
  modZonePageState(pages, cpu, zone, FREE, FREE_DIFF, delta);
}

/** Counts free pages of CMA blocks. */
export function modFreeCmaPages(pages: PageAllocator, cpu: number, zone: number, delta: number): void {
  const at = zone * ZONE_WORDS + ZoneWord.freeCma;
  const before = pages.zoneState[at]!;
  modZonePageState(pages, cpu, zone, ZoneWord.freeCma, PcpWord.freeCmaDiff, delta);
  if ((before === 0) !== (pages.zoneState[at] === 0)) updateFloors(pages);
}

/** Counts free pages of a type. @see linux 6.1 include/linux/vmstat.h __mod_zone_freepage_state */
export function modFreepageState(
  pages: PageAllocator,
  cpu: number,
  zone: number,
  delta: number,
  type: number,
): void {
  modFreePages(pages, cpu, zone, delta);
  if (type === CMA) modFreeCmaPages(pages, cpu, zone, delta);
}

/**
 * Free pages of a zone as the allocator's checks read them: the global counter alone, from 0.
 *
 * @throws OptionError for what is no PageAllocator or no zone of it.
 * @example
 * freePagesOf(pages, 0); // what NR_FREE_PAGES of /proc/zoneinfo may lag behind by the CPUs' parts
 * @see linux 6.1 include/linux/vmstat.h zone_page_state
 */
export function freePagesOf(pages: PageAllocator, zone: number): number {
  checkZone(pages, zone);
  const free = pages.zoneState[zone * ZONE_WORDS + ZoneWord.free]!;
  return free < 0 ? 0 : free;
}

/**
 * Folds every CPU's part of the counters of all zones into the global ones.
 *
 * @throws OptionError for what is no PageAllocator.
 * @example
 * foldZoneCounters(pages); // now freePagesOf() is exact
 * @see linux 6.1 mm/vmstat.c refresh_cpu_vm_stats
 */
export function foldZoneCounters(pages: PageAllocator): void {
  const { nrZones } = checkAllocator(pages);
  for (let cpu = 0; cpu < pages.cpus; cpu++)
    for (let zone = 0; zone < nrZones; zone++) foldCountersOf(pages, cpu, zone);
  updateFloors(pages);
}

/** Folds a CPU's part of a zone's counters into the global ones; not yet into the floors. @see linux 6.1 mm/vmstat.c cpu_vm_stats_fold */
export function foldCountersOf({ pcpState, zoneState }: PageAllocator, cpu: number, zone: number): void {
  const at = pcpAt(cpu, zone);
  zoneState[zone * ZONE_WORDS + ZoneWord.free]! += pcpState[at + PcpWord.freeDiff]!;
  zoneState[zone * ZONE_WORDS + ZoneWord.freeCma]! += pcpState[at + PcpWord.freeCmaDiff]!;
  pcpState[at + PcpWord.freeDiff] = 0;
  pcpState[at + PcpWord.freeCmaDiff] = 0;
}
