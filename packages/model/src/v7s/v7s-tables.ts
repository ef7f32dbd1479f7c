import {
  GenPoolTableSource,
  PageTableSource,
  SlabTableSource,
  type TableSource,
  type V7sPgtable,
  tableGfp,
} from '@iommu/v7s-pgtable';
import { PcpWord, ZONE_WORDS, ZoneWord, pcpAt } from '@mm/buddy';
import { GenPool } from '@mm/genalloc';
import type { Machine } from '@mm/machine';
import { OptionError } from '@mm/printk';
import { SlabCache, walkSlab } from '@mm/slab';
import { walkSlub } from '@mm/slub';

import { TABLES_NAMES, type TablesName } from '../subsystem.js';

const POOL_GRANULE_ORDER = 10;

/** A source of level 2 tables by name, in the zone that the machine's series asks for. @throws OptionError */
export function tableSource(machine: Machine, name: TablesName): TableSource {
  const gfp = tableGfp(machine.series, 0, machine.preset.config.dma32);
  const zoneGfp = machine.preset.config.dma32 ? 4 : 1;
  switch (name) {
    case 'slab':
      return new SlabTableSource(machine.kmem, gfp.slabFlags);
    case 'page':
      return new PageTableSource(machine.pages, zoneGfp);
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

/** Tables that a source has given out, as its own structures tell; what contradicts itself in them is `wrong`. */
export function liveTables(
  machine: Machine,
  { source }: V7sPgtable,
  pagesBefore: number,
  held: readonly number[],
): { live: number; wrong: readonly string[] } {
  switch (source.kind) {
    case 'slab':
      return source.cache instanceof SlabCache ? walkSlab(source.cache) : walkSlub(source.cache);
    case 'genalloc':
      return { live: (source.pool.size() - source.pool.avail()) / 1024, wrong: [] };
    default:
      return { live: otherPages(machine, held) - pagesBefore, wrong: [] };
  }
}
