import {
  MigrateType,
  type PageAllocator,
  PcpWord,
  ZONE_WORDS,
  ZoneWord,
  freePagesOf,
  pageblocksByType,
  pcpAt,
} from '@mm/buddy';
import { type Context, type Steps, irqRestore, irqSave, lock, read, unlock } from '@mm/steps/stepped';
import { Watermark } from '@mm/zones';

import { checkParts } from '../check-arguments.js';
import { slabPages } from '../proc/global-counts.js';
import { itemRules, nodeItems, zoneItems } from '../proc/vmstat-items.js';
import type { SysfsParts } from '../sysfs-parts.js';

/**
 * The text of /proc/zoneinfo: every zone, those without pages too.
 *
 * @throws OptionError for what is no part of a machine.
 * @example
 * showZoneinfo(ctx, parts); // 'Node 0, zone      DMA\n  per-node stats\n...'
 * @see linux 6.1 mm/vmstat.c zoneinfo_show_print
 */
export function* showZoneinfo(_ctx: Context, parts: SysfsParts): Steps<string> {
  checkParts(parts);
  const { pages } = parts;
  const { zones } = pages;
  const first = zones.indices().find((zone) => zones.present[zone]! > 0);
  let text = '';
  for (let zone = 0; zone < pages.nrZones; zone++) {
    yield irqSave;
    yield lock(pages.zoneLockCell + zone);
    text += `Node 0, zone ${zones.names[zone]!.padStart(8)}`;
    if (zone === first) text += nodeText(parts);
    yield read(pages.zoneFreeCell + zone);
    text += `${zoneText(pages, zone)}${zones.present[zone] === 0 ? '' : countersText(parts, zone)}\n`;
    yield unlock(pages.zoneLockCell + zone);
    yield irqRestore;
  }
  return text;
}

const labelled = (name: string, value: number): string => `\n      ${name.padEnd(12)} ${value}`;

/** What is counted of the node as a whole; there is neither page cache nor user memory. */
function nodeText(parts: SysfsParts): string {
  const { reclaimable, unreclaimable } = slabPages(parts);
  const counted = new Map([
    ['nr_slab_reclaimable', reclaimable],
    ['nr_slab_unreclaimable', unreclaimable],
  ]);
  const items = nodeItems(itemRules(parts.pages, parts.config));
  return `\n  per-node stats${items.map((name) => labelled(name, counted.get(name) ?? 0)).join('')}`;
}

function zoneText(pages: PageAllocator, zone: number): string {
  const { zones } = pages;
  const boost = zones.watermarkBoost[zone]!;
  const mark = (which: number): number => zones.wmark[zone * 4 + which]! + boost;
  const reserves = zones.lowmemReserve.subarray(zone * zones.count, (zone + 1) * zones.count);
  return (
    `\n  pages free     ${freePagesOf(pages, zone)}` +
    `\n        boost    ${boost}` +
    `\n        min      ${mark(Watermark.min)}` +
    `\n        low      ${mark(Watermark.low)}` +
    `\n        high     ${mark(Watermark.high)}` +
    `\n        spanned  ${zones.spanned[zone]!}` +
    `\n        present  ${zones.present[zone]!}` +
    `\n        managed  ${zones.managed[zone]!}` +
    `\n        cma      ${cmaPages(pages, zone)}` +
    `\n        protection: (${reserves.join(', ')})`
  );
}

/** Pages of the pageblocks that are set apart for CMA. */
const cmaPages = (pages: PageAllocator, zone: number): number =>
  pageblocksByType(pages, zone)[MigrateType.CMA]! << pages.pageblockOrder;

function countersText({ pages, kmem, config }: SysfsParts, zone: number): string {
  const { zones, pcpState, zoneState } = pages;
  const counted = new Map([
    ['nr_free_pages', freePagesOf(pages, zone)],
    ['nr_free_cma', Math.max(0, zoneState[zone * ZONE_WORDS + ZoneWord.freeCma]!)],
  ]);
  const items = zoneItems(itemRules(pages, config));
  let text = items.map((name) => labelled(name, counted.get(name) ?? 0)).join('');
  text += '\n  pagesets';
  for (let cpu = 0; cpu < pages.cpus; cpu++) {
    if (kmem.online[cpu] === 0) continue;
    const at = pcpAt(cpu, zone);
    text +=
      `\n    cpu: ${cpu}` +
      `\n              count: ${pcpState[at + PcpWord.count]!}` +
      `\n              high:  ${pcpState[at + PcpWord.high]!}` +
      `\n              batch: ${pcpState[at + PcpWord.batch]!}` +
      `\n  vm stats threshold: ${pcpState[at + PcpWord.statThreshold]!}`;
  }
  return `${text}\n  node_unreclaimable:  0\n  start_pfn:           ${zones.startPfn[zone]!}`;
}
