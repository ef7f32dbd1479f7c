import {
  GenPoolTableSource,
  PageFragTableSource,
  PageTableSource,
  Quirk,
  SlabTableSource,
  type TableSource,
  freePgtable,
  tableGfp,
} from '@iommu/v7s-pgtable';
import { PcpWord, freePagesOf, pcpAt } from '@mm/buddy';
import { GenPool } from '@mm/genalloc';
import type { Machine } from '@mm/machine';
import { ModelViolation } from '@mm/model';
import { Errno } from '@mm/printk';

import { type Check, hold } from './check.js';
import { GFP, V7sBench, anyPage } from './v7s-bench.js';
import { SmallTable } from './v7s-scenarios.js';

const MiB = 0x100000;

/** Free pages of all zones. */
const freePages = ({ machine }: V7sBench): number =>
  machine.zones.indices().reduce((sum, zone) => {
    let free = freePagesOf(machine.pages, zone);
    for (let cpu = 0; cpu < machine.cpus; cpu++) {
      const at = pcpAt(cpu, zone);
      free += machine.pages.pcpState[at + PcpWord.count]! + machine.pages.pcpState[at + PcpWord.freeDiff]!;
    }
    return sum + free;
  }, 0);

/** The live bugs of Linux 6.1, each by its shortest program. Under "corrected" all hold. */
function liveBugs(behaviour: 'linux-6.1' | 'corrected'): Readonly<Record<string, Check>> {
  return {
    [`v7s: split of a section, ${behaviour}`]() {
      const bench = new V7sBench({ behaviour });
      bench.map(0, 0x80000000, MiB);
      bench.unmap(0, 0x1000);
      hold('an unmap leaves the rest as it was', bench.translate(0x5000), 0x80005000);
    },
    [`v7s: unmap within a supersection, ${behaviour}`]() {
      const bench = new V7sBench({ behaviour });
      bench.map(0, 0x80000000, 16 * MiB);
      const gone = bench.unmap(5 * MiB, 0x1000);
      hold('an unmap takes away all that is mapped', gone, 0x1000);
      hold('an unmap reports no more than went away', bench.translate(5 * MiB), null);
    },
    [`v7s: a section over small pages, ${behaviour}`]() {
      const bench = new V7sBench({ behaviour });
      bench.map(0x3000, 0x90000000, 0x1000);
      hold('a map over something mapped is refused', bench.map(0, 0x80000000, MiB), -Errno.EEXIST);
      hold('a map that fails takes nothing away', bench.translate(0x3000), 0x90000000);
    },
  };
}

/** Of page tables, beside random programs. */
export const V7S_CHECKS: Readonly<Record<string, Check>> = {
  ...liveBugs('linux-6.1'),
  ...liveBugs('corrected'),

  'v7s: tables of a pool'() {
    const bench = new V7sBench(
      { ramBytes: '4G' },
      ({ pages }) => new GenPoolTableSource(pages, new GenPool(10), 4),
    );
    for (let i = 0; i < 4; i++)
      hold('a map does not fail while memory below 4 GiB is free', bench.map(i * MiB, 0x80000000, 0x1000), 0);
  },

  'v7s: tables that do not fit are given back once'() {
    const bench = new V7sBench({ ramBytes: '4G', strict: true }, anyPage);
    const before = freePages(bench);
    hold('a table that does not fit is refused', bench.map(0, 0x80000000, 0x1000), -Errno.ENOMEM);
    hold('a failed map keeps no page', freePages(bench), before);
  },

  'v7s: no memory for a table'() {
    const bench = new V7sBench();
    while (bench.machine.allocPages(GFP, 0) !== null);
    const answers = new Set<number>();
    for (let i = 0; i < 64; i++) answers.add(bench.map(i * MiB, 0x80000000, 0x1000));
    for (const answer of answers)
      if (answer !== 0 && answer !== -Errno.ENOMEM)
        throw new ModelViolation('a map without memory answers -ENOMEM', `${answer}`);
    hold('memory runs out', answers.has(-Errno.ENOMEM), true);
    for (let i = 63; answers.has(-Errno.ENOMEM) && i > 40; i--)
      hold('a map that fails leaves nothing behind', bench.translate(i * MiB), null);
  },

  'v7s: what was unmapped can be mapped again'() {
    for (const size of [0x1000, 0x10000, MiB, 16 * MiB]) {
      const bench = new V7sBench();
      // Another page keeps the table.
      bench.map(32 * MiB + 0x20000, 0x80000000, 0x1000);
      for (let round = 0; round < 3; round++) {
        hold(
          'a map of what is free succeeds',
          bench.map(32 * MiB * (size < MiB ? 1 : 2), 0x80000000, size),
          0,
        );
        hold(
          'an unmap takes away all that is mapped',
          bench.unmap(32 * MiB * (size < MiB ? 1 : 2), size),
          size,
        );
      }
    }
  },

  'v7s: an unmap over the end of a table'() {
    const small = new SmallTable();
    // The tables of section 0 and of section 5 lie one behind the other.
    small.map(0xff000, 0x1000);
    small.map(5 * MiB, 0x1000, 4);
    hold('an unmap reports no more than went away', small.unmap(0xff000, 0x1000, 3), 0x1000);
    small.check([5 * MiB, 5 * MiB + 0x1000], [0xff000, MiB], 2);
  },

  'v7s: a section unmapped over a full table'() {
    const small = new SmallTable();
    small.map(0, 0x1000, 256);
    hold('an unmap takes away all that is mapped', small.unmap(0, MiB), MiB);
    small.check([], [0, 0x5000], 0);
  },

  'v7s: a map over the 4 GiB line'() {
    for (const size of [0x1000, 0x10000]) {
      const bench = new V7sBench({ oas: 34, quirks: Quirk.NO_PERMS | Quirk.ARM_MTK_EXT });
      const pa = 2 ** 32 - 2 * size;
      bench.map(0, pa, size, 4);
      for (let at = 0; at < 4 * size; at += size)
        hold('a translation leads where the map says', bench.translate(at), pa + at);
    }
  },

  'v7s: what a page table asks for'() {
    for (const series of ['none', 'v4', 'merged'] as const)
      for (const zoneDma32 of [true, false]) {
        const { l1, slabFlags } = tableGfp(series, 0, zoneDma32);
        const wanted = series !== 'none' && zoneDma32 ? [4, 0x8000] : [1, 0x4000];
        hold('a page table is made for the zone that the series says', [l1, slabFlags].join(), wanted.join());
      }
  },

  'v7s: a new table maps nothing'() {
    for (const source of ['slab', 'page-frag', 'page', 'genalloc'] as const) newTableIsEmpty(source);
  },
};

/** A page table that was freed as it was leaves its entries in memory, of which the next one is made. */
function newTableIsEmpty(kind: 'slab' | 'page-frag' | 'page' | 'genalloc'): void {
  const first = new V7sBench({}, sourceOf(kind));
  for (let i = 0; i < 70; i++) first.map(i * MiB, 0x80000000 + i * MiB, 0x1000, 256);
  freePgtable(first.ctx, first.table);
  const second = new V7sBench({}, sourceOf(kind), first.machine);
  for (let i = 0; i < 70; i++) {
    hold('a map of what is free succeeds', second.map(i * MiB + 0x7000, 0x80000000, 0x1000), 0);
    for (let page = 8; page < 256; page += 31)
      hold('a new table maps nothing', second.translate(i * MiB + page * 0x1000), null);
  }
  freePgtable(second.ctx, second.table);
}

function sourceOf(kind: 'slab' | 'page-frag' | 'page' | 'genalloc'): (machine: Machine) => TableSource {
  return (machine) => {
    const { pages, cells, kmem } = machine;
    if (kind === 'slab') return new SlabTableSource(kmem, 0x8000);
    if (kind === 'page') return new PageTableSource(pages, 4);
    if (kind === 'page-frag') return new PageFragTableSource(pages, cells, 4);
    return new GenPoolTableSource(pages, new GenPool(10), 4);
  };
}
