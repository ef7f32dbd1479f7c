import { ZONE_WORDS, ZoneWord } from '@mm/buddy';
import { Context } from '@mm/steps';
import { type SysfsParts, showBuddyinfo, showMeminfo, showPagetypeinfo, showZoneinfo } from '@mm/sysfs';

import type { Mismatch } from '../mismatch.js';
import { compareText } from './compare-text.js';
import {
  type SizedMachine,
  buddyinfoBlocks,
  emptyParts,
  loadBlockTypes,
  loadCounters,
  loadFreeBlocks,
  loadSlabPages,
  pagetypeinfoBlocks,
} from './loaded-parts.js';
import { MEMINFO_UNDETERMINED, ZONEINFO_UNDETERMINED } from './undetermined.js';

/** Texts that a kernel printed, each a sample of its own moment. */
export interface ProcTexts {
  readonly zoneinfo: string;
  readonly buddyinfo: string;
  readonly pagetypeinfo: string;
  readonly meminfo?: string;
}

/** The kernel was built with larger blocks than are modelled here. */
const hasLargerOrders = (pagetypeinfo: string): boolean =>
  /migrate type at order.* 11 $/mu.test(pagetypeinfo);

/**
 * Brings a machine into the state that each text shows, as far as it has such a state: free blocks, pageblock types, free
 * pages, lengths of per-cpu lists, pages of slabs. Everything else must then be printed as the kernel did.
 */
export function compareProcTexts(machine: SizedMachine, texts: ProcTexts): Mismatch | null {
  const ctx = new Context(0);
  const listed = (text: string, show: (parts: SysfsParts) => string, path: string): Mismatch | null => {
    if (hasLargerOrders(texts.pagetypeinfo)) return null;
    const parts = emptyParts(machine);
    loadFreeBlocks(parts, path === 'buddyinfo' ? buddyinfoBlocks(text) : pagetypeinfoBlocks(text));
    loadBlockTypes(parts, texts.pagetypeinfo);
    return compareText(path, text, show(parts));
  };
  return (
    compareZoneinfo(machine, texts) ??
    listed(texts.buddyinfo, ({ pages }) => showBuddyinfo(ctx, pages), 'buddyinfo') ??
    listed(
      texts.pagetypeinfo,
      ({ pages }) => showPagetypeinfo(ctx, pages, machine.config.sparsemem),
      'pagetypeinfo',
    ) ??
    (texts.meminfo === undefined ? null : compareMeminfo(machine, texts.meminfo, texts.pagetypeinfo))
  );
}

/** A number of a line, 0 where there is none. */
const numberOf = (text: string, name: string): number =>
  Number(new RegExp(`^ *${name}:? +(\\d+)`, 'mu').exec(text)?.[1] ?? 0);

function compareZoneinfo(machine: SizedMachine, { zoneinfo, pagetypeinfo }: ProcTexts): Mismatch | null {
  const parts = emptyParts(machine);
  loadBlockTypes(parts, pagetypeinfo);
  loadCounters(parts, zoneinfo);
  loadSlabPages(
    parts,
    numberOf(zoneinfo, 'nr_slab_reclaimable'),
    numberOf(zoneinfo, 'nr_slab_unreclaimable'),
  );
  return compareText('zoneinfo', zoneinfo, showZoneinfo(new Context(0), parts), ZONEINFO_UNDETERMINED);
}

function compareMeminfo(machine: SizedMachine, meminfo: string, pagetypeinfo: string): Mismatch | null {
  const parts = emptyParts(machine);
  const { pages } = parts;
  loadBlockTypes(parts, pagetypeinfo);
  const kb = (name: string): number => numberOf(meminfo, name) / 4;
  loadSlabPages(parts, kb('SReclaimable'), kb('SUnreclaim'));
  const high = pages.zones.indexOf('HighMem');
  if (high !== -1) pages.zoneState[high * ZONE_WORDS + ZoneWord.free] = kb('HighFree');
  pages.zoneState[ZoneWord.free] = kb('MemFree') - (high === -1 ? 0 : kb('HighFree'));
  pages.zoneState[ZoneWord.freeCma] = kb('CmaFree');
  return compareText('meminfo', meminfo, showMeminfo(new Context(0), parts), MEMINFO_UNDETERMINED);
}
