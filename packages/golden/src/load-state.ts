import {
  MIGRATE_PCPTYPES,
  PageAllocator,
  PcpWord,
  ZONE_WORDS,
  ZoneWord,
  insertFreeTail,
  insertPcpTail,
  setBlockType,
  pcpAt,
  resetFreeLists,
  updateFloors,
} from '@mm/buddy';
import { PageFlag } from '@mm/memory';
import { OptionError, checkInstance, checkText } from '@mm/printk';

import { checkBuddyState } from './load-state-checks.js';
import { type BuddyState, type BuddyZoneState, expandPfns } from './load-state-schema.js';

/** Recorded zone flags and ours have the same numbers. @see linux 6.1 include/linux/mmzone.h zone_flags */
const ZONE_FLAGS = 7;

/**
 * Brings a page allocator into a recorded state: free lists and per-cpu lists in their exact order,
 * pageblocks, movable pages, counters, watermarks. Pages that the state does not account for are held:
 * used by somebody unknown, for ever. Whatever the allocator held before is forgotten.
 *
 * @param pages an allocator whose zones have the names, spans and order of the state's.
 * @param state as a recording's `before`, or taken from a real machine in that form.
 * @throws OptionError naming the field that does not fit; nothing has changed then.
 * @example
 * loadState(machine.pages, recording.cases[0].before);
 */
export function loadState(pages: PageAllocator, state: unknown, name = 'state'): void {
  checkInstance('pages', pages, PageAllocator);
  checkText('name', name);
  const checked = checkBuddyState(state, pages.pageblockOrder, name);
  checkFits(pages, checked, name);
  resetFreeLists(pages);
  for (const [zoneName, zoneState] of Object.entries(checked)) {
    const zone = (pages.zones.names as readonly string[]).indexOf(zoneName);
    loadBlockTypes(pages, zoneState);
    loadLists(pages, zone, zoneState);
    loadFields(pages, zone, zoneState);
    loadMovable(pages, zoneState);
  }
  updateFloors(pages);
}

function checkFits(pages: PageAllocator, state: BuddyState, name: string): void {
  const { zones } = pages;
  for (const [zoneName, { zone }] of Object.entries(state)) {
    const index = (zones.names as readonly string[]).indexOf(zoneName);
    if (index < 0)
      throw new OptionError(`${name}.${zoneName}`, `a zone of ${zones.names.join(', ')}`, zoneName);
    if (zone.start_pfn !== zones.startPfn[index])
      throw new OptionError(`${name}.${zoneName}.zone.start_pfn`, `${zones.startPfn[index]}`, zone.start_pfn);
    if (zone.spanned !== zones.spanned[index])
      throw new OptionError(`${name}.${zoneName}.zone.spanned`, `${zones.spanned[index]}`, zone.spanned);
    if (zone.pcp.length > pages.cpus)
      throw new OptionError(`${name}.${zoneName}.zone.pcp`, `at most ${pages.cpus} CPUs`, zone.pcp.length);
    if (zone.lowmem_reserve.length !== pages.nrZones)
      throw new OptionError(
        `${name}.${zoneName}.zone.lowmem_reserve`,
        `${pages.nrZones} numbers, one for each zone`,
        zone.lowmem_reserve,
      );
  }
}

function loadBlockTypes(pages: PageAllocator, { zone, pageblocks }: BuddyZoneState): void {
  let at = zone.start_pfn >> pages.pageblockOrder;
  for (const [type, run] of pageblocks) {
    // -1 stands for pageblocks without memory; their type is never read.
    for (const end = at + run; at < end; at++)
      if (type >= 0) setBlockType(pages, at << pages.pageblockOrder, type);
  }
}

function loadLists(pages: PageAllocator, zone: number, state: BuddyZoneState): void {
  for (const [order, type, items] of state.free)
    for (const pfn of expandPfns(items)) insertFreeTail(pages, zone, pfn, order, type);
  const odd = new Map(state.pcp_odd);
  for (const [index, items] of state.pcp_lists)
    for (const pfn of expandPfns(items))
      insertPcpTail(pages, 0, zone, pfn, index, odd.get(pfn) ?? index % MIGRATE_PCPTYPES);
}

function loadFields(pages: PageAllocator, zone: number, { zone: fields }: BuddyZoneState): void {
  const { zones, zoneState, pcpState, nrZones } = pages;
  zones.present[zone] = fields.present;
  zones.managed[zone] = fields.managed;
  zones.wmark.set(fields.wmark, zone * 4);
  zones.watermarkBoost[zone] = fields.boost;
  zones.lowmemReserve.set(fields.lowmem_reserve, zone * nrZones);
  zones.pcpHigh[zone] = fields.pcp_high;
  zones.pcpBatch[zone] = fields.pcp_batch;
  const at = zone * ZONE_WORDS;
  zoneState[at + ZoneWord.free] = fields.nr_free;
  zoneState[at + ZoneWord.reservedHighatomic] = fields.highatomic;
  zoneState[at + ZoneWord.flags] = fields.flags & ZONE_FLAGS;
  fields.pcp.forEach((cpu, i) => {
    const pcp = pcpAt(i, zone);
    pcpState[pcp + PcpWord.high] = cpu.high;
    pcpState[pcp + PcpWord.batch] = cpu.batch;
    pcpState[pcp + PcpWord.freeFactor] = cpu.free_factor;
    pcpState[pcp + PcpWord.statThreshold] = cpu.stat_threshold;
    pcpState[pcp + PcpWord.freeDiff] = cpu.free_diff;
  });
}

function loadMovable(pages: PageAllocator, state: BuddyZoneState): void {
  const { frames } = pages;
  for (const [first, count] of state.lru_runs ?? [])
    for (let pfn = first; pfn < first + count; pfn++) frames.flags[frames.slotOf(pfn)]! |= PageFlag.lru;
}
