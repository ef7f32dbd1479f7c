import {
  GenPoolTableSource,
  PageFragTableSource,
  PageTableSource,
  Quirk,
  SlabTableSource,
  type TableSource,
  type V7sPgtable,
  tableGfp,
} from '@iommu/v7s-pgtable';
import { PcpWord, ZONE_WORDS, ZoneWord, pcpAt } from '@mm/buddy';
import { GenPool } from '@mm/genalloc';
import type { Machine } from '@mm/machine';
import { type PageFrames, orderOfFlags } from '@mm/memory';
import type { PageFragCache } from '@mm/page-frag';
import { OptionError } from '@mm/printk';
import { SlabCache, walkSlab } from '@mm/slab';
import { headSlotOf, walkSlub } from '@mm/slub';

import { TABLES_NAMES, type TablesName } from '../subsystem.js';
import { highBits } from './walker.js';

const POOL_GRANULE_ORDER = 10;

/** A source of level 2 tables by name, in the zone that the machine's series asks for. @throws OptionError */
export function tableSource(machine: Machine, name: TablesName, quirks: number): TableSource {
  const { dma32 } = machine.preset.config;
  const gfp = tableGfp(machine.series, quirks, dma32);
  const anywhere = (quirks & Quirk.ARM_MTK_TTBR_EXT) !== 0;
  const zoneGfp = anywhere ? 0 : dma32 ? 4 : 1;
  switch (name) {
    case 'slab':
      return new SlabTableSource(machine.kmem, gfp.slabFlags);
    case 'page':
      return new PageTableSource(machine.pages, zoneGfp);
    case 'page-frag':
      return new PageFragTableSource(machine.pages, machine.cells, zoneGfp);
    case 'genalloc':
      return new GenPoolTableSource(machine.pages, new GenPool(POOL_GRANULE_ORDER), zoneGfp);
    default:
      throw new OptionError('tables', `one of ${TABLES_NAMES.join(', ')}`, name);
  }
}

/** Pages that neither lists nor the model of blocks know of. */
export function otherPages({ zones, pages }: Machine, held: readonly number[]): number {
  let other = 0;
  for (let zone = 0; zone < zones.count; zone++) {
    other += zones.managed[zone]! - held[zone]! - pages.zoneState[zone * ZONE_WORDS + ZoneWord.free]!;
    for (let cpu = 0; cpu < pages.cpus; cpu++) {
      const at = pcpAt(cpu, zone);
      other -= pages.pcpState[at + PcpWord.count]! + pages.pcpState[at + PcpWord.freeDiff]!;
    }
  }
  return other;
}

/** Addresses of the level 2 tables that the level 1 table refers to, in its order. */
export function tablesInUse({ memory }: Machine, { l1Addr, l1Entries, ttbrExt }: V7sPgtable): number[] {
  const tables: number[] = [];
  for (let entry = 0; entry < l1Entries; entry++) {
    const word = memory.read32(l1Addr + entry * 4);
    if ((word & 3) === 1) tables.push(Math.floor(word / 1024) * 1024 + (ttbrExt ? highBits(word) : 0));
  }
  return tables;
}

/** The blocks of pages that tables were cut from, and the one that is being cut: slots of their first frames. */
function fragmentBlocks(frames: PageFrames, cache: PageFragCache, used: readonly number[]): Set<number> {
  const blocks = new Set(used.map((address) => headSlotOf(frames, Math.floor(address / 4096))));
  if (cache.pfn >= 0) blocks.add(frames.slotOf(cache.pfn));
  return blocks;
}

/** Frames of the pages or blocks that tables in use take, where the source takes them for tables alone. */
export function tableFrames(
  { frames }: Machine,
  { source }: V7sPgtable,
  used: readonly number[],
): Set<number> {
  if (source.kind === 'page-frag') return fragmentBlocks(frames, source.cache, used);
  if (source.kind === 'page')
    return new Set(used.map((address) => frames.slotOf(Math.floor(address / 4096))));
  return new Set();
}

/** A block's references are the fragments cut from it, and what the cache holds of the one that it cuts now. */
function liveFragments(
  { frames }: Machine,
  cache: PageFragCache,
  used: readonly number[],
  pagesOut: number,
): { live: number; wrong: readonly string[] } {
  let live = cache.pfn < 0 ? 0 : -cache.pagecntBias;
  let pages = 0;
  for (const slot of fragmentBlocks(frames, cache, used)) {
    live += frames.refcount[slot]!;
    pages += 2 ** orderOfFlags(frames.flags[slot]!);
  }
  return {
    live,
    wrong: pages === pagesOut ? [] : [`${pagesOut} pages are out, ${pages} of them hold tables`],
  };
}

/** Tables that a source has given out, as its own structures tell; what contradicts itself in them is `wrong`. */
export function liveTables(
  machine: Machine,
  table: V7sPgtable,
  used: readonly number[],
  pagesBefore: number,
  held: readonly number[],
): { live: number; wrong: readonly string[] } {
  const { source } = table;
  switch (source.kind) {
    case 'slab':
      return source.cache instanceof SlabCache ? walkSlab(source.cache) : walkSlub(source.cache);
    case 'genalloc':
      return { live: (source.pool.size() - source.pool.avail()) / 1024, wrong: [] };
    case 'page-frag':
      return liveFragments(machine, source.cache, used, otherPages(machine, held) - pagesBefore);
    default:
      return { live: otherPages(machine, held) - pagesBefore, wrong: [] };
  }
}
