import { checkAllocator, checkZone } from './check-arguments.js';
import { updateFloors } from './floors.js';
import { MigrateType } from './migrate-types.js';
import type { PageAllocator } from './page-allocator.js';
import { PcpWord, ZONE_WORDS, ZoneWord, pcpAt } from './zone-state.js';

const CMA = MigrateType.CMA;

/**
 * Counts free pages of a zone by way of this CPU's part of the counter, which is folded into the global one when it grows beyond
 * the CPU's threshold.
 *
 *   true value = global + Σ over CPUs of their parts
 *
 * `(cpu << 6) | (zone << 3) | 5` is the word freeDiff and the one before it statThreshold, `zone << 3` is the word free: this is
 * compiled into frees of blocks, where there is room for 920 bytecodes of what they call.
 * @see linux 6.1 mm/vmstat.c __mod_zone_page_state
 */
export function modFreePages(pages: PageAllocator, cpu: number, zone: number, delta: number): void {
  const { pcpState } = pages;
  const mine = (cpu << 6) | (zone << 3) | 5;
  let part = pcpState[mine]! + delta;
  const threshold = pcpState[mine - 1]!;
  if (part > threshold || part < -threshold) {
    pages.zoneState[zone << 3]! += part;
    part = 0;
  }
  pcpState[mine] = part;
}

/** Counts free pages of CMA blocks in the same way. */
export function modFreeCmaPages(pages: PageAllocator, cpu: number, zone: number, delta: number): void {
  const { pcpState, zoneState } = pages;
  const at = pcpAt(cpu, zone);
  const part = pcpState[at + PcpWord.freeCmaDiff]! + delta;
  const folds = Math.abs(part) > pcpState[at + PcpWord.statThreshold]!;
  pcpState[at + PcpWord.freeCmaDiff] = folds ? 0 : part;
  if (!folds) return;
  const word = zone * ZONE_WORDS + ZoneWord.freeCma;
  const before = zoneState[word]!;
  zoneState[word] = before + part;
  if ((before === 0) !== (zoneState[word] === 0)) updateFloors(pages);
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
